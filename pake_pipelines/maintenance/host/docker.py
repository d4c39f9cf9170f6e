"""What Docker holds on this machine: a report that prunes nothing, as others may use the same host (MNT-33, D-56)."""

import json
from collections.abc import Mapping
from typing import Any, Final

from pake_pipelines.maintenance.host.command import UnanswerableError, ask
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, TaskState

_COMMAND: Final = ("docker", "system", "df", "--format", "json")
_SECONDS: Final = 60.0


async def run(place: Workplace) -> Outcome:
    """Report images, containers, volumes and build cache as Docker counts them."""
    try:
        kinds = usage((await ask(_COMMAND, place.environ, _SECONDS)).good())
    except UnanswerableError as error:
        return Outcome(TaskState.UNAVAILABLE, f"what Docker holds is not known: {error}")
    said = ", ".join(f"{one['kind'].lower()} {one['size']} ({one['reclaimable']} unused)" for one in kinds)
    return Outcome(TaskState.DONE, said, {"usage": kinds})


def usage(text: str) -> list[Mapping[str, Any]]:
    """Return kind, count, active, size and reclaimable of each line. Raises UnanswerableError for anything else."""
    try:
        lines = [json.loads(line) for line in text.splitlines() if line.strip()]
        return [
            {
                "kind": str(line["Type"]),
                "count": int(line["TotalCount"]),
                "active": int(line["Active"]),
                "size": str(line["Size"]),
                "reclaimable": str(line["Reclaimable"]),
            }
            for line in lines
        ] or _nothing()
    except (ValueError, KeyError, TypeError) as error:
        raise UnanswerableError("docker's answer cannot be read") from error


def _nothing() -> list[Mapping[str, Any]]:
    raise UnanswerableError("docker gave an empty answer")
