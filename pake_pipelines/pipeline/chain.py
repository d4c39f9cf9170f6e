"""The chain behind the sources: what every ingestion run makes besides the sources it reads, in order."""

from typing import Final

from pake_pipelines.store.marks import Stage

INGEST: Final = "ingest"
BEHIND_SOURCES: Final = ("entries", *(stage.value for stage in Stage), "qa_report")
