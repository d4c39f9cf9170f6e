"""A cache answers too seldom (SVC-29): statistics are made anew, and cached results are believed longer."""

from typing import Final

from pake_pipelines.services.recoveries.case import Acted, Case, Verdict, by_bound
from pake_pipelines.store import metric_samples, relief
from pake_pipelines.store.levers import LINK_TTL_FACTOR

_RATIO: Final = "cache_hit_ratio_percent"


async def act(case: Case) -> Acted:
    """Analyze all tables, so that plans read no more than they must."""
    async with case.database.connection() as connection:
        tables = await relief.all_tables(connection)
    done = 0
    for table in tables:
        async with case.database.transaction() as connection:
            done += await relief.analyze(connection, table)
    details = {"tables_analyzed": done, "tables_held_by_others": len(tables) - done}
    return Acted({**details, "believed_longer": case.recovery.ttl_factor}, {LINK_TTL_FACTOR: case.recovery.ttl_factor})


async def verify(case: Case) -> Verdict:
    """Look at the lowest ratio that was measured since; one that spans the time before would tell of that, too."""
    async with case.database.connection() as connection:
        since = await metric_samples.series(connection, _RATIO, case.begun_at)
    newest = {tuple(sorted(one.labels.items())): one for one in since}
    # results of new texts are not cached yet: that ratio is low whenever much is new, and no sign of a fault
    values = [one.value for one in newest.values() if one.value is not None and one.labels.get("cache") != "entries"]
    if not values:
        return Verdict(None, "no hit ratio was measured since")
    return by_bound(min(values), case.recovery.bound, "% were answered by the cache", at_least=True)
