"""The analyses by name, in the order in which one builds on another, and how long what they found is kept."""

import importlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.foresight.finding import Finding, Place
from pake_pipelines.store import analyses, anomalies, forecasts
from pake_pipelines.store.database import Database

Analyse = Callable[[Place], Awaitable[Finding]]
_ROOM: Final = "pake_pipelines.foresight"


@dataclass(frozen=True, slots=True)
class Kind:
    """An analysis: `function` is `module:name` below this room, imported when it is carried out."""

    function: str
    says: str

    def load(self) -> Analyse:
        """Import the function."""
        module, _, name = self.function.partition(":")
        found: Analyse = getattr(importlib.import_module(f"{_ROOM}.{module}"), name)
        return found


ANALYSES: Final[Mapping[str, Kind]] = {
    "anomalies": Kind("anomalies:watch_anomalies", "series that do what they do not do"),
    "trends": Kind("trends:judge_trends", "where figures and health went over a day, 7 and 30 days"),
    "forecasts": Kind("forecasts:forecast_metrics", "what figures will be, and when they reach their limits"),
    "windows": Kind("windows:find_quiet_hours", "when upkeep disturbs least"),
    "frequencies": Kind("frequencies:recommend_frequencies", "how often frequent work is needed"),
    "regressions": Kind("regressions:find_regressions", "jobs that became slower"),
    "pressure": Kind("pressure:judge_pressure", "what is above its bound nearly all the time"),
    "insights": Kind("insights:draw_insights", "what declines, grows too fast, or reaches its limit"),
}


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows of each kind were deleted."""

    anomalies: int
    forecasts: int
    analyses: int


async def forget_old(database: Database, keep_days: int, now: datetime) -> Pruned:
    """Delete what was found over `keep_days` days ago; open episodes stay."""
    before = now - timedelta(days=keep_days)
    async with database.transaction() as connection:
        return Pruned(
            await anomalies.prune(connection, before),
            await forecasts.prune(connection, before),
            await analyses.prune(connection, before),
        )
