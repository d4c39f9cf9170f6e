"""Names of what an ingestion run makes, for whoever shows or launches one without doing its work."""

from collections.abc import Mapping
from typing import Any, Final

from pake_pipelines.store.marks import Stage

INGEST: Final = "ingest"
BEHIND_SOURCES: Final = ("entries", "ingestion_report", *(stage.value for stage in Stage), "qa_report")


def run_config(fetch: Mapping[str, Any]) -> dict[str, Any]:
    """Return the run configuration that reads sources as `fetch` says.

    Whoever reads everything again (`full_reprocess`) also wants everything settled that was read on other days.
    """
    ops: dict[str, Any] = {"read_sources": {"config": dict(fetch)}}
    if fetch.get("full_reprocess"):
        ops |= {stage.value: {"config": {"everywhere": True}} for stage in Stage}
    return {"ops": ops}
