"""`pake alerts rules`: what each rule sees now, and which ones cannot be judged."""

from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime

from pake_pipelines.alerts.conditions import Seen, look, look_at_rules
from pake_pipelines.alerts.evaluate import RuleSeen
from pake_pipelines.alerts.inputs.gather import Round, gather
from pake_pipelines.cli.console import err, out, print_json
from pake_pipelines.cli.dagster_facts import read_facts
from pake_pipelines.cli.rules_view import rule_table
from pake_pipelines.cli.sources.options import Json, ask
from pake_pipelines.config.loading import load_monitoring, load_sources
from pake_pipelines.model.alert import Condition
from pake_pipelines.settings import get_settings
from pake_pipelines.store import alerts, health_samples
from pake_pipelines.store.database import Connection


def rules(as_json: Json = False) -> None:
    """Show every rule with what it sees now: nothing is judged, changed or sent.

    Services are as they were probed last. Rules on runs, checks, ticks and freshness are judged by the sensor inside of
    Dagster alone; what they have found stands in the number of open alerts.
    """
    settings, now = get_settings(), datetime.now(UTC)
    config = load_monitoring(settings.configs)
    facts = read_facts(settings, now)
    sources = [name for name, one in load_sources(settings.configs).sources.items() if one.enabled]

    async def read(connection: Connection) -> tuple[dict[str, Seen], Counter[str]]:
        latest = await health_samples.latest(connection, now)
        samples = [latest[name] for name in config.enabled_services() if name in latest]
        inputs = await gather(connection, config, Round(now, samples, facts, sources, metrics_due=True))
        seen = look(config.alerting.rules, inputs, now)
        seen |= look_at_rules(config.alerting.rules, seen, now)
        return seen, Counter(one.rule for one in (await alerts.load_open(connection)).values())

    seen, counts = ask(settings, read)
    told = [_summary(one) for one in seen.values()]
    if as_json:
        print_json([{**asdict(one), "open_alerts": counts[one.rule]} for one in told])
        return
    out.print(rule_table(told, config, counts))
    off = [name for name, rule in config.alerting.rules.items() if not rule.enabled]
    if off:
        err.print(f"[dim]switched off: {', '.join(off)}[/]")


def _summary(seen: Seen) -> RuleSeen:
    total = len(seen.observations or {})
    return RuleSeen(seen.rule, seen.due, total, seen.of(Condition.BAD), seen.of(Condition.UNKNOWN), seen.unjudged)
