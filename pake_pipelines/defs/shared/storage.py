"""Dagster's own storage on PostgreSQL, over connections that last.

Dagster opens and closes a connection for every statement. On a machine with nothing to do that is most of what daemon
and server do: hundreds of new server processes a minute, each with empty caches. Here all storages of a process share
one small pool. What is not fit for use any more (the server was restarted) is replaced when it is taken out.
"""

from functools import cache
from typing import Any, Final, Self

from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage
from dagster_postgres.utils import create_pg_engine, pg_url_from_config

# kept open in each process: several threads rarely ask at the same moment, and those that do get more for a moment
_KEPT: Final = 1
_NO_LIMIT: Final = -1
_RENEWED_SECONDS: Final = 3600
_prepared: Final[set[str]] = set()


class LastingPostgresStorage(DagsterPostgresStorage):
    """`DagsterPostgresStorage` with a pool; configured in the same way, under `storage.custom` in dagster.yaml."""

    def __init__(
        self, postgres_url: str, should_autocreate_tables: bool = True, inst_data: ConfigurableClassData | None = None
    ) -> None:
        """Use the pool of this process for `postgres_url`; its tables are looked for once in a process."""
        look = should_autocreate_tables and postgres_url not in _prepared
        super().__init__(postgres_url, look, inst_data)
        _prepared.add(postgres_url)
        for storage in (self._run_storage, self._event_log_storage, self._schedule_storage):
            # Dagster has a pool of its own for the webserver only, one per storage and instance
            storage._engine = _engine(postgres_url)  # noqa: SLF001

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> Self:
        """Return the storage that dagster.yaml describes."""
        return cls(
            pg_url_from_config(config_value),
            should_autocreate_tables=config_value.get("should_autocreate_tables", True),
            inst_data=inst_data,
        )


@cache
def _engine(url: str) -> Any:
    return create_pg_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=_KEPT,
        max_overflow=_NO_LIMIT,
        pool_pre_ping=True,
        pool_recycle=_RENEWED_SECONDS,
    )
