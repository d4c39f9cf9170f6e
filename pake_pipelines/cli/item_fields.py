"""What items in JSON lines have in common: a line is an object, a date is in ISO 8601."""

import json
from datetime import UTC, datetime
from typing import Any


class BadLineError(Exception):
    """What is wrong with a line."""


def json_object(line: bytes) -> dict[str, Any]:
    """Return the JSON object that `line` holds. Raises BadLineError."""
    try:
        given = json.loads(line)
    except RecursionError:
        raise BadLineError("nested too deeply") from None
    except ValueError as error:
        raise BadLineError(f"no JSON: {error}") from None
    if not isinstance(given, dict):
        raise BadLineError("no JSON object")
    return given


def moment(published: str | None) -> tuple[datetime | None, str | None]:
    """Return the date, in UTC where it names no zone, and a remark when there is none to be read."""
    if not published:
        return None, None
    try:
        read = datetime.fromisoformat(published)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC), None
    except (ValueError, OverflowError):
        return None, f"published is no ISO 8601 date, so the item counts as undated: {published[:40]!r}"
