"""The ingestion report as a chat message (ING-23), in the form that Slack and its many imitators read."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class IngestionReport:
    """What a run, or a window of time, brought: sources read, items stored, visits that failed, and when it ended."""

    sources: int
    processed: int
    errors: int
    at: datetime


def message(report: IngestionReport) -> dict[str, Any]:
    """Return `report` as the JSON body of an incoming webhook: one attachment, green only without errors."""
    fields = {
        "Sources": str(report.sources),
        "Processed": str(report.processed),
        "Errors": str(report.errors),
        "Timestamp": report.at.astimezone(UTC).isoformat(timespec="seconds"),
    }
    return {
        "text": "PAKE+ Ingestion Report",
        "attachments": [
            {
                "color": "warning" if report.errors else "good",
                "fields": [{"title": title, "value": value, "short": True} for title, value in fields.items()],
            }
        ],
    }
