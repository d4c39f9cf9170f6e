"""Asset checks made of the promises of the store: each is a search for what should not be there."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Final

import dagster as dg

from pake_pipelines.store.database import Connection, Database
from pake_pipelines.store.integrity import Offenders, offenders

ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN

# asset -> promise -> (severity, description)
PROMISES_OF: Final[Mapping[str, Mapping[str, tuple[dg.AssetCheckSeverity, str]]]] = {
    "entries": {"no_dead_letters": (WARN, "Everything that was fetched could become an entry.")},
    "documents": {"documents_complete": (ERROR, "Every entry in force of the day has a document.")},
    "embeddings": {"vectors_complete": (ERROR, "Every kept document of the day has a vector.")},
    "duplicates": {
        "groups_consistent": (ERROR, "Every group's size and canonical member fit its members."),
        "index_consistent": (ERROR, "Every compared document is in the index of signatures, with every band, once."),
    },
    "connections": {
        "duplicates_point_at_canonical": (ERROR, "Every copy points at its group's canonical member."),
        "connections_between_kept": (ERROR, "No connection leads to or from an item that was dropped."),
    },
    "confidence": {
        "judged_completely": (ERROR, "Every kept document of the day was judged and scored."),
        "nothing_unknown": (WARN, "Every rule could be evaluated."),
    },
    "knowledge_nodes": {
        "verdicts_complete": (ERROR, "Every kept item of the day has a verdict."),
        "verified_are_sound": (ERROR, "No verified node breaks a rule or is a copy."),
    },
}


async def _index_offenders(connection: Connection, day: date) -> Offenders:
    # a code location only describes the checks; importing what they compute with is left to the run
    from pake_pipelines.pipeline.index_check import index_offenders

    return await index_offenders(connection, day)


# promises that a query alone cannot check
COMPUTED: Final[Mapping[str, Callable[[Connection, date], Awaitable[Offenders]]]] = {
    "index_consistent": _index_offenders,
}


def promise_specs(asset: str) -> list[dg.AssetCheckSpec]:
    """Return the check specs of an asset's promises."""
    return [
        dg.AssetCheckSpec(name, asset=dg.AssetKey(asset), description=description)
        for name, (_, description) in PROMISES_OF[asset].items()
    ]


async def keep_promises(database: Database, asset: str, day: date) -> list[dg.AssetCheckResult]:
    """Evaluate an asset's promises for `day`."""
    async with database.connection() as connection:
        return [
            _result(asset, name, severity, await _offenders(connection, name, day))
            for name, (severity, _) in PROMISES_OF[asset].items()
        ]


async def _offenders(connection: Connection, promise: str, day: date) -> Offenders:
    if (computed := COMPUTED.get(promise)) is not None:
        return await computed(connection, day)
    return await offenders(connection, promise, day)


def _result(asset: str, name: str, severity: dg.AssetCheckSeverity, found: Offenders) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=dg.AssetKey(asset),
        check_name=name,
        passed=found.count == 0,
        severity=severity,
        metadata={"count": found.count, "items": [str(one) for one in found.ids]},
    )
