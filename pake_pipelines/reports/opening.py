"""Opening the desk: a transaction that sees one moment of the database, with everything else that a report needs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from pake_pipelines.config.loading import (
    load_maintenance,
    load_monitoring,
    load_quality,
    load_reports,
    load_sources,
)
from pake_pipelines.model.dagster_facts import DagsterFacts
from pake_pipelines.reports.desk import Configs, Desk
from pake_pipelines.settings import Settings
from pake_pipelines.store.database import Database
from pake_pipelines.store.qa_statistics import hold_still


def read_configs(directory: Path) -> Configs:
    """Return every configuration file of `directory`. Raises ConfigError."""
    return Configs(
        sources=load_sources(directory),
        quality=load_quality(directory),
        monitoring=load_monitoring(directory),
        maintenance=load_maintenance(directory),
        reports=load_reports(directory),
    )


@asynccontextmanager
async def open_desk(
    database: Database, settings: Settings, facts: DagsterFacts | None, score_version: str, now: datetime
) -> AsyncIterator[Desk]:
    """Lend a desk as of `now`; `score_version` names how scores are made by today's rules. Reads only.

    `facts` is what Dagster told of itself, None where it could not be asked. Raises ConfigError and StoreError.
    """
    configs = read_configs(settings.configs)
    async with database.transaction() as connection:
        await hold_still(connection)
        yield Desk(
            connection=connection,
            settings=settings,
            configs=configs,
            now=now,
            facts=facts,
            dagster=settings.pages,
            score_version=score_version,
        )
