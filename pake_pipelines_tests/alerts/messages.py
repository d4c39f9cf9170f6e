"""Messages for the tests of this room."""

from datetime import timedelta

from pake_pipelines.model.alert import AlertLine, Message, MessageKind, Severity
from pake_pipelines_tests.conftest import NOW


def line(alert_id="alert-1", **changes):
    usual = {
        "alert_id": alert_id, "rule": "service-down", "severity": Severity.CRITICAL, "summary": "redis is down",
        "labels": {"service": "redis"}, "started_at": NOW, "recommendations": ("restart it",),
        "runbook": "service-down",
    }  # fmt: skip
    return AlertLine(**usual | changes)


def message(key="fire-1", **changes):
    usual = {
        "key": key, "kind": MessageKind.FIRE, "group": "service-down", "title": "redis is down",
        "severity": Severity.CRITICAL, "created_at": NOW, "firing": (line(),),
    }  # fmt: skip
    return Message(**usual | changes)


def resolve(key="resolve-1", **changes):
    over = line(resolved_at=NOW + timedelta(minutes=5))
    return message(key, **{"kind": MessageKind.RESOLVE, "firing": (), "resolved": (over,)} | changes)
