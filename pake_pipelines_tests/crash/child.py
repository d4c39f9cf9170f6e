"""One run of the job `ingest` in a process of its own, which may be told to die.

The fork server imports this module once, with everything heavy that a run needs; each run is then a fork of it.
"""

import gc
import os
import pkgutil
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path
from threading import Lock, active_count

import asyncpg  # noqa: F401  # imported here so that no fork has to
import dagster as dg
import feedparser  # noqa: F401
import fsspec.implementations.local  # noqa: F401
import numpy as np  # noqa: F401
import pytest  # noqa: F401
import trafilatura  # noqa: F401
import zstandard  # noqa: F401

from pake_pipelines import crash
from pake_pipelines.config.loading import load_quality
from pake_pipelines.crash import CrashPoint
from pake_pipelines.definitions import build_defs
from pake_pipelines.defs.shared.resource import KnowledgeBase
from pake_pipelines.pipeline import batches
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.reports import templating
from pake_pipelines.reports.document import Layer, Tone
from pake_pipelines.reports.rendering.charts import spread_svg
from pake_pipelines.settings import Settings, get_settings
from pake_pipelines.text.language import detect_language
from pake_pipelines.text.linguistics import load_pipeline
from pake_pipelines_tests.crash.attempt import Attempt
from pake_pipelines_tests.crash.plants import PLANTS
from pake_pipelines_tests.embedder import WordEmbedder

_SMALL_BATCH = 4

for room in ("pipeline", "store", "sources.feeds", "sources.files", "text", "dedup", "quality", "alerts", "reports"):
    package = import_module(f"pake_pipelines.{room}")
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if ".migrations." not in found.name:
            import_module(found.name)
for template in templating._environment().list_templates():
    templating._environment().get_template(template)
load_pipeline(Settings().spacy_model)
detect_language("Only the language profiles that this loads are of use.", load_quality(Path()).language)
spread_svg([Layer("one", Tone.GOOD, [1])], "")


@dg.asset
async def _nothing() -> None: ...


# lives in memory, so that every fork has its own
_INSTANCE = dg.DagsterInstance.ephemeral()
# a run of nothing, for what Dagster imports only when it runs
dg.materialize([_nothing], instance=_INSTANCE)
assert active_count() == 1, "a fork would lack the other threads"
gc.freeze()  # or the first collection in each fork would copy all of this memory


class Countdown:
    """Stands in for `crash.point`: writes down every point and lets the real one act at the wanted reach."""

    def __init__(self, attempt: Attempt) -> None:
        """Count for `attempt`."""
        self._attempt = attempt
        self._real = crash.point
        self._turn = Lock()
        self._reached: Counter[CrashPoint] = Counter()
        self._trace = os.open(attempt.trace, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)

    def __call__(self, here: CrashPoint) -> None:
        """Come by the point `here`, one thread at a time."""
        with self._turn:
            self._reached[here] += 1
            os.write(self._trace, f"{here}\n".encode())
            if self._reached[here] == self._attempt.reach:
                self._real(here)


def count_points(countdown: Countdown) -> None:
    """Put `countdown` in the place of `crash.point`, also where that was imported by its name."""
    real = crash.point
    for module in list(sys.modules.values()):
        if getattr(module, "point", None) is real:
            module.point = countdown  # type: ignore[attr-defined]


class WordKnowledgeBase(KnowledgeBase):
    """The knowledge base with the small deterministic embedder."""

    def kit(self) -> Kit:
        """Return the kit of this process's settings."""
        return Kit(get_settings(), WordEmbedder())


def ingest(attempt: Attempt) -> None:
    """Run the job `ingest` as `attempt` says; exits with 1 when the run fails."""
    output = os.open(attempt.output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ |= {
        "PAKE_HOME": str(attempt.home),
        "PAKE_DATA_DIR": str(attempt.data),
        "PAKE_DATABASE_URL": attempt.database_url,
        crash.VARIABLE: attempt.crash_at or "",
    }
    get_settings.cache_clear()
    batches.batches.__defaults__ = (_SMALL_BATCH,)
    if attempt.plant:
        PLANTS[attempt.plant]()
    count_points(Countdown(attempt))
    defs = build_defs({"knowledge_base": WordKnowledgeBase()})
    result = defs.resolve_job_def("ingest").execute_in_process(
        partition_key=attempt.day, instance=_INSTANCE, raise_on_error=False
    )
    sys.exit(0 if result.success else 1)
