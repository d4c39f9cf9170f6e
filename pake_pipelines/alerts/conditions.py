"""What the rules see: each enabled rule's series of its input, and whether each is good, bad or unknown.

A value that is missing, no number, or older than the rule allows is unknown, and unknown is never good.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson

from pake_pipelines.alerts.matching import fits
from pake_pipelines.config.alerting import Rule
from pake_pipelines.model.alert import Condition, Reading, Readings, Severity

_LONGEST: Final = 1000
# the gravest first: of two readings of one series
_RANKS: Final = {Condition.BAD: 0, Condition.UNKNOWN: 1, Condition.OK: 2}


@dataclass(frozen=True, slots=True)
class Observation:
    """What a rule sees of one series. `blind` is an unknown one of which there is nothing at all to judge by.

    `at` is when it was read, where the input says so: the same reading handed in again is no new one.
    """

    fingerprint: str
    labels: Mapping[str, str]
    condition: Condition
    value: float | None = None
    detail: str = ""
    at: datetime | None = None
    blind: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """All that one rule saw at one evaluation.

    `due` is False when its input was not handed in. `gone` says that series which are not among these exist no more.
    `unjudged` says why the rule could not be judged; it is empty where it could.
    """

    rule: str
    due: bool = False
    observations: Mapping[str, Observation] | None = None
    gone: bool = False
    unjudged: str = ""

    def of(self, condition: Condition) -> int:
        """Return how many series are so."""
        return sum(one.condition is condition for one in (self.observations or {}).values())


def fingerprint(rule: str, labels: Mapping[str, str]) -> str:
    """Return what tells a series from all others: a hash of the rule's name and the sorted labels of the series.

    Labels that the rule adds are no part of it, so that they may be changed while it fires.
    """
    content = orjson.dumps([rule, labels], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def severity_of(rule: Rule, labels: Mapping[str, str]) -> Severity:
    """Return how grave an alert of a series is: of an objective as its window says, else as the rule says."""
    if rule.input != "slo":
        return rule.severity
    own = labels.get("severity")
    return Severity(own) if own in set(Severity) else rule.severity


def covers(rule: Rule, labels: Mapping[str, str]) -> bool:
    """Tell whether a rule looks at a series of its input."""
    if rule.metric is not None and labels.get("metric") != rule.metric:
        return False
    if rule.slo is not None and labels.get("slo") != rule.slo:
        return False
    return not rule.match or fits(rule.match, labels)


def look(rules: Mapping[str, Rule], inputs: Sequence[Readings], now: datetime) -> dict[str, Seen]:
    """Return rule -> what it sees, of all enabled rules but those of input `rule`, which judge the others."""
    by_input = _merged(inputs)
    by_metric = _by_metric(by_input.get("metric"))
    return {
        name: _seen(name, rule, by_input.get(rule.input), by_metric, now)
        for name, rule in rules.items()
        if rule.enabled and rule.input != "rule"
    }


def look_at_rules(rules: Mapping[str, Rule], seen: Mapping[str, Seen], now: datetime) -> dict[str, Seen]:
    """Return what the rules of input `rule` see: the other rules, bad where they could not be judged."""
    series = tuple(Reading({"rule": name}, condition=_judged(one), detail=one.unjudged) for name, one in seen.items())
    readings = Readings("rule", series, complete=True)
    return {
        name: _seen(name, rule, readings, {}, now)
        for name, rule in rules.items()
        if rule.enabled and rule.input == "rule"
    }


def _judged(seen: Seen) -> Condition:
    if not seen.due:
        return Condition.UNKNOWN
    return Condition.BAD if seen.unjudged else Condition.OK


def _merged(inputs: Iterable[Readings]) -> dict[str, Readings]:
    merged: dict[str, Readings] = {}
    for one in inputs:
        other = merged.get(one.input)
        merged[one.input] = one if other is None else Readings(
            one.input,
            (*other.series, *one.series),
            complete=other.complete and one.complete,
            error=other.error or one.error,
        )  # fmt: skip
    return merged


def _by_metric(readings: Readings | None) -> dict[str, list[Reading]]:
    found: dict[str, list[Reading]] = {}
    for one in readings.series if readings else ():
        found.setdefault(one.labels.get("metric", ""), []).append(one)
    return found


def _seen(
    name: str, rule: Rule, readings: Readings | None, by_metric: Mapping[str, Sequence[Reading]], now: datetime
) -> Seen:
    if readings is None:
        return Seen(name)
    if readings.error is not None:
        return Seen(name, due=True, unjudged=f"its input could not be read: {readings.error}")
    series = readings.series if rule.metric is None else by_metric.get(rule.metric, ())
    found: dict[str, Observation] = {}
    for one in _observations(name, rule, series, now):
        other = found.get(one.fingerprint)
        if other is None or _RANKS[one.condition] < _RANKS[other.condition]:
            found[one.fingerprint] = one
    return Seen(name, True, found, readings.complete, _why_unjudged(rule, found))


def _why_unjudged(rule: Rule, found: Mapping[str, Observation]) -> str:
    if not found and rule.metric is not None:
        return f"there is no sample of the metric {rule.metric}" + (" that fits" if rule.match else "")
    if not found and rule.slo is not None:
        return f"nothing is measured of the objective {rule.slo}"
    if found and all(one.blind for one in found.values()):
        return next(iter(found.values())).detail or "all that it looks at is unknown"
    return ""


def _observations(name: str, rule: Rule, series: Iterable[Reading], now: datetime) -> Iterator[Observation]:
    for one in series:
        labels = {label: _storable(value) for label, value in one.labels.items()}
        if covers(rule, labels):
            condition, unknown_because = _judge(rule, one, now)
            detail = ": ".join(part for part in (unknown_because, _storable(one.detail)) if part)
            lacking = one.value is None and not one.unavailable
            blind = condition is Condition.UNKNOWN and (lacking or bool(unknown_because))
            yield Observation(fingerprint(name, labels), labels, condition, one.value, detail, one.at, blind)


def _storable(text: str) -> str:
    """Return `text` as a database takes it, and not without end: what a service answers may be anything."""
    text = str(text)
    if not text.isprintable():
        text = text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text[:_LONGEST]


def _judge(rule: Rule, reading: Reading, now: datetime) -> tuple[Condition, str]:
    """Return how a series is, and why it is unknown where the reading does not say so itself."""
    if reading.at is not None and (age := (now - reading.at).total_seconds()) > rule.stale_seconds:
        return Condition.UNKNOWN, f"read {age:.0f} s ago, which is too old"
    if rule.metric is None or reading.condition is Condition.UNKNOWN:
        return reading.condition or Condition.UNKNOWN, ""
    if reading.value is None or math.isnan(reading.value):
        return Condition.UNKNOWN, "no value"
    high = rule.above is not None and reading.value > rule.above
    low = rule.below is not None and reading.value < rule.below
    return Condition.BAD if high or low else Condition.OK, ""
