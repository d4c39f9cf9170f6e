"""lingua's own test texts: sentences, pairs of words and words of languages that the project did not choose.

`und` is a wrong answer where all texts count (`sentences_accuracy`) and none where only what was told does. Languages
that langdetect has no profile of count in `sentences_accuracy_all_languages` alone.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from langdetect import LangDetectException
from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory

from benchmarks.report import Report
from pake_pipelines.config.loading import load_quality
from pake_pipelines.settings import PACKAGE_HOME
from pake_pipelines.text.language import UNDETERMINED, detect_language

_KINDS: Final = ("sentences", "word-pairs", "single-words")
# lingua tells the two written standards of Norwegian apart, langdetect does not.
_CODES: Final = {"nb": "no", "nn": "no"}
_EVERY: Final = 10  # langdetect is asked about one of so many sentences: all would take minutes
_FAILED: Final = "exception"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered about a text in the language `truth`."""

    kind: str
    truth: str
    answer: str


def check(corpus: Path) -> Report:
    """Ask for the language of every text below `corpus`, once more in the opposite order, and langdetect beside it."""
    texts = [text for kind in _KINDS for text in _texts(corpus / "language-testdata" / kind)]
    known = {_code(profile.name) for profile in Path(PROFILES_DIRECTORY).iterdir()}
    _ours("The first call loads what is known of the Latin script.")
    answers, seconds = _ask(_ours, texts)
    again, _ = _ask(_ours, texts[::-1])
    of_known = {kind: [one for one in answers if one.kind == kind and one.truth in known] for kind in _KINDS}
    sentences, pairs, words = (of_known[kind] for kind in _KINDS)
    sample = [text for text in texts if text[0] == "sentences" and text[1] in known][::_EVERY]
    peer, peer_seconds = _ask(_langdetect(), sample)
    mistaken = Counter(f"{one.truth} as {one.answer}" for one in sentences if one.answer != one.truth)
    return Report(
        "conformance_languages",
        {
            "texts": len(texts),
            "exceptions_escaped": sum(one.answer == _FAILED for one in answers),
            "order_differs": sum(one != other for one, other in zip(answers, again[::-1], strict=True)),
            "sentences_accuracy": _accuracy(sentences),
            "sentences_accuracy_all_languages": _accuracy([one for one in answers if one.kind == "sentences"]),
            "sentences_told": _share_told(sentences),
            "word_pairs_told": _share_told(pairs),
            "word_pairs_accuracy_of_told": _accuracy(_told(pairs)),
            "single_words_told": _share_told(words),
            "single_words_accuracy_of_told": _accuracy(_told(words)),
            "texts_per_second": len(texts) / seconds,
            "texts_per_second_langdetect": len(sample) / peer_seconds,
            "sentences_accuracy_langdetect": _accuracy(peer),
        },
        {"langdetect": {"sentences": len(sample)}},
        {
            "languages": len({one.truth for one in answers}),
            "languages_langdetect_lacks": sorted({one.truth for one in answers} - known),
            "sentences_mistaken": dict(mistaken.most_common(10)),
        },
    )


def _texts(folder: Path) -> list[tuple[str, str, str]]:
    """Return kind, language and text of each line of the files of `folder`."""
    return [
        (folder.name, _code(file.stem), line)
        for file in sorted(folder.glob("*.txt"))
        for line in file.read_text("utf-8").splitlines()
        if line.strip()
    ]


def _code(name: str) -> str:
    return _CODES.get(name, name.partition("-")[0])  # zh-cn and zh-tw are one language here


def _ours(text: str) -> str:
    return detect_language(text, load_quality(PACKAGE_HOME / "configs").language).code


def _langdetect() -> Callable[[str], str]:
    """Return langdetect's `detect` as it comes, with seed 0 and its profiles loaded."""
    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    factory.set_seed(0)

    def detect(text: str) -> str:
        detector = factory.create()
        detector.append(text)
        try:
            return _code(detector.detect())
        except LangDetectException:  # no letters that it knows
            return UNDETERMINED

    return detect


def _ask(detect: Callable[[str], str], texts: Sequence[tuple[str, str, str]]) -> tuple[list[Answer], float]:
    """Return what `detect` says of each text, and the seconds it took."""
    start = time.perf_counter()
    answers = [Answer(kind, truth, _answer(detect, text)) for kind, truth, text in texts]
    return answers, time.perf_counter() - start


def _answer(detect: Callable[[str], str], text: str) -> str:
    try:
        return detect(text)
    except Exception:  # noqa: BLE001  whatever it is, it must not be
        return _FAILED


def _told(answers: Sequence[Answer]) -> list[Answer]:
    return [one for one in answers if one.answer != UNDETERMINED]


def _share_told(answers: Sequence[Answer]) -> float:
    return len(_told(answers)) / max(1, len(answers))


def _accuracy(answers: Sequence[Answer]) -> float:
    return sum(one.answer == one.truth for one in answers) / max(1, len(answers))
