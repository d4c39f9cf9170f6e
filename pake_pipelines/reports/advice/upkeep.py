"""Rules on backups, maintenance, audits and channels: what keeps everything else trustworthy."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from pake_pipelines.model.maintenance import ProofState
from pake_pipelines.reports.advice.rule import Rule, named
from pake_pipelines.reports.advice.situation import Situation
from pake_pipelines.reports.amounts import counted
from pake_pipelines.reports.document import Tone
from pake_pipelines.reports.strangers import shown
from pake_pipelines.store.backups import BackupRow
from pake_pipelines.store.maintenance_runs import TaskRun

# some task is due every few hours
_SILENT_FOR: Final = timedelta(days=2)
_HOUR: Final = timedelta(hours=1)
_FAILED: Final = frozenset({"failed", "abandoned"})
_SCAN: Final = "dependency_scan"
_AUDIT: Final = "configuration_audit"
_UPDATES: Final = "system_updates"
_APART: Final = frozenset({_SCAN, _AUDIT})  # they have rules of their own


def usable(backups: Sequence[BackupRow] | None) -> list[BackupRow]:
    """Return the backups that are there and not damaged, the newest first."""
    held = [one for one in backups or () if one.removed_at is None and one.state is not ProofState.DAMAGED]
    return sorted(held, key=lambda one: (one.created_at, one.name), reverse=True)


def _age(now: datetime, then: datetime) -> float:
    return (now - then) / _HOUR


def _backup_old(now: Situation) -> str | None:
    if now.backups is None or now.bounds.backups is None:
        return None
    held = usable(now.backups)
    if not held:
        return "there is no backup"
    age, most = _age(now.now, held[0].created_at), now.bounds.backups.age_hours
    return f"the newest backup is {ceil(age)} h old; {most:g} h are allowed" if age > most else None


def _backup_unproven(now: Situation) -> str | None:
    bounds = now.bounds.backups
    held = usable(now.backups)
    if not held or bounds is None or bounds.proven_hours is None:
        return None
    proven = next((one for one in held if one.state is ProofState.PROVEN), None)
    if proven is None:
        return f"none of {len(held)} backups was restored and found equal"
    age = _age(now.now, proven.created_at)
    allowed = bounds.proven_hours
    return f"the newest proven backup is {ceil(age)} h old; {allowed:g} h are allowed" if age > allowed else None


def _backup_damaged(now: Situation) -> str | None:
    found = [one for one in now.backups or () if one.removed_at is None and one.state is ProofState.DAMAGED]
    return named(f"{one.name}: {shown(one.detail)}" for one in found) or None


def _tasks_failed(now: Situation) -> str | None:
    found = [one for name, one in sorted((now.tasks or {}).items()) if one.state in _FAILED and name not in _APART]
    return named(f"{one.task}: {shown(one.summary or one.state)}" for one in found) or None


def _nothing_maintained(now: Situation) -> str | None:
    if now.tasks is None or not now.bounds.scheduled:
        return None
    newest = max((one.started_at for one in now.tasks.values()), default=None)
    if newest is None:
        return "no task of maintenance has ever run"
    return f"the last task of maintenance ran on {newest:%d %b %H:%M} UTC" if now.now - newest > _SILENT_FOR else None


def _audit_errors(now: Situation) -> str | None:
    run = now.task(_AUDIT)
    errors = run.details.get("errors") if run else None
    return _first(run, "error") if run and errors else None


def _audit_warnings(now: Situation) -> str | None:
    run = now.task(_AUDIT)
    if run is None or run.details.get("errors"):
        return None
    return _first(run, "warning") if run.details.get("warnings") else None


def _first(run: TaskRun, severity: str) -> str:
    found = [one for one in run.details.get("findings") or () if one.get("severity") == severity]
    said = named(shown(f"{one.get('where', '')} {one.get('what', '')}") for one in found)
    return f"{said or shown(run.summary)} (audited {run.started_at:%d %b %H:%M} UTC)"


def _vulnerable(now: Situation) -> str | None:
    run = now.task(_SCAN)
    return shown(run.summary) if run and run.details.get("total_vulnerabilities") else None


def _scan_silent(now: Situation) -> str | None:
    if now.tasks is None or _SCAN not in now.bounds.scheduled:
        return None
    run = now.task(_SCAN)
    if run is None:
        return "no scan for known vulnerabilities has ever ended"
    if run.details.get("total_vulnerabilities") or run.state == "done":
        return None
    return shown(f"{run.started_at:%d %b %H:%M} UTC: {run.summary}", 300)


def _updates(now: Situation) -> str | None:
    run = now.task(_UPDATES)
    pending = run.details.get("pending") if run else None
    if run is None or not pending:
        return None
    said = counted(pending, "update of the system was", "updates of the system were")
    return f"{said} pending on {run.started_at:%d %b}"


def _channels_lack(now: Situation) -> dict[str, str]:
    used = now.channels or {}
    return {
        name: shown(used[name].detail) or "not configured"
        for name in now.bounds.channels
        if name in used and used[name].state == "not_configured"
    }


def _nobody_told(now: Situation) -> str | None:
    lack = _channels_lack(now)
    if now.channels is None or len(lack) < len(now.bounds.channels):
        return None
    if not lack:
        return "no channel that reaches people is switched on"
    return named(f"{name}: {why}" for name, why in lack.items())


def _some_channels_lack(now: Situation) -> str | None:
    lack = _channels_lack(now)
    if not lack or len(lack) == len(now.bounds.channels):
        return None
    return named(f"{name}: {why}" for name, why in lack.items())


UPKEEP: Final = (
    Rule(
        "backup-old", "BAK-05", Tone.BAD,
        "Make a backup now",
        "there is no backup, or the newest is older than `backup.max_age_hours` of configs/maintenance.yaml",
        "`pake backup create`",
        _backup_old, runbook="backup-old",
    ),
    Rule(
        "backup-damaged", "BAK-11", Tone.BAD,
        "A backup is damaged - make another one, and look at the disk",
        "a backup that is there was restored and is not equal, or cannot be read",
        "`pake backup create`, then `pake backup verify --latest`",
        _backup_damaged, runbook="backup-damaged",
    ),
    Rule(
        "backup-unproven", "BAK-10", Tone.WARN,
        "Prove a backup by restoring it",
        "none is proven, or the newest proven one is older than the alert rule on `backup_proven_age_hours` allows",
        "`pake backup verify --latest`",
        _backup_unproven, runbook="backup-old",
    ),
    Rule(
        "nothing-maintained", "MNT-07", Tone.BAD,
        "No maintenance is done - see whether Dagster's daemon runs and the sensor of maintenance is on",
        "no task of maintenance has begun for two days",
        "`pake maintenance list` shows what is due, `pake maintenance run TASK` does it now",
        _nothing_maintained, runbook="maintenance-does-not-run",
    ),
    Rule(
        "tasks-failed", "MNT-07", Tone.WARN,
        "See to the tasks of maintenance that failed",
        "the newest run of a task failed or was cut off; audits and scans have rules of their own",
        "`pake maintenance history TASK` says why, `pake maintenance run TASK` tries again",
        _tasks_failed, runbook="maintenance-failed",
    ),
    Rule(
        "audit-errors", "SEC-10", Tone.BAD,
        "Correct what the audit of the configuration found",
        "the last `configuration_audit` has errors",
        "`pake maintenance history configuration_audit` says what to do about each, "
        "`pake maintenance run configuration_audit` looks again",
        _audit_errors, runbook="audit-findings",
    ),
    Rule(
        "audit-warnings", "SEC-09", Tone.NOTICE,
        "Look at the warnings of the audit of the configuration",
        "the last `configuration_audit` has warnings and no errors",
        "`pake maintenance history configuration_audit`",
        _audit_warnings, runbook="audit-findings",
    ),
    Rule(
        "vulnerable", "SEC-02", Tone.BAD,
        "Update dependencies with known vulnerabilities",
        "the last `dependency_scan` found any",
        "`pip install --upgrade PACKAGE`, then `pake maintenance run dependency_scan`",
        _vulnerable, runbook="vulnerabilities",
    ),
    Rule(
        "scan-silent", "SEC-03", Tone.NOTICE,
        "Nobody knows whether dependencies are vulnerable - let the scan reach an advisory service",
        "the last `dependency_scan` could not say anything, or there was none",
        "`pake maintenance run dependency_scan`; `audit.advisories_file` in configs/maintenance.yaml names a report "
        "that was made elsewhere",
        _scan_silent, runbook="vulnerabilities",
    ),
    Rule(
        "updates-pending", "SEC-12", Tone.NOTICE,
        "Install the pending updates of the system",
        "the last `system_updates` found any",
        "The package manager of the system; nothing is installed from here",
        _updates, runbook="pending-updates",
    ),
    Rule(
        "nobody-told", "NOT-09", Tone.WARN,
        "Nobody is told of alerts - configure a channel that reaches people",
        "every channel but the log is switched off, or was found not configured by its last message",
        "`alerting.channels` in configs/monitoring.yaml and the variables that they name; `pake alerts channels` says "
        "what each lacks",
        _nobody_told, runbook="channels",
    ),
    Rule(
        "channels-lack", "NOT-06", Tone.NOTICE,
        "Configure the channels that lack something, or switch them off",
        "some channels but not all were found not configured by their last message",
        "`pake alerts channels` says what each lacks; `enabled: false` under `alerting.channels` in "
        "configs/monitoring.yaml switches one off",
        _some_channels_lack, runbook="channels",
    ),
)  # fmt: skip
