"""Dagster's own storage on PostgreSQL, over connections that last.

Dagster opens and closes a connection for every statement. On a machine with nothing to do that is most of what daemon
and server do: hundreds of new server processes a minute, each with empty caches. Here all storages of a process share
one small pool. What is not fit for use any more (the server was restarted) is replaced when it is taken out.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final, Self

from dagster import Bool, EventLogEntry, Field
from dagster._config.config_schema import UserConfigSchema
from dagster._core.storage.config import pg_config
from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage
from dagster_postgres.event_log import PostgresEventLogStorage
from dagster_postgres.utils import create_pg_engine, pg_url_from_config

from pake_pipelines.defs.shared import run_events
from pake_pipelines.defs.shared.process import set_up_process
from pake_pipelines.store import last_gate

# kept open in each process: several threads rarely ask at the same moment, and those that do get more for a moment
_KEPT: Final = 1
_NO_LIMIT: Final = -1
_RENEWED_SECONDS: Final = 3600
_prepared: Final[set[str]] = set()


class ToldEventLogStorage(PostgresEventLogStorage):
    """`PostgresEventLogStorage` whose events are told in the log files as well, once each: by who stores them."""

    def store_event(self, event: EventLogEntry) -> None:
        """Store `event` and tell it."""
        super().store_event(event)
        run_events.tell(event)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store `events` and tell them; what stores them one by one tells them as well."""
        kinds = {event.get_dagster_event().event_type_value for event in events}
        super().store_event_batch(events)
        if kinds == {"ASSET_MATERIALIZATION"}:
            for event in events:
                run_events.tell(event)


class LastingPostgresStorage(DagsterPostgresStorage):
    """`DagsterPostgresStorage` with a pool; configured in the same way, under `storage.custom` in dagster.yaml.

    Nothing is written without its secrets redacted. With `log_files` the processes that open it log into the project's
    files.
    """

    def __init__(
        self, postgres_url: str, should_autocreate_tables: bool = True, inst_data: ConfigurableClassData | None = None
    ) -> None:
        """Use the pool of this process for `postgres_url`; its tables are looked for once in a process."""
        look = should_autocreate_tables and postgres_url not in _prepared
        super().__init__(postgres_url, look, inst_data)
        _prepared.add(postgres_url)
        last_gate.guard(postgres_url)
        self._event_log_storage = ToldEventLogStorage(postgres_url, should_autocreate_tables=False)
        for storage in (self._run_storage, self._event_log_storage, self._schedule_storage):
            # Dagster has a pool of its own for the webserver only, one per storage and instance
            storage._engine = _engine(postgres_url)  # noqa: SLF001

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """Return what dagster.yaml may say."""
        said: dict[str, Any] = {"log_files": Field(Bool, is_required=False)}
        said.update(pg_config())  # type: ignore[arg-type]  # a schema of fields, which its type does not say
        return said

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> Self:
        """Return the storage that dagster.yaml describes."""
        if config_value.get("log_files"):
            set_up_process()
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
