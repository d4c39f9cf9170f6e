"""What the gate withholds: items of days that look broken, until they are repaired or a person lets them through."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pake_pipelines.config.quality import GateRules
from pake_pipelines.quality.gate import DayTally, is_closed
from pake_pipelines.store import gate
from pake_pipelines.store.database import Connection
from pake_pipelines.store.gate import WaitingDay


@dataclass(frozen=True, slots=True)
class Withheld:
    """The closed days with items in the queue, and their entries that were never published."""

    days: Sequence[WaitingDay] = ()
    entry_ids: frozenset[int] = frozenset()


async def withheld(connection: Connection, rules: GateRules, *, besides: date | None = None) -> Withheld:
    """Return what must not be published, leaving the day `besides` out.

    Whoever publishes a day asks for it by name: its own gate has been passed, or a person runs publication alone. Items
    that have been published once are not withheld any more.
    """
    days = [
        one
        for one in await gate.waiting_days(connection)
        if one.day != besides and is_closed(DayTally(one.judged, one.failing), rules)
    ]
    return Withheld(days, await gate.never_published(connection, [one.day for one in days])) if days else Withheld()
