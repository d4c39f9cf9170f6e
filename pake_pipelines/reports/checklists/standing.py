"""Items on how everything stands: services, alerts, key figures, backups, errors, incidents."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from pake_pipelines.model.health import DOWN, HealthStatus
from pake_pipelines.model.incident import Incident
from pake_pipelines.model.maintenance import ProofState
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.reports.advice.rule import named
from pake_pipelines.reports.advice.upkeep import usable
from pake_pipelines.reports.amounts import amount, counted, share
from pake_pipelines.reports.checklists.judged import Judged, failed, passed, unknown
from pake_pipelines.reports.checklists.seen import RHYTHMS, Seen
from pake_pipelines.reports.checklists.tasks import Judge
from pake_pipelines.reports.parts.judged_rules import not_judged
from pake_pipelines.reports.strangers import shown

_SEEN_SHARE: Final = 0.9
"""Of a day at least so much must have been seen: an outage hides in what was not."""


def health(seen: Seen) -> Judged:
    """Judge how the services stand."""
    told = [one for one in seen.situation.services or () if one.status is not HealthStatus.NOT_CONFIGURED]
    if not told:
        return unknown("no service was probed")
    bad = [one for one in told if one.status in DOWN or one.status is HealthStatus.DEGRADED]
    if bad:
        said = named(f"{shown(one.service, 60)} is {one.status.value}: {shown(one.detail)}" for one in bad)
        return failed(f"{len(bad)} of {len(told)} services: {said}")
    silent = [one for one in told if one.status is HealthStatus.UNKNOWN]
    if silent:
        said = named(f"{shown(one.service, 60)}: {shown(one.detail)}" for one in silent)
        return unknown(f"nothing is known of {len(silent)} of {len(told)} services: {said}")
    healthy = counted(len(told), "service is", "services are")
    return passed(f"{healthy} healthy, probed last {_at(max(one.at for one in told))}")


def availability(seen: Seen) -> Judged:
    """Judge whether every critical service served all of the last day."""
    critical = [
        one.service
        for one in seen.situation.services or ()
        if one.critical and one.status is not HealthStatus.NOT_CONFIGURED
    ]
    if seen.uptimes is None or not critical:
        return unknown("no critical service was probed")
    found = {name: seen.uptimes.get(name) for name in critical}
    out = [f"{shown(name, 60)} {share(one.up_share)}" for name, one in found.items() if one and _was_down(one.up_share)]
    if out:
        return failed(f"served of the last 24 hours: {named(out)}")
    unseen = [
        f"{shown(name, 60)} {share(one.known_share) if one else '0 %'}"
        for name, one in found.items()
        if one is None or (one.known_share or 0) < _SEEN_SHARE
    ]
    if unseen:
        return unknown(f"too little was seen of the last 24 hours: {named(unseen)}")
    served = counted(len(critical), "critical service", "critical services")
    return passed(f"{served} served throughout the last 24 hours, as far as was seen")


def _was_down(up_share: float | None) -> bool:
    return up_share is not None and up_share < 1


def security_alerts(seen: Seen) -> Judged:
    """Judge whether an alert on security fires; without anybody judging the rules that is not known."""
    if seen.security_alerts is None:
        return unknown("alerts were not read")
    if seen.security_alerts:
        return failed(named(f"{one.rule}: {shown(one.summary)}" for one in seen.security_alerts))
    if why := not_judged(seen.evaluated_at, seen.now):
        return unknown(why)
    return passed(f"none of {len(seen.security_rules)} rules on security fires, judged last {_at(seen.evaluated_at)}")


def _at(moment: datetime | None) -> str:
    return f"on {moment:%d %b %H:%M} UTC" if moment else "never"


def key_figures(seen: Seen) -> Judged:
    """Judge the key figures against their bounds."""
    if not seen.kpis:
        return unknown("no key figure was measured")
    bad = [one for one in seen.kpis if one.status in {CheckStatus.WARN, CheckStatus.FAIL}]
    if bad:
        said = named(f"{one.name} {amount(one.value, one.unit)}, {amount(one.warn, one.unit)} warns" for one in bad)
        return failed(said)
    silent = [one for one in seen.kpis if one.status is not CheckStatus.OK]
    if silent:
        said = named(f"{one.name}: {shown(one.detail)}" for one in silent)
        return unknown(f"{len(silent)} of {len(seen.kpis)} key figures are unknown: {said}")
    return passed(named(f"{one.name} {amount(one.value, one.unit)}" for one in seen.kpis))


def backups(seen: Seen) -> Judged:
    """Judge the age of the newest backup, and of the newest proven one."""
    bounds, known = seen.situation.bounds.backups, seen.situation.backups
    if known is None or bounds is None:
        return unknown("backups were not read")
    held = usable(known)
    if not held:
        return failed("there is no backup that could be restored")
    age = _hours(seen.now, held[0].created_at)
    if age > bounds.age_hours:
        return failed(f"the newest, {held[0].name}, is {ceil(age)} h old; {bounds.age_hours:g} h are allowed")
    proven = next((one for one in held if one.state is ProofState.PROVEN), None)
    if proven is not None and _hours(seen.now, proven.created_at) <= (bounds.proven_hours or bounds.age_hours):
        old = _hours(seen.now, proven.created_at)
        return passed(f"the newest, {held[0].name}, is {age:.0f} h old; {proven.name}, {old:.0f} h old, is proven")
    last = (
        f"the last proven one is {_hours(seen.now, proven.created_at):.0f} h old" if proven else "none was ever proven"
    )
    if held[0].state is ProofState.UNAVAILABLE:
        return unknown(f"{held[0].name} could not be tried: {shown(held[0].detail)}; {last}")
    return failed(f"the newest, {held[0].name}, is {age:.0f} h old; {last}")


def _hours(now: datetime, then: datetime) -> float:
    return (now - then) / timedelta(hours=1)


def restored(rhythm: str) -> Judge:
    """Return an item that asks for a backup that was restored and compared within the rhythm."""

    def judge(seen: Seen) -> Judged:
        if seen.situation.backups is None:
            return unknown("backups were not read")
        tried = [one for one in seen.situation.backups if one.proved_at and seen.now - one.proved_at <= RHYTHMS[rhythm]]
        proven = [one for one in tried if one.state is ProofState.PROVEN]
        damaged = [one for one in tried if one.state is ProofState.DAMAGED and one.removed_at is None]
        if damaged:
            of_them = counted(len(damaged), "backup is", "backups are")
            return failed(f"{of_them} damaged: {named(f'{one.name}: {shown(one.detail)}' for one in damaged)}")
        if not proven:
            return unknown("no backup was restored and compared within that time")
        newest = max(proven, key=lambda one: one.proved_at or one.created_at)
        return passed(f"{len(proven)} restored and found equal, the last, {newest.name}, {_at(newest.proved_at)}")

    return judge


def error_logs(seen: Seen) -> Judged:
    """Judge whether the logs have more errors than usual."""
    if seen.log is None:
        return unknown("no log line of the last days was found")
    lines = f"{counted(seen.log.lines, 'error line', 'error lines')} in the last 24 hours"
    if seen.log.more:
        return failed(f"{lines}, more than usual: {seen.log.says}")
    if seen.log.whole and (seen.log.lines == 0 or seen.log.more is False):
        return passed(f"{lines}; {seen.log.says}")
    if not seen.log.whole:
        return unknown(f"{lines}, of which not all lines could be read")
    return unknown(f"{lines}; whether that is usual is not known: {seen.log.says}")


def open_incidents(seen: Seen) -> Judged:
    """Judge whether an incident is open."""
    if seen.situation.incidents is None:
        return unknown("incidents were not read")
    if seen.situation.incidents:
        return failed(f"{len(seen.situation.incidents)} open: {_incidents(seen.situation.incidents)}")
    if why := not_judged(seen.evaluated_at, seen.now):
        return unknown(why)
    return passed("no incident is open")


def incidents_closed(seen: Seen) -> Judged:
    """Judge whether all incidents of the month are closed."""
    if seen.incidents is None:
        return unknown("incidents were not read")
    still = [one for one in seen.incidents if not one.is_closed]
    if still:
        of_them = counted(len(seen.incidents), "incident", "incidents")
        return failed(f"{len(still)} of {of_them} of the month still open: {_incidents(still)}")
    if why := not_judged(seen.evaluated_at, seen.now):
        return unknown(why)
    closed = counted(len(seen.incidents), "incident of the month is", "incidents of the month are")
    return passed(f"{closed} closed" if seen.incidents else "there was none")


def _incidents(found: Sequence[Incident]) -> str:
    return named(f"{one.incident_id} {shown(one.title)}" for one in found)


def watched(seen: Seen) -> Judged:
    """Judge whether the watching itself is set up: samples, evaluations, a channel that reaches people."""
    sampling = seen.situation.sampling
    if sampling is None:
        return unknown("samples were not read")
    if sampling.at is None:
        return failed("no metric was ever sampled")
    if (seen.now - sampling.at).total_seconds() > 60 * seen.situation.bounds.sample_minutes:
        return failed(f"metrics were sampled last {_at(sampling.at)}")
    if why := not_judged(seen.evaluated_at, seen.now):
        return failed(why)
    used, wanted = seen.situation.channels or {}, seen.situation.bounds.channels
    reached = [name for name in wanted if name in used and used[name].state == "sent"]
    if reached:
        said = f"metrics sampled {_at(sampling.at)}, alert rules judged {_at(seen.evaluated_at)}"
        return passed(f"{said}, messages got out by {', '.join(reached)}")
    lack = [f"{name}: {shown(used[name].detail)}" for name in wanted if name in used]
    if not wanted or len(lack) == len(wanted):
        return failed(f"nobody is told of alerts: {named(lack)}" if lack else "no channel but the log is switched on")
    return unknown("no message has gone out yet, so that nobody knows whether one would")
