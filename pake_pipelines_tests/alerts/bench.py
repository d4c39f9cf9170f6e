"""What the tests of the engine share: configurations in few words, readings, and a world on a clock of its own."""

from datetime import timedelta

from pake_pipelines.alerts.round import Standing, decide
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.model.alert import AlertState, Condition, MessageKind, Reading, Readings
from pake_pipelines_tests.conftest import NOW

OK, BAD, UNKNOWN = Condition.OK, Condition.BAD, Condition.UNKNOWN
RULE = {"input": "service", "severity": "critical", "summary": "{service} is down: {detail}", "keep_firing_seconds": 0}


def service(**keys):
    return {"kind": "tcp", "port": 1, **keys}


def config(*, services=None, rules=None, channels=None, routes=None, **alerting):
    """Return a configuration with one rule `down` for all services and one channel `log`, unless said otherwise."""
    alerting = {
        "rules": rules if rules is not None else {"down": RULE},
        "channels": channels or {"log": {"kind": "log"}},
        "routes": routes if routes is not None else [{"channels": list(channels or {"log": 0})}],
        "grouping": {"wait_seconds": 0, "interval_seconds": 0, "repeat_seconds": 14400},
        "flapping": {"enabled": False},
        **alerting,
    }
    made = MonitoringConfig.model_validate(
        {"services": services or {}, "kpis": {}, "recoveries": {}, "alerting": alerting}
    )
    assert list(made.faults()) == []
    return made


def rule(**keys):
    return {**RULE, **keys}


def services(complete=True, **conditions):
    """Return the readings of services: `services(api=BAD)`."""
    series = tuple(
        Reading(
            {"service": name.replace("_", "-"), "kind": "http", "critical": "true"}, condition=one, detail="refused"
        )
        for name, one in conditions.items()
    )
    return Readings("service", series, complete=complete)


def metric(name, value=None, **keys):
    labels = keys.pop("labels", {})
    return Readings("metric", (Reading({"metric": name, **labels}, value=value, **keys),))


class World:
    """The pure engine with its memory, and every message that it put out."""

    def __init__(self, made=None):
        self.config = made or config()
        self.standing = Standing()
        self.now = NOW
        self.sent = []
        self.transitions = []
        self.decision = None

    def tick(self, *inputs, seconds=30):
        """Evaluate `inputs`, then let the clock go on; return the messages of this evaluation."""
        before = self.standing
        self.decision = done = decide(self.config, before, inputs, self.now)
        over = {**before.over, **{one.alert_id: one for one in done.lives.ended}}
        told = {alert for group in done.groups.values() for alert in group.told}
        self.standing = Standing(
            series=done.lives.series,
            episodes=done.lives.episodes,
            groups=done.groups,
            over={alert: one for alert, one in over.items() if alert in told},
            silences=before.silences,
            asked=done.asked,
        )
        self.transitions += done.lives.transitions
        self.sent += done.outbox
        self.now += timedelta(seconds=seconds)
        return [message for _, message in done.outbox]

    def kinds(self, channel=None):
        return [message.kind.value for name, message in self.sent if channel in {None, name}]

    def states(self):
        """Return series' service -> the state of its open alert."""
        return {one.labels.get("service", one.rule): one.state.value for one in self.standing.episodes.values()}

    def change(self, service_name, **fields):
        """Change the open alert of a service, as a person does."""
        from dataclasses import replace

        changed = {
            key: replace(one, **fields) if one.labels.get("service") == service_name else one
            for key, one in self.standing.episodes.items()
        }
        self.standing = replace(self.standing, episodes=changed)


def told(messages, kind=MessageKind.FIRE):
    """Return the services that messages of `kind` tell of."""
    of_kind = [one for one in messages if one.kind == kind]
    lines = [line for one in of_kind for line in (one.resolved if kind == MessageKind.RESOLVE else one.firing)]
    return sorted(line.labels.get("service", line.rule) for line in lines)


__all__ = ["BAD", "OK", "UNKNOWN", "AlertState", "World", "config", "metric", "rule", "service", "services", "told"]
