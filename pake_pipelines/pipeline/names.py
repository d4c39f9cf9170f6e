"""Names of what runs make, for whoever shows or launches one without doing its work."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from pake_pipelines.store.marks import Stage, after

INGEST: Final = "ingest"
LINK_CHECKS: Final = "link_checks"
# between the full hours, at which most sources are read
LINK_CHECKS_CRON: Final = "20 */2 * * *"
BEHIND_SOURCES: Final = (
    *("entries", "ingestion_report", Stage.DOCUMENTS.value, LINK_CHECKS),
    *(stage.value for stage in after(Stage.DOCUMENTS)),
    "qa_report",
)
SWEEP: Final = "archive_sweep"
_JUDGING: Final = (Stage.CONFIDENCE.value, Stage.KNOWLEDGE_NODES.value)


class Scan(StrEnum):
    """How far a scan for items that wait to be judged goes (QA-10)."""

    FULL = "full"
    INCREMENTAL = "incremental"
    PRIORITY = "priority"

    @property
    def schedule(self) -> str:
        """The name of the schedule that launches it."""
        return f"qa_{self}_scan"

    @property
    def job(self) -> str:
        """The name of its job."""
        return f"{self.schedule}_job"

    @property
    def assets(self) -> tuple[str, ...]:
        """The assets that it makes, in order."""
        return (*_JUDGING, SWEEP, "qa_report") if self is Scan.FULL else _JUDGING


def run_config(fetch: Mapping[str, Any]) -> dict[str, Any]:
    """Return the run configuration that reads sources as `fetch` says.

    Whoever reads everything again (`full_reprocess`) also wants everything settled that was read on other days.
    """
    ops: dict[str, Any] = {"read_sources": {"config": dict(fetch)}}
    if fetch.get("full_reprocess"):
        ops |= {stage.value: {"config": {"everywhere": True}} for stage in Stage}
    return {"ops": ops}


def scan_config(*, everywhere: bool = False, sources: Sequence[str] | None = None) -> dict[str, Any]:
    """Return the run configuration of a scan of all days if `everywhere`, of `sources` only if any are given."""
    config: dict[str, Any] = {"everywhere": everywhere}
    if sources is not None:
        config["sources"] = list(sources)
    return {"ops": {stage: {"config": config} for stage in _JUDGING}}
