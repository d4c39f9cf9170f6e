"""What a scan for known vulnerabilities said, and what that means. Pure: reports come in as text.

A package that the service does not know is *not looked at*: pip-audit counts it as passed over and ends with "no known
vulnerabilities found", even when it could not look at a single one.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pake_pipelines.model.maintenance import Outcome, TaskState


class UnreadableReportError(Exception):
    """Text is not what pip-audit writes."""


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """A known vulnerability of an installed package; `fixed_in` lists the releases that are free of it."""

    package: str
    version: str
    advisory: str
    fixed_in: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a service said: how many packages it looked at, which it could not, and what it knows of the rest."""

    looked_at: int
    passed_over: tuple[str, ...]
    vulnerabilities: tuple[Vulnerability, ...]


def parse(text: str) -> Report:
    """Read pip-audit's JSON. Raises UnreadableReportError."""
    try:
        dependencies = json.loads(text)["dependencies"]
        passed_over = tuple(one["name"] for one in dependencies if "skip_reason" in one)
        found = tuple(
            _vulnerability(one, known) for one in dependencies if "skip_reason" not in one for known in one["vulns"]
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableReportError(f"not what pip-audit writes: {type(error).__name__}: {error}") from error
    return Report(len(dependencies) - len(passed_over), passed_over, found)


def _vulnerability(package: dict[str, Any], known: dict[str, Any]) -> Vulnerability:
    return Vulnerability(
        package["name"],
        package["version"],
        known["id"],
        tuple(known.get("fix_versions") or ()),
        str(known.get("description") or "").split("\n", 1)[0][:200],
    )


def judge(report: Report, source: str) -> Outcome:
    """Return what `report`, asked of `source`, means.

    A known vulnerability fails; "none" is said only when every package was looked at, and else it is unavailable.
    """
    details = {
        "source": source,
        "total_vulnerabilities": len(report.vulnerabilities),
        "packages_looked_at": report.looked_at,
        "packages_passed_over": len(report.passed_over),
        "passed_over": ", ".join(report.passed_over[:20]),
        "vulnerabilities": [
            {
                "package": one.package,
                "version": one.version,
                "advisory": one.advisory,
                "fixed_in": ", ".join(one.fixed_in) or "no release yet",
                "what": one.text,
            }
            for one in report.vulnerabilities
        ],
    }
    if report.vulnerabilities:
        return Outcome(TaskState.FAILED, _worst(report.vulnerabilities), details)
    if report.passed_over or not report.looked_at:
        left = f"{len(report.passed_over)} of {report.looked_at + len(report.passed_over)} packages"
        return Outcome(TaskState.UNAVAILABLE, f"{source} could not say anything about {left}", details)
    return Outcome(TaskState.DONE, f"no known vulnerability in {report.looked_at} packages", details)


def _worst(found: Sequence[Vulnerability]) -> str:
    packages = sorted({one.package for one in found})
    kinds = "vulnerability" if len(found) == 1 else "vulnerabilities"
    more = f" and {len(packages) - 5} more" if len(packages) > 5 else ""
    return f"{len(found)} known {kinds} in {', '.join(packages[:5])}{more}: update to a release that is free of them"
