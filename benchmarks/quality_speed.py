"""What judging one text costs: rules, spam, language, confidence and verdict, on one core, beside plain langdetect."""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from benchmarks.quality_store import Written, texts
from pake_pipelines.config.loading import load_quality
from pake_pipelines.config.quality import QualityConfig
from pake_pipelines.model.document import Linguistics
from pake_pipelines.pipeline.confidence import Evidence, judge
from pake_pipelines.pipeline.signals import find_signals
from pake_pipelines.quality.verdict import decide
from pake_pipelines.settings import PACKAGE_HOME
from pake_pipelines.store.documents import StoredDocument
from pake_pipelines.text.language import detect_language
from pake_pipelines.text.linguistics import load_pipeline, measure_all
from pake_pipelines.text.structure import measure_structure

_NOW: Final = datetime(2026, 3, 1, tzinfo=UTC)
_PUBLISHED: Final = _NOW - timedelta(days=10)


def speed(documents: int, rounds: int) -> dict[str, float]:
    """Return documents a second of CPU time, medians of `rounds` that alternate, each on texts it has not seen.

    `judging` is given what the documents stage measures once for each text (words, sentences, readability);
    `judging_and_measuring` measures it, too.
    """
    rules, pipeline = load_quality(PACKAGE_HOME / "configs"), load_pipeline("none installed")
    found: dict[str, list[float]] = defaultdict(list)
    for number in range(-1, rounds):
        some = texts(documents if number >= 0 else 20, seed=number)
        some_texts = [one.text for one in some]
        measured = list(measure_all(some_texts, pipeline))
        few = some[: max(50, documents // 10)]
        ways: dict[str, tuple[Sequence[Written], Callable[[Sequence[Written]], None]]] = {
            "judging": (some, lambda given, held=measured: _judge_all(given, rules, held)),
            "judging_and_measuring": (
                some,
                lambda given, said=some_texts: _judge_all(given, rules, measure_all(said, pipeline)),
            ),
            "language": (some, lambda given: _languages(given, rules)),
            "spam_and_patterns": (some, lambda given: _signals(given, rules)),
            "langdetect_full_text": (few, _langdetect),
        }
        for name, (given, way) in ways.items():
            started = time.process_time()
            way(given)
            if number >= 0:  # the first round loads and warms up
                found[name].append(len(given) / (time.process_time() - started))
    return {name: statistics.median(rates) for name, rates in found.items()}


def _languages(some: Sequence[Written], rules: QualityConfig) -> None:
    for one in some:
        detect_language(one.text, rules.language)


def _signals(some: Sequence[Written], rules: QualityConfig) -> None:
    for one in some:
        find_signals(one.title, one.text, (), rules)


def _judge_all(some: Sequence[Written], rules: QualityConfig, measures: Iterable[Linguistics]) -> None:
    for one, linguistics in zip(some, measures, strict=True):
        document = StoredDocument(
            entry_id=0,
            pake_id=uuid5(NAMESPACE_URL, one.title),
            source="bench",
            source_name="Bench",
            authority=0.7,
            authority_basis="news",
            url="https://bench.example/1",
            key="1",
            published_at=_PUBLISHED,
            characters=len(one.text),
            language=detect_language(one.text, rules.language),
            structure=measure_structure(one.text),
            linguistics=linguistics,
            is_copy=False,
        )
        evidence = Evidence(document, find_signals(one.title, one.text, (), rules), [("similar_to", 0.8)], [])
        judged = judge(evidence, rules, _NOW, None)
        decide(
            judged.outcomes,
            judged.confidence,
            is_duplicate=False,
            canonical=None,
            rules=rules.verdict,
            actions=rules.actions,
        )


def _langdetect(some: Sequence[Written]) -> None:
    from langdetect import DetectorFactory, detect_langs

    DetectorFactory.seed = 0
    for one in some:
        detect_langs(one.text)
