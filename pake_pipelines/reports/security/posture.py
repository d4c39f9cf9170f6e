"""What good practice asks for, item by item, each held against what is (SEC-06, SEC-12, SEC-15)."""

from pake_pipelines.reports.advice.rule import named
from pake_pipelines.reports.amounts import counted
from pake_pipelines.reports.document import Item, Link, Tone, Verdict
from pake_pipelines.reports.security.figures import Security, security_updates, standing

_OPEN_FILE = "open-file"


def posture(security: Security) -> list[Item]:
    """Return the items; what could not be looked at is unknown, and what only a person can answer is said so."""
    return [
        _loopback(security),
        _audit(security),
        _files(security),
        _scan(security),
        _updates(security),
        _backups(security),
        _logins(security),
        Item(
            "audit_log", "The audit log was read by a person", Verdict.MANUAL, "pake does not know who reads what",
            "read who did what in the log report", Link("Log report", "log_report.html"),
        ),
        Item(
            "access", "Only those who need it may run maintenance here", Verdict.MANUAL,
            "accounts are the system's", "go through the accounts of this machine",
        ),
    ]  # fmt: skip


def _loopback(security: Security) -> Item:
    at = f"{security.host}:{security.port}"
    verdict = Verdict.PASS if security.on_loopback else Verdict.FAIL
    return Item(
        "loopback", "Dagster's pages are reached from this machine alone", verdict, f"they listen on {at}",
        "set PAKE_HOST to 127.0.0.1, behind a proxy that asks for a password",
    )  # fmt: skip


def _verdict(tone: Tone) -> Verdict:
    return {Tone.GOOD: Verdict.PASS, Tone.BAD: Verdict.FAIL}.get(tone, Verdict.UNKNOWN)


def _audit(security: Security) -> Item:
    tag, why = standing(security.audit, security.audit.number("errors"), security.made_at)
    return Item(
        "configuration", "The configuration has no fault, and no secret stands in it", _verdict(tag.tone), why,
        "`pake maintenance run configuration_audit`",
    )  # fmt: skip


def _files(security: Security) -> Item:
    open_ = [one for one in security.audit.rows("findings") if one.get("rule") == _OPEN_FILE]
    tag, why = standing(security.audit, len(open_), security.made_at)
    evidence = f"{counted(len(open_), 'file is', 'files are')} open to others" if open_ else why
    verdict = _verdict(tag.tone)
    if verdict is Verdict.PASS:
        evidence = "no file is open to others that should not be"
    return Item(
        "files", "Files with secrets, logs and backups are closed to others", verdict, evidence,
        "do what the findings of the audit say",
    )  # fmt: skip


def _scan(security: Security) -> Item:
    tag, why = standing(security.scan, security.scan.number("total_vulnerabilities"), security.made_at)
    return Item(
        "dependencies", "No dependency has a known vulnerability", _verdict(tag.tone), why,
        "`pake maintenance run dependency_scan`",
    )  # fmt: skip


def _updates(security: Security) -> Item:
    pending = security_updates(security.updates)
    tag, why = standing(security.updates, pending, security.made_at)
    return Item(
        "updates", "No update of the system is pending for security", _verdict(tag.tone), why,
        "install them with the package manager of the system",
    )  # fmt: skip


def _backups(security: Security) -> Item:
    held = [one for one in security.backups if one.removed_at is None]
    newest = max(held, key=lambda one: one.created_at, default=None)
    leaves = security.target is not None and "://" in security.target
    says = "Backups that leave this machine are encrypted"
    todo = "backup: {encrypt: true} in configs/maintenance.yaml, with a key of `pake backup key`"
    if newest is None:
        return Item("backups", says, Verdict.UNKNOWN, "there is no backup", "`pake backup create`")
    if newest.encrypted:
        return Item("backups", says, Verdict.PASS, f"{newest.name} is encrypted", todo)
    if leaves:
        return Item("backups", says, Verdict.FAIL, f"{newest.name} is not encrypted, and leaves this machine", todo)
    return Item("backups", says, Verdict.PASS, f"{newest.name} is not encrypted, and stays on this machine", todo)


def _logins(security: Security) -> Item:
    refused = security.refusals.failed_logins
    who = named(one.source for one in security.sources if one.failed_logins)
    evidence = f"{refused} in 7 days: {who}" if refused else "none in 7 days"
    verdict = Verdict.FAIL if refused else Verdict.PASS
    if not security.visits:
        verdict, evidence = Verdict.UNKNOWN, "no source was read in 7 days"
    return Item(
        "logins", "No source refused our credentials", verdict, evidence,
        "see whether a password has changed, or somebody has tried one",
    )  # fmt: skip
