"""What package managers write when they are asked for pending updates, read."""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Final

from pake_pipelines.maintenance.host.command import UnanswerableError


@dataclass(frozen=True, slots=True)
class Update:
    """One pending update; `security` is None where the manager does not tell."""

    package: str
    installed: str
    offered: str
    security: bool | None

    def marked(self, secure: Collection[str]) -> "Update":
        """Return it with `security` set, `secure` being the name-version-release.arch of security updates."""
        return replace(self, security=self._nevra in secure)

    @property
    def _nevra(self) -> str:
        name, _, arch = self.package.rpartition(".")
        return f"{name}-{self.offered.partition(':')[2] or self.offered}.{arch}"

    def line(self, manager: str) -> dict[str, str]:
        """Return it as a line of a table."""
        security = {True: "yes", False: "no", None: "unknown"}[self.security]
        return {
            "manager": manager,
            "package": self.package,
            "installed": self.installed,
            "offered": self.offered,
            "security": security,
        }


# Inst libssl3 [3.0.15-1~deb12u1] (3.0.17-1~deb12u2 Debian-Security:12/oldstable-security [amd64])
_INST: Final = re.compile(r"^Inst (?P<name>\S+) \[(?P<old>[^]]+)\] \((?P<new>\S+) (?P<origin>.*?)(?: \[[^]]+\])?\)")


_EPOCH: Final = re.compile(r"-\d+:")


def apt(text: str) -> list[Update]:
    """Read a simulated upgrade; packages that would be newly installed are no updates."""
    return [
        Update(match["name"], match["old"], match["new"], "security" in match["origin"].lower())
        for line in text.splitlines()
        if (match := _INST.match(line))
    ]


def dnf(text: str) -> list[Update]:
    """Read `dnf check-update`: name.arch, version and repository; what would be replaced is listed again behind."""
    return [Update(fields[0], "", fields[1], None) for fields in _dnf_lines(text)]


def _dnf_lines(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        if line.lower().startswith("obsoleting"):
            return
        fields = line.split()
        if len(fields) == 3 and "." in fields[0]:
            yield fields


def dnf_advisories(text: str) -> set[str]:
    """Read `dnf updateinfo list --security`: the name-version-release.arch at the end of each line."""
    return {_EPOCH.sub("-", line.split()[-1]) for line in text.splitlines() if len(line.split()) >= 3}


def brew(text: str) -> list[Update]:
    """Read `brew outdated --json=v2`. Raises UnanswerableError."""
    try:
        said = json.loads(text)
        return [
            Update(one["name"], ", ".join(_several(one["installed_versions"])), one["current_version"], None)
            for kind in ("formulae", "casks")
            for one in said[kind]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise UnanswerableError("brew's answer cannot be read") from error


def _several(versions: str | list[str]) -> list[str]:
    return [versions] if isinstance(versions, str) else versions
