"""The ingestion report as a chat message (ING-23), in the form that Slack and its many imitators read."""

from datetime import UTC, datetime
from typing import Any


def message(*, sources: int, processed: int, errors: int, at: datetime) -> dict[str, Any]:
    """Return the JSON body of an incoming webhook: one attachment, green only without errors.

    `sources` were read, `processed` items stored, `errors` visits failed, and all that had ended at `at`. Where nobody
    was asked the colour is none of the two: nothing went well.
    """
    fields = {
        "Sources": str(sources),
        "Processed": str(processed),
        "Errors": str(errors),
        "Timestamp": at.astimezone(UTC).isoformat(timespec="seconds"),
    }
    told = [{"title": title, "value": value, "short": True} for title, value in fields.items()]
    colour = {"color": "warning" if errors else "good"} if sources else {}
    return {"text": "PAKE+ Ingestion Report", "attachments": [{**colour, "fields": told}]}
