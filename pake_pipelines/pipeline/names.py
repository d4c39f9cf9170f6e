"""Names of what an ingestion run makes, for whoever shows or launches one without doing its work."""

from typing import Final

from pake_pipelines.store.marks import Stage

INGEST: Final = "ingest"
BEHIND_SOURCES: Final = ("entries", "ingestion_report", *(stage.value for stage in Stage), "qa_report")
