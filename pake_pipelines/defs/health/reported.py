"""What was reported to Dagster last, kept in the sensor's cursor: what has changed since is reported at once.

The cursor is saved by Dagster with the tick, so that it holds what was really reported, and it does not need the
knowledge database, whose absence must be reported, too.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import dagster as dg

# a check that has not changed is shown as it is; told again it is so often, so that its age says that it is looked at
_CHECKS_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Reported:
    """When something was reported, when all checks were, and how each check stood: passed, or which severity."""

    at: datetime | None = None
    checks_at: datetime | None = None
    checks: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, cursor: str | None) -> "Reported":
        """Read a cursor; one that cannot be read (of another version) is none."""
        try:
            kept = json.loads(cursor or "{}")
            return cls(_moment(kept["at"]), _moment(kept["checks_at"]), dict(kept["checks"]))
        except (ValueError, KeyError, TypeError):
            return cls()

    @property
    def cursor(self) -> str:
        """What to keep of this."""
        moments = {"at": self.at, "checks_at": self.checks_at}
        shown = {name: at.isoformat() if at else None for name, at in moments.items()}
        return json.dumps({**shown, "checks": dict(self.checks)})

    def is_due(self, now: datetime, minutes: float) -> bool:
        """Tell whether the last report is so old that another is due; a moment to come was a clock set back since."""
        # a tick comes a little sooner or later than half a minute after the last
        return self.at is None or not timedelta() <= now - self.at < timedelta(minutes=minutes, seconds=-10)

    def changed(self, checks: Sequence[dg.AssetCheckResult], now: datetime) -> list[dg.AssetCheckResult]:
        """Return those of `checks` that are to be reported: all once an hour, else what stands otherwise."""
        if self.checks_at is None or not timedelta() <= now - self.checks_at < _CHECKS_EVERY:
            return list(checks)
        return [check for check in checks if self.checks.get(_name(check)) != _standing(check)]

    def after(
        self, checks: Sequence[dg.AssetCheckResult], told: Sequence[dg.AssetCheckResult], now: datetime
    ) -> "Reported":
        """Return what has been reported when `told` of all `checks` are."""
        everything = len(told) == len(checks)
        return Reported(now, now if everything else self.checks_at, {_name(one): _standing(one) for one in checks})


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _name(check: dg.AssetCheckResult) -> str:
    return f"{check.asset_key.to_user_string() if check.asset_key else ''}:{check.check_name}"


def _standing(check: dg.AssetCheckResult) -> str:
    return "passed" if check.passed else check.severity.value
