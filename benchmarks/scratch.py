"""A project of its own for one measurement: configuration, embedded server, both databases; gone afterwards."""

import asyncio
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import yaml

from pake_pipelines.settings import PACKAGE_HOME, Settings
from pake_pipelines.store.database import Patience, addresses, create_databases, wait_for
from pake_pipelines.store.embedded import EmbeddedServer
from pake_pipelines.store.migrate import migrate

# a visit is always noted, whatever came of it
_NOTES_OF_VISITS: Final = ("ingestion_runs", "source_state", "host_budgets")


@contextmanager
def scratch_project(sources: str) -> Iterator[Settings]:
    """Lend the settings of a new project with `sources` as its sources.yaml, whose server runs."""
    with scratch_home(sources) as settings:
        server = EmbeddedServer(settings.data)
        server.start()
        try:
            asyncio.run(create_databases(settings))
            migrate(addresses(settings).knowledge)
            yield settings
        finally:
            server.stop()


@contextmanager
def scratch_home(sources: str) -> Iterator[Settings]:
    """Lend the settings of a new project with `sources` as its sources.yaml, of which nothing runs yet."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # or what was started would outlive us
    home = Path(tempfile.mkdtemp(prefix="pake-bench-"))
    home.chmod(0o755)  # under root the server runs as another account
    (home / "configs").mkdir()
    (home / "configs" / "sources.yaml").write_text(sources)
    shutil.copy(PACKAGE_HOME / "dagster.yaml", home)
    try:
        yield Settings(home=home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def local_samples() -> str:
    """Return a sources.yaml with those of the project's sources that are samples on disk."""
    configured = yaml.safe_load((PACKAGE_HOME / "configs" / "sources.yaml").read_text())["sources"]
    local = {
        slug: {**source, "path": str(PACKAGE_HOME / source["path"])}
        for slug, source in configured.items()
        if slug.startswith("sample-")
    }
    return yaml.safe_dump({"sources": local})


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the variables, beside the usual ones, with which a child works on the project and its Dagster instance."""
    return {
        "PAKE_HOME": str(settings.home),
        "PAKE_DAGSTER_URL": addresses(settings).dagster,
        "PAKE_DAGSTER_STORAGE": str(settings.data / "dagster"),
        "DAGSTER_HOME": str(settings.home),
        "HF_HUB_OFFLINE": "1",
    }


def rows_written(settings: Settings) -> int:
    """Return how many rows of data were ever inserted, updated or deleted in the knowledge database."""
    return asyncio.run(_rows_written(addresses(settings).knowledge))


async def _rows_written(url: str) -> int:
    connection = await wait_for(url, Patience())
    try:
        await _until_alone(connection)
        count: int = await connection.fetchval(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint FROM pg_stat_user_tables"
            " WHERE schemaname = 'pake' AND relname <> ALL ($1)",
            list(_NOTES_OF_VISITS),
        )
    finally:
        await connection.close()
    return count


async def _until_alone(connection: Any) -> None:
    """Wait until every other session has ended: only then are its counts complete."""
    for _ in range(100):
        others = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        if not others:
            return
        await asyncio.sleep(0.1)
    raise TimeoutError(f"{others} other sessions do not end")
