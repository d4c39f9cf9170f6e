"""How a round of watching looks at the terminal."""

from rich.text import Text

from pake_pipelines.alerts.watch import Watched
from pake_pipelines.cli.console import out
from pake_pipelines.cli.health_view import COLOURS
from pake_pipelines.cli.rules_view import rule_table
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.model.health import HealthStatus


def show_round(watched: Watched, config: MonitoringConfig) -> None:
    """Print what a round found and did: services, rules, changes of alerts, messages, faults."""
    out.print(Text.assemble(("overall", "bold"), "  ", (watched.overall.value, COLOURS[watched.overall])))
    configured = [one for one in watched.samples if one.status is not HealthStatus.NOT_CONFIGURED]
    for one in configured:
        if one.status is not HealthStatus.HEALTHY:
            status = (one.status.value.replace("_", " "), COLOURS[one.status])
            out.print(Text.assemble(f"  {one.service}  ", status, (f"  {one.detail}", "dim")), soft_wrap=True)
    healthy = sum(one.status is HealthStatus.HEALTHY for one in configured)
    rest = len(watched.samples) - len(configured)
    out.print(f"services  {healthy} of {len(configured)} healthy" + (f", {rest} not configured" if rest else ""))
    _show_alerts(watched, config)
    _show_messages(watched)
    took = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in watched.seconds.items() if seconds >= 0.1)
    out.print(f"[dim]took      {took or 'no time'}[/]", soft_wrap=True)
    for part, why in watched.faults.items():
        out.print(Text.assemble((f"failed    {part}: ", "red"), why), soft_wrap=True)


def _show_alerts(watched: Watched, config: MonitoringConfig) -> None:
    told = watched.evaluated
    if told is None:
        return
    if told.overlapped:
        out.print("rules     not judged: another round was under way, or has just been")
        return
    held = f", {told.held_back} held back" if told.held_back else ""
    out.print(f"alerts    {told.firing} firing, {told.pending} pending{held}")
    for one in told.transitions:
        before = one.from_state.value if one.from_state else "new"
        out.print(Text(f"  {one.alert_id}  {before} -> {one.to_state.value}: {one.cause}"), soft_wrap=True)
    for action in told.actions:
        out.print(f"  asks for the recovery {action.recovery} (rule {action.rule}); healing carries it out")
    noticed = [one for one in told.rules if one.bad or one.unknown or one.unjudged]
    if noticed:
        out.print(rule_table(noticed, config))


def _show_messages(watched: Watched) -> None:
    for delivered in watched.delivered:
        for channel, outcome in delivered.channels.items():
            counts = {
                "sent": outcome.sent,
                "summarised": outcome.summarised,
                "put off": outcome.put_off,
                "given up": outcome.dead,
                "not configured": outcome.not_configured,
            }
            said = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
            error = (f"  {outcome.error}", "dim") if outcome.error else ("", "")
            out.print(Text.assemble(f"messages  {channel}: {said or 'none'}", error), soft_wrap=True)
