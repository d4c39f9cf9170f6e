"""The analyses as assets, each in a step of its own: what they find is kept by `foresight` and told here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import dagster as dg

from pake_pipelines.defs.analytics.telling import told
from pake_pipelines.defs.health.told import results
from pake_pipelines.defs.shared.tags import ANALYTICS_GROUP, ANALYTICS_POOL, OWNER
from pake_pipelines.settings import Settings

if TYPE_CHECKING:
    from pake_pipelines.foresight.finding import Finding, Rules

ANOMALIES: Final = "metric_anomalies"
INSIGHTS: Final = "insights"
_MEASURED: Final = ("system_metrics", "application_metrics", "database_health")


@dataclass(frozen=True, slots=True)
class _Face:
    """An asset: the analyses that it carries out, what it comes after, and its checks with what they say."""

    analyses: tuple[str, ...]
    description: str
    deps: tuple[str, ...] = ()
    checks: Mapping[str, str] = field(default_factory=dict)


_FACES: Final[Mapping[str, _Face]] = {
    ANOMALIES: _Face(
        ("anomalies",),
        "Series that do what they do not do (ANA-02): learnt from their own last days, seasons included, one row for "
        "each episode in the table `anomalies`. The sensor `metrics` judges every few minutes, too.",
        _MEASURED,
        {"no_open_anomaly": "No series is odd right now. Silent where nothing can be told yet."},
    ),
    "health_trends": _Face(
        ("trends",),
        "Where the health score and the figures went over a day, 7 and 30 days: improving, declining, stable, or too "
        "few days to tell (MON-25, ANA-10).",
        (*_MEASURED, "service_health"),
    ),
    "forecasts": _Face(
        ("forecasts",),
        "What figures will be in the next days, within an interval, and when they reach their limits; no date where "
        "there is no trend (ANA-03, ANA-06, ANA-07).",
        _MEASURED,
        {"nothing_fills_up": "Nothing reaches its limit within `advice.days_to_full` days. Silent while unknown."},
    ),
    "maintenance_window_forecast": _Face(
        ("windows",),
        "The hours of the day in which upkeep disturbs least, and how sure that is (ANA-08, MNT-15).",
        ("system_metrics",),
    ),
    "schedule_frequencies": _Face(
        ("frequencies",),
        "How often tasks and schedules that run more often than daily are needed, by their last runs (MNT-16). Tasks "
        "named in `analytics.adaptive.tasks` of configs/reports.yaml follow it.",
    ),
    "run_performance": _Face(
        ("regressions",),
        "Tasks and visits to sources that take longer than their trailing median (ANA-14).",
        (),
        {"no_regression": "No job became slower. Silent where no job has run often enough."},
    ),
    INSIGHTS: _Face(
        ("pressure", "insights"),
        "What declines within a day, grows too fast or reaches its limit, each with its evidence and what to do "
        "(ANA-04, ANA-05, ANA-07), and what is under pressure (ANA-11, ANA-13). Deletes what is too old of all "
        "analyses.",
        ("health_trends", "forecasts"),
    ),
}


def analytics_assets(settings: Settings, rules: "Rules") -> list[dg.AssetsDefinition]:
    """Return the assets."""
    return [_asset(name, face, settings, rules) for name, face in _FACES.items()]


def _asset(name: str, face: _Face, settings: Settings, rules: "Rules") -> dg.AssetsDefinition:
    spec = dg.AssetSpec(
        name,
        deps=face.deps,
        description=face.description,
        group_name=ANALYTICS_GROUP,
        owners=[OWNER],
        kinds={"python", "postgres"},
        skippable=True,
    )
    checks = [dg.AssetCheckSpec(check, asset=name, description=said) for check, said in face.checks.items()]

    @dg.multi_asset(name=name, specs=[spec], check_specs=checks, can_subset=True, pool=ANALYTICS_POOL)
    async def analyse(context: dg.AssetExecutionContext):  # type: ignore[no-untyped-def]  # Dagster reads a return annotation as one output's type
        findings = await _carry_out(face, settings, rules, context.run_id, forget=name == INSIGHTS)
        for event in results(context, [told(name, *findings)]):
            yield event

    return analyse


async def _carry_out(face: _Face, settings: Settings, rules: "Rules", run_id: str, *, forget: bool) -> "list[Finding]":
    from pake_pipelines.foresight.analyses import ANALYSES, forget_old
    from pake_pipelines.foresight.finding import Place
    from pake_pipelines.store.database import addresses, open_database

    now = datetime.now(UTC)
    async with open_database(addresses(settings).knowledge) as database:
        place = Place(database, rules, run_id, now)
        # the first of several is what the last builds on; what is told begins with the last
        findings = [await ANALYSES[name].load()(place) for name in face.analyses]
        if forget:
            await forget_old(database, rules.reports.analytics.keep_days, now)
    return findings[::-1]
