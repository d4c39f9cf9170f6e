"""Metrics of the project itself (MON-42): coverage, tests, known vulnerabilities, lines of code, noted debts.

Read from the files that other tools leave behind; one that is not there makes its metrics unavailable, one that cannot
be read makes them unknown, and neither is ever taken for good news.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from pake_pipelines.config.monitoring import Metrics
from pake_pipelines.health.catalogue import measured, missing
from pake_pipelines.model.metric import MetricSample
from pake_pipelines.model.status import CheckStatus

LARGEST_FILE: Final = 16 * 1024 * 1024
_LARGEST_SOURCE: Final = 1024 * 1024
_MOST_SOURCES: Final = 20_000
_TODO: Final = re.compile(r"#.*\b(?:TODO|FIXME|XXX|HACK)\b")


class _UnreadableError(Exception):
    """A file is there and does not hold what it should."""


@dataclass(frozen=True, slots=True)
class _Told:
    """One figure of a file by the name of its metric."""

    metric: str
    value: float


def sample_project(home: Path, files: Metrics, now: datetime) -> list[MetricSample]:
    """Return the project's metrics at `now`; the paths in `files` are from `home`."""
    return [
        *_of_file(home / files.coverage_file, ("project_coverage_percent",), _coverage, now),
        *_of_file(home / files.junit_file, ("project_tests", "project_tests_failed"), _tests, now),
        *_of_file(home / files.audit_file, ("project_vulnerabilities",), _vulnerabilities, now),
        *_of_sources(home / files.source_directory, now),
    ]


def changed_at(home: Path, files: Metrics) -> datetime | None:
    """Return when the newest of the files was last written; None without any."""
    times = []
    for name in (files.coverage_file, files.junit_file, files.audit_file):
        try:
            times.append((home / name).stat().st_mtime)
        except OSError:
            continue
    return datetime.fromtimestamp(max(times), UTC) if times else None


def _of_file(
    path: Path, names: tuple[str, ...], parse: Callable[[Path], Iterator[_Told]], now: datetime
) -> Iterator[MetricSample]:
    try:
        made = _made(path)
        told = list(parse(path))
    except (FileNotFoundError, NotADirectoryError):
        for name in names:
            yield missing(name, f"no {path.name}", now)
        return
    except (OSError, _UnreadableError) as error:
        for name in names:
            yield missing(name, f"{path.name}: {_said(error)}", now, status=CheckStatus.UNKNOWN)
        return
    for one in told:
        yield measured(one.metric, one.value, now, detail=f"{path.name} of {made:%Y-%m-%d %H:%M} UTC")


def _made(path: Path) -> datetime:
    """Return when the file was written; one that is too large to be read is refused."""
    status = path.stat()
    if status.st_size > LARGEST_FILE:
        raise _UnreadableError(f"{status.st_size} bytes, at most {LARGEST_FILE} are read")
    return datetime.fromtimestamp(status.st_mtime, UTC)


def _said(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _coverage(path: Path) -> Iterator[_Told]:
    """Read Cobertura's format, as coverage.py writes it: `line-rate` of the root, in [0, 1]."""
    root = _root(path, "coverage")
    rate = _number(root.get("line-rate"), "line-rate")
    if not 0 <= rate <= 1:
        raise _UnreadableError(f"line-rate is {rate}")
    yield _Told("project_coverage_percent", 100 * rate)


def _tests(path: Path) -> Iterator[_Told]:
    """Read JUnit's format, as pytest writes it: counts of each suite; a suite within another is counted there."""
    root = _root(path, "testsuites", "testsuite")
    suites = [root] if root.tag == "testsuite" else root.findall("testsuite")
    if not suites:
        raise _UnreadableError("no test suite in it")
    counts = {
        name: sum(_number(suite.get(name, "0"), name) for suite in suites) for name in ("tests", "failures", "errors")
    }
    yield _Told("project_tests", counts["tests"])
    yield _Told("project_tests_failed", counts["failures"] + counts["errors"])


def _vulnerabilities(path: Path) -> Iterator[_Told]:
    """Read pip-audit's JSON; dependencies that it passed over make the count a lower bound and so unknown."""
    try:
        told = json.loads(path.read_text("utf-8"))
        dependencies = told["dependencies"] if isinstance(told, dict) else told
        found = {(one["name"], vulnerability["id"]) for one in dependencies for vulnerability in one.get("vulns", ())}
        passed_over = [one["name"] for one in dependencies if "skip_reason" in one]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _UnreadableError(f"not what pip-audit writes: {type(error).__name__}: {error}") from error
    if passed_over and not found:
        raise _UnreadableError(f"{len(passed_over)} dependencies were not audited, as {passed_over[0]}")
    yield _Told("project_vulnerabilities", len(found))


def _root(path: Path, *tags: str) -> Any:
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
    from defusedxml.ElementTree import parse  # type: ignore[import-untyped]

    try:
        root = parse(path, forbid_dtd=False).getroot()
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise _UnreadableError(f"not XML that can be read: {error}") from error
    if root.tag not in tags:
        raise _UnreadableError(f"it begins with <{root.tag[:50]}> instead of <{tags[0]}>")
    return root


def _number(text: str | None, name: str) -> float:
    try:
        return float(text) if text is not None else float("nan")
    except ValueError as error:
        raise _UnreadableError(f"{name} is no number: {text!r:.50}") from error


def _of_sources(directory: Path, now: datetime) -> Iterator[MetricSample]:
    names = ("project_lines_of_code", "project_todos")
    if not directory.is_dir():
        yield from (missing(name, f"no directory {directory.name}", now) for name in names)
        return
    try:
        counts = _counts(directory)
    except OSError as error:
        why = f"{directory.name}: {_said(error)}"
        yield from (missing(name, why, now, status=CheckStatus.UNKNOWN) for name in names)
        return
    yield from (measured(name, count, now) for name, count in zip(names, counts, strict=True))


def _counts(directory: Path) -> tuple[int, int]:
    """Return the lines of code and the noted debts of the Python files below `directory`."""
    lines = todos = 0
    for path in islice(sorted(directory.rglob("*.py")), _MOST_SOURCES):
        if path.stat().st_size > _LARGEST_SOURCE:
            continue
        for line in path.read_text("utf-8", errors="replace").splitlines():
            lines += bool(line.strip()) and not line.lstrip().startswith("#")
            todos += _TODO.search(line) is not None
    return lines, todos
