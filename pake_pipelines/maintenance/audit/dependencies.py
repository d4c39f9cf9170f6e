"""The scan for known vulnerabilities (SEC-02): asks the advisory services, else reads a report made elsewhere.

Where nobody could be asked the outcome is `unavailable` with the cause and the age of the last report, never "clean".
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Final

from pake_pipelines.config.loading import load_monitoring
from pake_pipelines.maintenance.audit.advisories import Report, UnreadableReportError, judge, parse
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, TaskState

SERVICES: Final = ("pypi", "osv")
_OURS: Final = "pake_pipelines"
_SECONDS_OF_A_REQUEST: Final = 15


class _NoAnswerError(Exception):
    """A service could not be asked; the message is the cause."""


def installed() -> list[str]:
    """Return `name==version` of every installed package but our own, without the label of a local build.

    Advisories are about releases: a build of torch for a processor of its own is that release.
    """
    found = {
        f"{package.metadata['Name']}=={package.version.partition('+')[0]}"
        for package in metadata.distributions()
        if package.metadata["Name"] and package.metadata["Name"].replace("-", "_") != _OURS
    }
    return sorted(found, key=str.lower)


async def run(place: Workplace) -> Outcome:
    """Ask the services one after another; keep the report beside the project, where the metrics read it."""
    packages, causes = installed(), []
    if place.dry_run:
        return Outcome(TaskState.SKIPPED, f"would ask {' and '.join(SERVICES)} about {len(packages)} packages")
    for service in SERVICES:
        place.say(f"asking {service} about {len(packages)} packages")
        try:
            text, report = await _ask(service, packages, place)
        except _NoAnswerError as error:
            causes.append(f"{service}: {error}")
            continue
        outcome = judge(report, service)
        if outcome.state is not TaskState.UNAVAILABLE:
            _keep(report_file(place), text)
            return outcome
        causes.append(outcome.summary)
    return _without_services(place, causes)


def report_file(place: Workplace) -> Path:
    """Return where the last report is kept: the file that the metric `project_vulnerabilities` reads."""
    return place.settings.home / load_monitoring(place.settings.configs).metrics.audit_file


async def _ask(service: str, packages: list[str], place: Workplace) -> tuple[str, Report]:
    requirements = "\n".join(packages)
    command = [
        sys.executable, "-m", "pip_audit", "--requirement", "/dev/stdin", "--no-deps", "--disable-pip",
        "--format", "json", "--progress-spinner", "off", "--timeout", str(_SECONDS_OF_A_REQUEST),
        "--vulnerability-service", service,
    ]  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=dict(place.environ),
    )  # fmt: skip
    limit = place.config.audit.timeout_seconds
    try:
        out, err = await asyncio.wait_for(process.communicate(requirements.encode()), limit)
    except TimeoutError:
        raise _NoAnswerError(f"no answer within {limit:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = out.decode(errors="replace")
    try:
        # it ends with 1 both for findings and for failures, so that only what it wrote tells
        return text, parse(text)
    except UnreadableReportError:
        raise _NoAnswerError(_last_line(err.decode(errors="replace"))) from None


def _last_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1][-300:] if lines else "it gave no report and no reason"


def _keep(file: Path, text: str) -> None:
    part = file.with_name(f".{file.name}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text)
        part.rename(file)
    except OSError as error:
        raise MaintenanceError(f"the report cannot be kept in {file}: {error.strerror}") from error


def _without_services(place: Workplace, causes: list[str]) -> Outcome:
    """Return what a fresh report made elsewhere says; else that nothing can be said, and how old the last word is."""
    given = place.config.audit.advisories_file
    if given is not None:
        file = place.settings.home / given
        try:
            age = _age(file, place.clock())
            if age <= timedelta(days=place.config.audit.max_age_days):
                return judge(parse(file.read_text("utf-8")), f"{file.name}, {_shown(age)} old")
            causes.append(f"{file.name} is {_shown(age)} old")
        except (OSError, ValueError, UnreadableReportError) as error:
            causes.append(f"{file.name}: {error}")
    last = report_file(place)
    try:
        causes.append(f"the last report is {_shown(_age(last, place.clock()))} old")
    except FileNotFoundError:
        causes.append("there is no earlier report")
    details = {"causes": [{"cause": one} for one in causes]}
    return Outcome(TaskState.UNAVAILABLE, f"nobody could be asked: {'; '.join(causes)}", details)


def _age(file: Path, now: datetime) -> timedelta:
    return now - datetime.fromtimestamp(file.stat().st_mtime, UTC)


def _shown(age: timedelta) -> str:
    days = age / timedelta(days=1)
    return f"{days:.0f} days" if days >= 2 else f"{age / timedelta(hours=1):.0f} hours"
