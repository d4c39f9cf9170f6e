"""What the tests stand on: one real embedded PostgreSQL per session, a fresh database and project per test."""

import asyncio
import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import settings

from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.run import Run
from pake_pipelines.settings import PACKAGE_HOME, Settings
from pake_pipelines.store.database import (
    Database,
    Patience,
    addresses,
    create_databases,
    open_database,
    wait_for,
    with_database,
)
from pake_pipelines.store.embedded import EmbeddedServer
from pake_pipelines.store.migrate import migrate
from pake_pipelines_tests.embedder import WordEmbedder
from pake_pipelines_tests.site import Site

# in memory where there is room: what tests write nobody reads again, and on a disk a fresh database takes 0.4 s
_MEMORY, _ROOM = Path("/dev/shm"), 8 << 30
if (
    "TMPDIR" not in os.environ
    and os.access(_MEMORY, os.W_OK)
    and not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC
    and shutil.disk_usage(_MEMORY).free > _ROOM
):
    os.environ["TMPDIR"] = str(_MEMORY)
    tempfile.tempdir = None

# xdist tells its workers a width, and `pake` would keep to it
os.environ.pop("COLUMNS", None)

# the same examples at every run: what is found by chance is looked for with `HYPOTHESIS_PROFILE=explore make test`
settings.register_profile("repeatable", derandomize=True, database=None)
settings.register_profile("explore", max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def pytest_configure(config: pytest.Config) -> None:
    """Give tests that name no project one of their own, set up as this checkout: its logs are not theirs to write."""
    if hasattr(config, "workerinput") or "PAKE_HOME" in os.environ:
        return
    home = Path(tempfile.mkdtemp(prefix="pake-home-"))
    (home / "data").mkdir()
    for name in ("configs", "dagster.yaml", "workspace.yaml", "data/samples"):
        (home / name).symlink_to(PACKAGE_HOME / name)
    os.environ["PAKE_HOME"] = str(home)
    config.add_cleanup(partial(shutil.rmtree, home, ignore_errors=True))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long: one that comes last keeps a single worker busy while the others wait."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(autouse=True)
def no_instance_of_an_earlier_test() -> None:
    """Forget Dagster's current instance: a context that is collected late puts one back that is over."""
    if base := sys.modules.get("dagster._core.storage.defs_state.base"):
        base._current_storage.set(None)


TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def server_settings() -> Iterator[Settings]:
    """Settings of a project whose embedded server runs and whose knowledge database is migrated but empty."""
    home = Path(tempfile.mkdtemp(prefix="pake-test-"))
    home.chmod(0o755)
    settings = Settings(home=home)
    server = EmbeddedServer(settings.data)
    server.start()
    try:
        asyncio.run(create_databases(settings))
        migrate(addresses(settings).knowledge)
        asyncio.run(_forgo_the_disk(addresses(settings).knowledge))
        yield settings
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


_numbers = itertools.count()


async def _execute(url: str, statement: str) -> None:
    connection = await wait_for(url, Patience())
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _forgo_the_disk(url: str) -> None:
    """Let the server not wait for the disk: tests kill processes, not the machine, and dropping a database took 1 s."""
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        await _execute(url, f"ALTER SYSTEM SET {name} = off")
    await _execute(url, "SELECT pg_reload_conf()")


@contextmanager
def fresh_database(server_settings: Settings, like: str | None = None) -> Iterator[str]:
    """Lend a copy of the database at `like`, to which nobody is connected, or of the empty one; yield its address."""
    knowledge = addresses(server_settings).knowledge
    maintenance, name = with_database(knowledge, "postgres"), f"test_{next(_numbers)}"
    template = urlsplit(like or knowledge).path.lstrip("/")
    asyncio.run(_execute(maintenance, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY'))
    try:
        yield with_database(knowledge, name)
    finally:
        asyncio.run(_execute(maintenance, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture
def database_url(server_settings: Settings) -> Iterator[str]:
    """The address of a fresh, migrated, empty knowledge database."""
    with fresh_database(server_settings) as url:
        yield url


@pytest.fixture(scope="module")
def module_database_url(server_settings: Settings) -> Iterator[str]:
    """The same for a whole module: what was run once is looked at by many tests."""
    with fresh_database(server_settings) as url:
        yield url


def make_project(home: Path, database_url: str, sources: str, quality: str = "") -> Settings:
    """Write the configuration of a project at `home`; unless its rules say something about links, none is asked."""
    if "links:" not in quality:
        quality += "\nlinks: {check_external: false}\n"
    (home / "configs").mkdir(parents=True, exist_ok=True)
    (home / "configs" / "sources.yaml").write_text(sources)
    (home / "configs" / "quality.yaml").write_text(quality)
    (home / "dagster.yaml").touch()
    return Settings(home=home, database_url=database_url)  # type: ignore[arg-type]


Configure = Callable[..., Settings]


@pytest.fixture
def configure(tmp_path: Path, database_url: str) -> Configure:
    """Return a function that makes a project: `configure(sources_yaml, quality_yaml="")` -> its settings."""
    return partial(make_project, tmp_path / "project", database_url)


@pytest.fixture
def kit_of() -> Callable[[Settings], Kit]:
    """Return a function from settings to a kit with a small deterministic embedder."""
    return lambda settings: Kit(settings, WordEmbedder())


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The fresh knowledge database, opened."""
    async with open_database(database_url) as opened:
        yield opened


@pytest.fixture
def run() -> Run:
    """A run of today's partition."""
    return Run("run-1", TODAY, NOW)


@pytest.fixture
def samples() -> Path:
    """The directory of the first-run samples."""
    return PACKAGE_HOME / "data" / "samples"


@pytest.fixture
def site() -> Iterator[Site]:
    """An empty web site on loopback."""
    opened = Site().start()
    yield opened
    opened.stop()
