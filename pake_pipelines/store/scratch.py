"""A scratch server: a PostgreSQL of its own for one piece of work, of which nothing is left afterwards.

It lies in a directory `scratch-*` below a place that the caller names, and answers only through its private socket. The
process that works in such a directory holds the file `owner` in it locked: one whose lock is free belongs to nobody any
more, and whoever makes the next one in that place stops and removes it first.
"""

import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self
from urllib.parse import quote

from pake_pipelines.store.cluster import USER, Cluster, socket_directory
from pake_pipelines.store.errors import StoreError

_PREFIX: Final = "scratch-"
# an empty cluster has 40 MB; the first files of its log come on top
_OWN_BYTES: Final = 150_000_000
# nothing here has to outlive a power cut, and nothing but us looks at it
_CONFIGURATION: Final = {
    "unix_socket_permissions": "0700",
    "max_connections": "30",
    "shared_buffers": "128MB",
    "maintenance_work_mem": "256MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # containers have 64 MB of shared memory, which building a vector index in parallel asks more of
    "dynamic_shared_memory_type": "mmap",
    "archive_mode": "off",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}

Fill = Callable[[Path], None]


class ScratchServer:
    """A running scratch server, for `async with` or `with`; stopped and removed at the end, whatever happens.

    `place` is the directory in which its own is made, and `room_bytes` how much will be put into it. `fill` puts a
    cluster into a directory that does not exist yet, instead of an empty one being initialised there; `settings` are
    those of the server that differ, and `reaches` places that its commands have to reach. Entering it raises
    StoreError, also when there is not room enough.
    """

    def __init__(
        self,
        place: Path,
        *,
        room_bytes: int = 0,
        settings: Mapping[str, str] | None = None,
        fill: Fill | None = None,
        reaches: tuple[Path, ...] = (),
    ) -> None:
        """Describe the server; nothing is touched before it is entered."""
        self._place = place
        self._room_bytes = room_bytes
        self._settings = {**_CONFIGURATION, **(settings or {})}
        self._fill = fill
        self._reaches = reaches
        self._ending = ExitStack()
        self._cluster: Cluster | None = None

    @property
    def cluster(self) -> Cluster:
        """Its files and programs."""
        if self._cluster is None:
            raise StoreError("the scratch server has not been started")
        return self._cluster

    def url(self, database: str = "postgres") -> str:
        """Return the address of one of its databases."""
        return f"postgresql://{USER}@/{quote(database)}?host={quote(str(self.cluster.socket), safe='')}"

    def start(self) -> None:
        """Remove what killed processes left, then set up and start. Raises StoreError."""
        try:
            directory = self._ending.enter_context(scratch_directory(self._place, self._room_bytes + _OWN_BYTES))
            self._cluster = cluster = replace(_cluster_in(directory), reaches=self._reaches)
            cluster.account.own(directory)
            self._ending.callback(_end, cluster)
            if self._fill is None:
                cluster.initialise("--no-sync", "--no-instructions")
            else:
                self._fill(cluster.directory)
            cluster.start(self._settings)
        except OSError as error:
            self.stop()
            raise StoreError(f"no scratch server in {self._place}: {error}") from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server and remove all that it left."""
        self._ending.close()

    async def __aenter__(self) -> Self:
        """Start."""
        return self.__enter__()

    async def __aexit__(self, *exception: object) -> None:
        """Stop and remove."""
        self.stop()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop and remove."""
        self.stop()


@contextmanager
def scratch_directory(place: Path, room_bytes: int = 0) -> Iterator[Path]:
    """Lend a private directory below `place` that is removed afterwards, by the next one if this process is killed.

    Raises StoreError when `place` has not `room_bytes` free.
    """
    with ExitStack() as ending:
        try:
            directory = _make_directory(place, room_bytes, ending)
        except OSError as error:
            raise StoreError(f"no scratch directory in {place}: {error}") from error
        yield directory


def _make_directory(place: Path, room_bytes: int, ending: ExitStack) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    # one at a time: between its making and its locking, a directory looks like one that was left behind
    with (place / f".{_PREFIX}lock").open("a") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        remove_leftovers(place)
        _check_room(place, room_bytes)
        directory = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
        ending.callback(shutil.rmtree, directory, ignore_errors=True)
        owner = ending.enter_context((directory / "owner").open("w"))
        fcntl.flock(owner, fcntl.LOCK_EX)
    return directory


def remove_leftovers(place: Path) -> list[Path]:
    """Stop and remove what lies in `place` and whose processes are gone; return the directories."""
    removed = []
    for directory in sorted(place.glob(f"{_PREFIX}*")):
        with ExitStack() as stack:
            if not _is_free(directory / "owner", stack):
                continue
            _end(_cluster_in(directory))
            shutil.rmtree(directory, ignore_errors=True)
            removed.append(directory)
    return removed


def _is_free(owner: Path, stack: ExitStack) -> bool:
    try:
        file: IO[str] = stack.enter_context(owner.open("a"))
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _cluster_in(directory: Path) -> Cluster:
    return Cluster(directory / "postgres", socket_directory(directory), directory / "postgres.log")


def _end(cluster: Cluster) -> None:
    try:
        # nothing is to be kept: it need not even write its buffers
        cluster.stop("immediate")
    finally:
        shutil.rmtree(cluster.socket, ignore_errors=True)
        shutil.rmtree(cluster.directory, ignore_errors=True)


def _check_room(place: Path, needed: int) -> None:
    free = shutil.disk_usage(place).free
    if free < needed:
        raise StoreError(
            f"not enough room in {place} to restore into a scratch server: {needed / 1e6:,.0f} MB are needed, "
            f"{free / 1e6:,.0f} MB are free"
        )
