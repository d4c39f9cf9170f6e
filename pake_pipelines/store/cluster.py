"""One PostgreSQL of our own: a directory of data and the private unix socket through which alone it is reached.

The socket's directory has mode 0700, which is what lets local connections be trusted without a password.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.server_account import MAJOR, Account, account_for, programs

# sun_path holds 108 bytes with the final NUL on Linux, 104 on macOS
_LONGEST_SOCKET_PATH: Final = 103
_SOCKET_NAME: Final = ".s.PGSQL.5432"
USER: Final = "pake"
_LAST: Final = 5
# the line of postmaster.pid in which pg_ctl looks, too
_STATUS: Final = 7
_HEADER: Final = (
    "# written by pake_pipelines at every start; put changes of your own into postgresql.conf below the include"
)


def socket_directory(data: Path) -> Path:
    """Return the directory of the server's socket: beside the data, or in /tmp where that path is too long."""
    beside = data / "run" / "socket"
    if len(os.fsencode(beside / _SOCKET_NAME)) <= _LONGEST_SOCKET_PATH:
        return beside
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"pake-{os.getuid()}-{digest}"


@dataclass(frozen=True)
class Cluster:
    """A server's files: `directory` is PostgreSQL's own, `socket` the directory of its socket.

    `reaches` are further places in which the programs that the server calls have to work.
    """

    directory: Path
    socket: Path
    log: Path
    reaches: tuple[Path, ...] = ()

    @cached_property
    def account(self) -> Account:
        """The account that the server runs under. Raises StoreError."""
        # a directory that is made later takes the mode that the process gives, so it has to be there before we look
        self.socket.parent.mkdir(parents=True, exist_ok=True)
        return account_for(self.socket.parent, self.directory.parent, *self.reaches)

    def is_running(self) -> bool:
        """Tell whether the server runs."""
        return self.account.run([programs() / "pg_ctl", "status", "-D", self.directory]).returncode == 0

    def is_ready(self) -> bool:
        """Tell whether the server takes connections, having replayed its log if it had to; no connection is made."""
        try:
            lines = (self.directory / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > _STATUS and lines[_STATUS].strip() == "ready"

    def initialise(self, *options: str) -> None:
        """Set the data up unless they are there, in a directory beside it that is renamed when whole.

        Raises StoreError, also when what is there belongs to another major version.
        """
        if (self.directory / "PG_VERSION").exists():
            found = (self.directory / "PG_VERSION").read_text().strip()
            if found != str(MAJOR):
                raise StoreError(
                    f"{self.directory} belongs to PostgreSQL {found}, this version brings {MAJOR}: "
                    "move it away and restore from a backup"
                )
            return
        fresh = self.directory.with_name(f"{self.directory.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        self.account.own(fresh)
        rules = ("-U", USER, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", *options)
        done = self.account.run([programs() / "initdb", "-D", fresh, *rules])
        if done.returncode != 0:
            raise StoreError(f"PostgreSQL cannot be set up in {fresh}: {_last_line(done.stderr or done.stdout)}")
        with (fresh / "postgresql.conf").open("a") as file:
            file.write("include_if_exists = 'pake.conf'\n")
        fresh.rename(self.directory)

    def start(self, configuration: Mapping[str, str]) -> None:
        """Start the server, which must not run, with `configuration`. Raises StoreError with its last words."""
        self.account.own(self.socket)
        self._configure(configuration)
        self._remove_stale_lock()
        start = ["start", "-w", "-t", "60", "-D", str(self.directory), "-l", str(self.log)]
        if self.account.run([programs() / "pg_ctl", *start], 90).returncode != 0:
            raise StoreError(f"the embedded PostgreSQL does not start: {self.last_words()} (log: {self.log})")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server: running statements are rolled back, with `fast` everything committed is safe."""
        if self.is_running():
            self.account.run([programs() / "pg_ctl", "stop", "-w", "-t", "60", "-m", mode, "-D", self.directory], 90)

    def _configure(self, configuration: Mapping[str, str]) -> None:
        if "'" in str(self.socket):
            raise StoreError(f"the socket's directory must not contain a quote: {self.socket}")
        values = {"listen_addresses": "", "unix_socket_directories": str(self.socket), **configuration}
        lines = (f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in values.items())
        file = self.directory / "pake.conf"
        file.write_text("\n".join([_HEADER, *lines, ""]))
        file.chmod(0o644)

    def _remove_stale_lock(self) -> None:
        """Remove a lock file whose pid now belongs to another program; PostgreSQL itself only sees that it lives."""
        import psutil

        lock = self.directory / "postmaster.pid"
        try:
            process = psutil.Process(int(lock.read_text().splitlines()[0]))
            foreign = process.name() != "postgres"
        except FileNotFoundError:
            return
        except (psutil.NoSuchProcess, ValueError, IndexError):
            foreign = True
        if foreign:
            lock.unlink(missing_ok=True)

    def last_words(self) -> str:
        """Return the line in which the server says why it ended."""
        try:
            return _last_line(self.log.read_text(errors="replace"))
        except OSError:
            return "it left no log"


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # behind what was fatal the server only says that it shuts down
    fatal = [line for line in lines[-_LAST:] if "FATAL:" in line or "PANIC:" in line]
    return next(reversed(fatal or lines), "no reason given")
