"""Lines of our own log files counted by their level field, never by the words in them (MON-46).

A line is JSON, or the text form of it, as `telemetry` writes them; what is neither is counted apart.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from pake_pipelines.redaction import redact

LOUD: Final = frozenset({"warning", "error", "critical"})
ERRORS: Final = frozenset({"error", "critical"})
MOST_GROUPS: Final = 2000
"""Different messages that are told apart; of those beyond it only the lines are counted."""

# what a line begins with; to read all of its JSON would take ten times as long
_TIME: Final = rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00)"
_JSON: Final = re.compile(rb'\{"timestamp":"' + _TIME + rb'","level":"([a-z]+)","component":"([^"\\]*)"')
_TEXT: Final = re.compile(_TIME + rb" (DEBUG|INFO|WARNING|ERROR|CRITICAL) (\S+): (.*)", re.DOTALL)
_BELOW: Final = b"    | "
# longer than any message needs to be told from others, and not cut before secrets are looked for
_LONGEST: Final = 2000
_VARYING: Final = re.compile(
    r"""(?P<URL>https?://\S+)|(?P<ADDRESS>[\w.+-]+@[\w.-]+)
    |(?P<ID>\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b(?=[a-f]*\d)[0-9a-f]{8,64}\b)
    |(?P<PATH>(?:/[\w.@+-]+){2,}/?)|(?P<TEXT>'[^']{1,200}'|"[^"]{1,200}")
    |(?P<N>\d+(?:[.,:]\d+)*)""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(slots=True)
class Group:
    """Lines of one level and logger that say the same but for numbers, names and addresses; `said` is the newest."""

    lines: int = 0
    last: str = ""
    said: str = ""


@dataclass(slots=True)
class Tally:
    """What was counted between `since` and `until`, of which the last part begins at `middle`; all as texts.

    `days` has (day, level) of the last part, `before` the levels of the first. `other` are lines that are no line of
    ours, `below` those of tracebacks in the text form, `outside` those of another time.
    """

    since: str
    middle: str
    until: str
    days: Counter[tuple[str, str]] = field(default_factory=Counter)
    before: Counter[str] = field(default_factory=Counter)
    loggers: Counter[tuple[str, str]] = field(default_factory=Counter)
    groups: dict[tuple[str, str, str], Group] = field(default_factory=dict)
    ungrouped: int = 0
    other: int = 0
    below: int = 0
    outside: int = 0
    oldest: str | None = None

    def count(self, line: bytes) -> None:
        """Count one line without its end."""
        found = _JSON.match(line) if line.endswith(b"}") else None
        found = found or _TEXT.match(line)
        if found is not None:
            at, level, component = (part.decode("utf-8", "replace") for part in found.groups()[:3])
            self._counted(at, level.lower(), component, line)
        elif line.startswith(_BELOW):
            self.below += 1
        elif line:
            self.other += 1

    def _counted(self, at: str, level: str, component: str, line: bytes) -> None:
        if not self.since <= at < self.until:
            self.outside += 1
            return
        if self.oldest is None or at < self.oldest:
            if moment(at) is None:
                self.other += 1
                return
            self.oldest = at
        if at < self.middle:
            self.before[level] += 1
            return
        self.days[at[:10], level] += 1
        if level in LOUD:
            self._loud(at, level, component, line)

    def _loud(self, at: str, level: str, component: str, line: bytes) -> None:
        self.loggers[component, level] += 1
        said = _said(line)
        key = (level, component, alike(said))
        group = self.groups.get(key)
        if group is None:
            if len(self.groups) >= MOST_GROUPS:
                self.ungrouped += 1
                return
            group = self.groups[key] = Group()
        group.lines += 1
        if at >= group.last:
            group.last, group.said = at, said


def tally(since: datetime, middle: datetime, until: datetime) -> Tally:
    """Return a tally of nothing yet."""
    return Tally(stamp(since), stamp(middle), stamp(until))


def stamp(moment: datetime) -> str:
    """Return `moment` as lines have it: of one length, so that texts stand in the order of their times."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def moment(at: str) -> datetime | None:
    """Return when a line was written, None where that is no time."""
    try:
        return datetime.fromisoformat(at)
    except ValueError:
        return None


def alike(said: str) -> str:
    """Return a message without what differs from line to line: numbers, ids, addresses, paths, what is quoted."""
    return _VARYING.sub(lambda found: f"<{(found.lastgroup or '').lower()}>", said[:_LONGEST])[:300]


def shown(said: str) -> str:
    """Return a message as a report shows it: without secrets first, then without what differs."""
    return alike(redact(said))


def _said(line: bytes) -> str:
    """Return what a line says, and the kind of error that it has."""
    if (text := _TEXT.match(line)) is not None:
        return text[4].decode("utf-8", "replace")[:_LONGEST]
    import orjson

    try:
        read: Any = orjson.loads(line)
    except orjson.JSONDecodeError:
        return "(a line that is cut off)"
    kind = f"{read['error']}: " if isinstance(read.get("error"), str) else ""
    return f"{kind}{read.get('event', '')}"[:_LONGEST]
