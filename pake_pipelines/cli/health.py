"""`pake health`: how everything stands, or one component of it, as an exit code for scripts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Final, NoReturn

import typer

from pake_pipelines.cli.console import fail, print_json
from pake_pipelines.cli.health_seen import Seen, look
from pake_pipelines.cli.health_view import show_component, show_overall
from pake_pipelines.cli.sources.options import Json, ask
from pake_pipelines.config.loading import load_monitoring
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.model.health import HealthSample, HealthStatus, overall
from pake_pipelines.model.metric import MetricSample
from pake_pipelines.settings import Settings, get_settings
from pake_pipelines.store import metric_samples
from pake_pipelines.store.errors import StoreError

_CODES: Final = {HealthStatus.HEALTHY: 0, HealthStatus.CRITICAL: 2}
# component -> kinds of services that it is made of; any other is a kind, or a service
_KINDS: Final = {"database": ("postgres",), "system": ("disk",)}
# component -> family of metrics that belongs to it
_FAMILIES: Final = {"database": "database", "postgres": "database", "system": "system", "dagster": "application"}


def health(
    component: Annotated[
        str | None,
        typer.Argument(
            metavar="COMPONENT",
            help="A service, a kind of services (http, redis, dagster, disk, ...), `database` or `system`.",
            show_default=False,
        ),
    ] = None,
    now: Annotated[bool, typer.Option("--now", help="Ask the services now; else the last round is shown.")] = False,
    as_json: Json = False,
) -> None:
    """Show how everything stands. Exit code 0: healthy; 1: degraded or unknown; 2: critical."""
    settings = get_settings()
    config = load_monitoring(settings.configs)
    moment = datetime.now(UTC)
    names = _named(config, component) if component else list(config.enabled_services())
    seen = look(settings, config, moment, probing=now)
    samples = [seen.samples[name] for name in names]
    status = overall(samples)
    metrics = _metrics(settings, component)
    if as_json:
        print_json(_as_json(status, seen, samples, config, component, metrics, moment))
    elif component:
        show_component(component, status, seen, samples, metrics, moment)
    else:
        show_overall(status, seen, samples, moment)
    raise typer.Exit(_CODES.get(status, 1))


def _named(config: MonitoringConfig, component: str) -> list[str]:
    """Return the services that a component is made of, or end with a clear error."""
    enabled = config.enabled_services()
    if component in enabled:
        return [component]
    kinds = _KINDS.get(component, (component,))
    of_kind = [name for name, service in enabled.items() if service.kind in kinds]
    beginning = [name for name in enabled if name.startswith(component)]
    if not of_kind and len(beginning) != 1:
        _refuse(config, component, beginning)
    return of_kind or beginning


def _refuse(config: MonitoringConfig, component: str, beginning: Sequence[str]) -> NoReturn:
    enabled = config.enabled_services()
    if beginning:
        fail(f"{component!r} fits several services", hint=f"name one: {', '.join(beginning)}")
    if component in config.services:
        fail(f"{component} is not watched", hint="switch it on in configs/monitoring.yaml: `enabled: true`")
    known = sorted({*enabled, *_KINDS, *(service.kind for service in enabled.values())})
    fail(f"no component {component!r}", hint=f"there are {', '.join(known)}")


def _metrics(settings: Settings, component: str | None) -> list[MetricSample]:
    from pake_pipelines.health.catalogue import FAMILIES

    family = FAMILIES.get(_FAMILIES.get(component or "", ""))
    if family is None:
        return []
    try:
        return [one for one in ask(settings, metric_samples.latest) if one.metric in family]
    except StoreError:
        # that the database does not answer is what its own line says
        return []


def _as_json(
    status: HealthStatus,
    seen: Seen,
    samples: Sequence[HealthSample],
    config: MonitoringConfig,
    component: str | None,
    metrics: Sequence[MetricSample],
    now: datetime,
) -> dict[str, Any]:
    as_of = seen.as_of
    told: dict[str, Any] = {
        "overall": status.value,
        "as_of": as_of,
        "age_seconds": max(0.0, (now - as_of).total_seconds()) if as_of else None,
        "probed_now": seen.probed,
        "note": seen.note,
        "services": [{**asdict(one), **_more(one, seen, config.services[one.service].title)} for one in samples],
    }
    if component:
        names = {one.service for one in samples}
        told["component"] = component
        told["changes"] = [asdict(one) for one in seen.changes if one.service in names]
        told["metrics"] = [asdict(one) for one in metrics]
    return told


def _more(sample: HealthSample, seen: Seen, title: str) -> Mapping[str, Any]:
    uptime = seen.uptimes.get(sample.service)
    share = uptime.up_share if uptime else None
    return {
        "title": title or sample.service,
        "since": seen.since(sample.service),
        "uptime_24h_percent": None if share is None else round(100 * share, 3),
    }
