"""The sensors that look: `service_health` every 30 seconds, `metrics` every five minutes.

Both look inside their tick and launch no run for it; what they find they report to Dagster at a rhythm and whenever it
changes. A tick is over within 25 seconds.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import dagster as dg

from pake_pipelines.defs.analytics.judging import judge_anomalies
from pake_pipelines.defs.health import metrics, service_health
from pake_pipelines.defs.health.healing import recovery_requests
from pake_pipelines.defs.health.reported import Reported
from pake_pipelines.defs.health.standing import standing
from pake_pipelines.defs.health.told import Told, events
from pake_pipelines.defs.health.watching import Watching
from pake_pipelines.defs.shared.tags import HEALTH_GROUP
from pake_pipelines.store.errors import StoreError

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as AssetJob

    from pake_pipelines.alerts.watch import Watched

WATCHING_SENSOR: Final = "service_health"
METRICS_SENSOR: Final = "metrics"
_LOOK_EVERY: Final = 30


class WatchingError(Exception):
    """A round of watching could not do its work; the tick fails with it, so that the UI shows it."""


def looking_sensors(watching: Watching, recover: "AssetJob", *, on: bool) -> list[dg.SensorDefinition]:
    """Return both sensors; they start out stopped when `on` is false. Recoveries are launched as runs of `recover`."""
    status = _status(on=on)

    @dg.sensor(
        name=WATCHING_SENSOR,
        job=recover,
        minimum_interval_seconds=_LOOK_EVERY,
        default_status=status,
        description="Probes every service, evaluates the alert rules, sends what is to be told, and reports "
        f"`service_health`, `alerts` and `incidents`. Group {HEALTH_GROUP}.",
    )
    def look(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        watched = watching.watch(watching.place(context), context.log)
        return _report(context, watching, watched)

    @dg.sensor(
        name=METRICS_SENSOR,
        job=recover,
        minimum_interval_seconds=max(30, round(watching.config.metrics.every_minutes * 60)),
        default_status=_status(on=on and watching.settings.metrics_enabled),
        description="Samples all metrics, judges the key figures, deletes samples that are too old, and reports the "
        f"metrics' assets. Judges anomalies every few minutes. Stands in for `{WATCHING_SENSOR}` when that has not "
        "ticked for two minutes.",
    )
    def measure(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        place = watching.place(context)
        measured = watching.measure(place)
        found = [event for one in metrics.told(measured) for event in events(one)]
        found += judge_anomalies(context, watching)
        requests: list[dg.RunRequest] = []
        if measured.nobody_watches(watching.began_at) and watching.is_switched_on(place, WATCHING_SENSOR):
            context.log.warning("%s has not ticked for two minutes: standing in for it", WATCHING_SENSOR)
            watched = watching.watch(place, context.log)
            found += events(service_health.told(watched)) if watched.samples else []
            requests = recovery_requests(watched)
        return dg.SensorResult(asset_events=found, run_requests=requests)

    return [look, measure]


def _status(*, on: bool) -> dg.DefaultSensorStatus:
    return dg.DefaultSensorStatus.RUNNING if on else dg.DefaultSensorStatus.STOPPED


def _report(
    context: dg.SensorEvaluationContext, watching: Watching, watched: "Watched"
) -> dg.SensorResult | dg.SkipReason:
    """Return what a round is to report: nothing while all is as it was, the failure of a part as the tick's own."""
    health, reported = service_health.told(watched), Reported.of(context.cursor)
    due = bool(watched.samples) and reported.is_due(health.checks, watched.at, watching.config.probing.report_minutes)
    found: list[Any] = events(health) if due else []
    if reported.at is None or (watched.evaluated is not None and watched.evaluated.transitions):
        found += _open_alerts(context, watching)
    requests = recovery_requests(watched)
    if not found and not requests:
        if watched.faults:
            raise WatchingError("; ".join(f"{part}: {why}" for part, why in watched.faults.items()))
        return dg.SkipReason(str(health.metadata["summary"]))
    after = Reported.now(health.checks, watched.at) if due else reported
    return dg.SensorResult(asset_events=found, run_requests=requests, cursor=after.cursor)


def _open_alerts(context: dg.SensorEvaluationContext, watching: Watching) -> Sequence[Any]:
    try:
        told: list[Told] = standing(watching)
    except StoreError as error:
        context.log.warning("what is open is not known: %s", error)
        return []
    return [event for one in told for event in events(one)]
