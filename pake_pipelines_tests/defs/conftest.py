"""What the tests of this room share: the shipped definitions, and projects that run in this process."""

import asyncio
from datetime import UTC, datetime

import dagster as dg
import pytest

from pake_pipelines.config.loading import load_quality, load_sources
from pake_pipelines.definitions import build_defs
from pake_pipelines.defs.shared.resource import KnowledgeBase
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.names import BEHIND_SOURCES
from pake_pipelines.settings import PACKAGE_HOME, Settings
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.chain import execute, rows
from pake_pipelines_tests.embedder import WordEmbedder


@pytest.fixture(scope="session")
def shipped():
    """The definitions of the configuration that is shipped."""
    return build_defs(settings=Settings(home=PACKAGE_HOME))


@pytest.fixture(scope="session")
def graph(shipped):
    return shipped.resolve_asset_graph()


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture(scope="module")
def on_disk(tmp_path_factory):
    """An instance on disk, for ticks, which open theirs anew by its reference; to run anything on it is slow."""
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("instance"))) as opened:
        yield opened


@pytest.fixture
def today():
    return datetime.now(UTC).date()


# drawing the charts takes a run as long as everything else
UNREPORTED = tuple(name for name in BEHIND_SOURCES if not name.endswith("_report"))


class Project:
    """A configured project whose ingestion job runs in this process on a small embedder."""

    def __init__(self, settings, instance):
        class OfThisTest(KnowledgeBase):
            def kit(self):
                return Kit(settings, WordEmbedder())

        self.settings = settings
        self.instance = instance
        self.base = OfThisTest()
        self.behind = BEHIND_SOURCES
        self.defs = build_defs({"knowledge_base": self.base}, settings=settings)

    def configure_quality(self, text):
        """Replace `quality.yaml`."""
        (self.settings.configs / "quality.yaml").write_text(text)
        load_quality.cache_clear()

    def launch(self, job, day, *assets, config=None):
        """Run a job for `day`, over `assets` if any are given."""
        return self.defs.resolve_job_def(job).execute_in_process(
            instance=self.instance,
            partition_key=str(day),
            asset_selection=[dg.AssetKey(name) for name in assets] or None,
            run_config=config or {},
            raise_on_error=False,
        )

    def ask(self, question, *values):
        """Return the rows of a query."""
        return asyncio.run(self._with_database(rows, question, *values))

    def do(self, statement, *values):
        """Carry out one statement."""
        asyncio.run(self._with_database(execute, statement, *values))

    async def _with_database(self, action, *arguments):
        async with open_database(self.settings.database_url.get_secret_value()) as database:
            return await action(database, *arguments)

    def run(self, day, *slugs, config=None, behind=True):
        """Run the job for `day` over `slugs` and all of `self.behind`; over everything when none is given."""
        selection = [dg.AssetKey(["source", slug]) for slug in slugs]
        selection += [dg.AssetKey(name) for name in (self.behind if behind else ["entries"])]
        return self.defs.resolve_job_def("ingest").execute_in_process(
            instance=self.instance,
            partition_key=str(day),
            asset_selection=selection if slugs else None,
            run_config={"ops": {"read_sources": {"config": config or {}}}},
            raise_on_error=False,
        )


@pytest.fixture
def project(configure, instance):
    """Return a function from `sources.yaml`, and perhaps `quality.yaml`, to a project."""

    def make(sources, quality=""):
        load_sources.cache_clear()
        load_quality.cache_clear()
        return Project(configure(sources, quality), instance)

    return make


def materialized(result):
    """Return the metadata of every materialization of a run, by asset."""
    return {
        event.asset_key.to_user_string(): {name: entry.value for name, entry in event.materialization.metadata.items()}
        for event in result.get_asset_materialization_events()
    }


def checked(result):
    """Return every check evaluation of a run, by (asset, check)."""
    return {(one.asset_key.to_user_string(), one.check_name): one for one in result.get_asset_check_evaluations()}
