"""Asset checks made of the promises of the store: each is a search for what should not be there."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import dagster as dg

if TYPE_CHECKING:
    from pake_pipelines.store.database import Connection, Database
    from pake_pipelines.store.integrity import Offenders

ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN


@dataclass(frozen=True, slots=True)
class Promise:
    """How grave it is when the promise is broken, what it says, and whether nothing behind may run then."""

    severity: dg.AssetCheckSeverity
    description: str
    blocking: bool = False


# asset -> promise
PROMISES_OF: Final[Mapping[str, Mapping[str, Promise]]] = {
    "entries": {"no_dead_letters": Promise(WARN, "Everything that was fetched could become an entry.")},
    "documents": {"documents_complete": Promise(ERROR, "Every entry in force of the day has a document.")},
    "embeddings": {"vectors_complete": Promise(ERROR, "Every kept document of the day has a vector.")},
    "duplicates": {
        "groups_consistent": Promise(ERROR, "Every group's size and canonical member fit its members."),
        "index_consistent": Promise(
            ERROR, "Every compared document is in the index of signatures, with every band, once."
        ),
    },
    "connections": {
        "duplicates_point_at_canonical": Promise(ERROR, "Every copy points at its group's canonical member."),
        "connections_between_kept": Promise(ERROR, "No connection leads to or from an item that was dropped."),
    },
    "confidence": {
        "judged_completely": Promise(ERROR, "Every kept document of the day was judged and scored.", blocking=True),
        "nothing_unknown": Promise(WARN, "Every rule could be evaluated."),
    },
    "knowledge_nodes": {
        "verdicts_complete": Promise(ERROR, "Every kept item of the day has a verdict."),
        "verified_are_sound": Promise(ERROR, "No verified node breaks a rule or is a copy."),
    },
}


async def _index_offenders(connection: "Connection", day: date) -> "Offenders":
    # a code location only describes the checks; importing what they compute with is left to the run
    from pake_pipelines.pipeline.index_check import index_offenders

    return await index_offenders(connection, day)


# promises that a query alone cannot check
COMPUTED: "Final[Mapping[str, Callable[[Connection, date], Awaitable[Offenders]]]]" = {
    "index_consistent": _index_offenders,
}


def promise_specs(asset: str) -> list[dg.AssetCheckSpec]:
    """Return the check specs of an asset's promises."""
    return [
        dg.AssetCheckSpec(name, asset=asset, description=promise.description, blocking=promise.blocking)
        for name, promise in PROMISES_OF[asset].items()
    ]


async def keep_promises(
    database: "Database", asset: str, day: date, sources: Sequence[str] | None = None
) -> list[dg.AssetCheckResult]:
    """Evaluate an asset's promises for `day`; a run over some `sources` promises nothing for the items of others."""
    async with database.connection() as connection:
        return [
            _result(asset, name, promise.severity, await _offenders(connection, name, day, sources), sources)
            for name, promise in PROMISES_OF[asset].items()
        ]


async def _offenders(connection: "Connection", promise: str, day: date, sources: Sequence[str] | None) -> "Offenders":
    from pake_pipelines.store.integrity import offenders

    if (computed := COMPUTED.get(promise)) is not None:
        return await computed(connection, day)
    return await offenders(connection, promise, day, sources=sources)


def _result(
    asset: str, name: str, severity: dg.AssetCheckSeverity, found: "Offenders", sources: Sequence[str] | None
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=dg.AssetKey(asset),
        check_name=name,
        passed=found.count == 0,
        severity=severity,
        metadata={
            "count": found.count,
            "items": [str(one) for one in found.ids],
            **({} if sources is None else {"sources": list(sources)}),
        },
    )
