"""Pending updates of the system, as its package managers tell them; installs nothing (MNT-36, D-60)."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pake_pipelines.maintenance.host import package_lists
from pake_pipelines.maintenance.host.command import UnanswerableError, ask, is_there
from pake_pipelines.maintenance.host.package_lists import Update
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, TaskState

_SECONDS: Final = 300.0
_SHOWN: Final = 200
# what `dnf check-update` ends with where there are some
_SOME: Final = 100


@dataclass(frozen=True, slots=True)
class Pending:
    """The pending updates of one package manager; security ones are None where it does not tell them apart."""

    manager: str
    updates: list[Update]
    security: int | None
    lists_age_days: float | None = None


async def run(place: Workplace) -> Outcome:
    """Ask every package manager that is there. One that cannot be asked makes the whole report unavailable."""
    found: list[Pending] = []
    silent: list[str] = []
    for program, look in _MANAGERS.items():
        if is_there(program, place.environ):
            try:
                found.append(await look(place))
            except UnanswerableError as error:
                silent.append(f"{program}: {error}")
    details = {
        "pending": sum(len(one.updates) for one in found),
        "managers": [_line(one) for one in found],
        "updates": [update.line(one.manager) for one in found for update in one.updates][:_SHOWN],
        "unavailable": silent,
    }
    if not found and not silent:
        return Outcome(TaskState.UNAVAILABLE, f"none of {', '.join(_MANAGERS)} is installed", details)
    said = [*(_sentence(one) for one in found), *silent]
    return Outcome(TaskState.UNAVAILABLE if silent else TaskState.DONE, "; ".join(said), details)


async def _apt(place: Workplace) -> Pending:
    """Simulate an upgrade, which needs no rights; apt asks nobody, so that its lists must be there and fresh."""
    age = await _age_of_lists(place)
    command = ("apt-get", "--simulate", "-o", "Debug::NoLocking=true", "dist-upgrade")
    updates = package_lists.apt((await ask(command, place.environ, _SECONDS)).good())
    limit = place.config.audit.max_age_days
    if not updates and age > limit:
        raise UnanswerableError(
            f"its package lists are {age:.0f} days old, too old to say that nothing is pending (`apt-get update`)"
        )
    return Pending("apt-get", updates, sum(bool(update.security) for update in updates), round(age, 1))


async def _age_of_lists(place: Workplace) -> float:
    command = ("apt-config", "shell", "LISTS", "Dir::State::lists/d")
    said = (await ask(command, place.environ, _SECONDS)).good()
    directory = Path(said.partition("=")[2].strip().strip("'"))
    try:
        written = [file.stat().st_mtime for file in directory.glob("*Release")]
    except OSError as error:
        raise UnanswerableError(f"its package lists cannot be read: {error.strerror}") from error
    if not written:
        raise UnanswerableError("it has no package lists yet (`apt-get update`)")
    return max(time.time() - max(written), 0) / 86400


async def _dnf(place: Workplace) -> Pending:
    """Ask for updates, which reads the repositories where its own lists are old."""
    updates = package_lists.dnf((await ask(("dnf", "-q", "check-update"), place.environ, _SECONDS)).good(_SOME))
    answer = await ask(("dnf", "-q", "updateinfo", "list", "--security"), place.environ, _SECONDS)
    secure = package_lists.dnf_advisories(answer.out) if answer.code == 0 else None
    if secure is None:
        return Pending("dnf", updates, None)
    marked = [update.marked(secure) for update in updates]
    return Pending("dnf", marked, sum(bool(update.security) for update in marked))


async def _brew(place: Workplace) -> Pending:
    answer = await ask(("brew", "outdated", "--json=v2"), place.environ, _SECONDS)
    return Pending("brew", package_lists.brew(answer.good()), None)


def _sentence(one: Pending) -> str:
    security = "security updates are not told apart" if one.security is None else f"{one.security} of them for security"
    return f"{one.manager}: {len(one.updates)} updates pending, {security}"


def _line(one: Pending) -> Mapping[str, Any]:
    return {
        "manager": one.manager,
        "pending": len(one.updates),
        "security": "unknown" if one.security is None else one.security,
        "lists_age_days": "unknown" if one.lists_age_days is None else one.lists_age_days,
    }


_MANAGERS: Final[Mapping[str, Callable[[Workplace], Awaitable[Pending]]]] = {
    "apt-get": _apt,
    "dnf": _dnf,
    "brew": _brew,
}
