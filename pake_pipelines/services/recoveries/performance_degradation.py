"""The database is slow (SVC-30): stale statistics are made anew, useless indexes dropped, hanging sessions ended."""

from datetime import timedelta
from typing import Final

from pake_pipelines.services.recoveries.case import Acted, Case, Verdict, by_bound
from pake_pipelines.store import relief
from pake_pipelines.store.database_metrics import Missing, database_figures

_HANGING: Final = timedelta(minutes=5)


async def act(case: Case) -> Acted:
    """Relieve the database of what slows it down."""
    async with case.database.connection() as connection:
        ended = await relief.end_idle_transactions(connection, _HANGING)
        tables = await relief.stale_tables(connection)
        invalid = await relief.invalid_indexes(connection)
        dropped = {name: how for name, how in invalid.items() if await relief.drop_index(connection, name)}
    analyzed = []
    for table in tables:
        async with case.database.transaction() as connection:
            if await relief.analyze(connection, table):
                analyzed.append(table)
    return Acted(
        {
            "sessions_ended": ended,
            "tables_analyzed": analyzed,
            "indexes_dropped": dropped,
            "left_to_others": sorted({*tables} - {*analyzed} | invalid.keys() - dropped.keys()),
        }
    )


async def verify(case: Case) -> Verdict:
    """Time a small query."""
    async with case.database.connection() as connection:
        taken = (await database_figures(connection)).figures["db_query_ms"]
    if isinstance(taken, Missing):
        return Verdict(None, f"the query could not be timed: {taken.why}")
    return by_bound(taken, case.recovery.bound, "ms for a query")
