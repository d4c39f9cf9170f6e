"""The figures of the log report, and what they mean: are there more errors than there were?"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from pake_pipelines.model.dagster_facts import DagsterFacts
from pake_pipelines.reports.amounts import counted
from pake_pipelines.reports.document import Tone
from pake_pipelines.reports.log.files import LogReading
from pake_pipelines.reports.log.lines import ERRORS
from pake_pipelines.store.audit_statistics import ActionCount, ActorCount, AuditTotals
from pake_pipelines.store.error_summary import ErrorCount

WINDOW: Final = timedelta(days=7)
OWN_ACTORS: Final = frozenset({"pake", "dagster"})
"""What acts by itself, and is nobody."""

_DAY: Final = timedelta(days=1)
# errors come in bursts, so that chance alone makes no alarm of a few more
_DEVIATIONS: Final = 3.0
_RATIO: Final = 1.5


@dataclass(frozen=True, slots=True)
class Logs:
    """Everything the log report says, on the 7 days up to `made_at`.

    `failures_by_day` are those of what is stored (visits, stages, restarts, messages), of whole days.
    """

    made_at: datetime
    totals: AuditTotals
    before: AuditTotals
    actions: Sequence[ActionCount]
    actors: Sequence[ActorCount]
    reading: LogReading
    errors: Sequence[ErrorCount]
    failures_by_day: Mapping[date, int]
    facts: DagsterFacts | None
    dagster: str

    @property
    def since(self) -> datetime:
        """Where the window begins."""
        return self.made_at - WINDOW

    @property
    def levels(self) -> Counter[str]:
        """Lines of the window by their level."""
        found: Counter[str] = Counter()
        for (_, level), lines in self.reading.tally.days.items():
            found[level] += lines
        return found

    @property
    def error_lines(self) -> int:
        """Lines of the window that are errors, or worse."""
        return sum(lines for level, lines in self.levels.items() if level in ERRORS)

    @property
    def people(self) -> list[ActorCount]:
        """Those who did something, without what acts by itself."""
        return [one for one in self.actors if one.actor not in OWN_ACTORS]


@dataclass(frozen=True, slots=True)
class Rate:
    """Errors of this week beside those of the week before: `ratio` is of their numbers per day, None if not known."""

    tone: Tone
    word: str
    says: str
    ratio: float | None = None


def error_rate(logs: Logs) -> Rate:
    """Judge the lines of level error against those of the week before, as far back as lines are whole."""
    whole = logs.reading.whole_since
    if whole is None:
        return Rate(Tone.UNKNOWN, "unknown", "no line was read")
    days = (logs.made_at - max(whole, logs.since)) / _DAY
    days_before = (logs.since - whole) / _DAY
    before = sum(logs.reading.tally.before[level] for level in ERRORS)
    return compared(logs.error_lines, days, before, days_before)


def compared(now: int, days: float, before: int, days_before: float) -> Rate:
    """Compare two numbers of errors, each counted over so many days.

    More than chance allows (the conditional test of two Poisson rates by Przyborowski and Wilenski, 3 deviations) and
    at least half as many again is a warning; less than a day to compare with says nothing.
    """
    if days_before < 1 or days <= 0:
        return Rate(Tone.UNKNOWN, "not comparable", "lines of the week before are not there, or not all of them")
    says = f"{now:,} in {days:.1f} days, {before:,} in the {days_before:.1f} days before"
    if now + before == 0:
        return Rate(Tone.GOOD, "none", says)
    ratio = (now / days) / (before / days_before) if before else None
    expected = (now + before) * days / (days + days_before)
    deviation = math.sqrt(expected * days_before / (days + days_before))
    if now - expected > _DEVIATIONS * deviation and (ratio is None or ratio >= _RATIO):
        return Rate(Tone.WARN, "more errors", says, ratio)
    if expected - now > _DEVIATIONS * deviation and ratio is not None and ratio <= 1 / _RATIO:
        return Rate(Tone.GOOD, "fewer errors", says, ratio)
    return Rate(Tone.PLAIN, "as before", says, ratio)


def lead(logs: Logs, rate: Rate) -> str:
    """Return the one sentence of the report."""
    if logs.reading.whole_since is None:
        lines = "No log line of the last 7 days was found"
    else:
        times = f", {rate.ratio:.1f} times as many a day as in the week before" if _is_change(rate) else ""
        lines = f"{counted(logs.error_lines, 'error line', 'error lines')} in 7 days{times}"
    if not logs.totals.events:
        return f"{lines}; nobody did anything that is audited."
    people = len(logs.people)
    by = [counted(people, "person", "people")] if people else []
    if len(logs.actors) > people:
        by.append("the project itself")
    return f"{lines}; {counted(logs.totals.events, 'audited action', 'audited actions')} by {' and '.join(by)}."


def _is_change(rate: Rate) -> bool:
    return rate.ratio is not None and rate.word in {"more errors", "fewer errors"}
