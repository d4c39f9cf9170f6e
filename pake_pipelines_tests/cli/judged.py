"""A knowledge base at the terminal that holds a story with links, spam, and an item that a filter stopped."""

import asyncio

import pytest

from pake_pipelines.model.identity import pake_id
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.run import Run
from pake_pipelines.settings import Settings
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.chain import execute, visit, walk
from pake_pipelines_tests.conftest import NOW, TODAY
from pake_pipelines_tests.embedder import WordEmbedder
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml
from pake_pipelines_tests.site import Page, Site

SPAM = "Click here to claim it. Limited time offer, act now, 100% free and no obligation!!! " * 3
LINKED = f"{prose(1)} https://a.example/1 says more."


def key(number):
    return str(pake_id("web", f"https://feed.example/{number}"))


class Judged:
    """The terminal and its database."""

    def __init__(self, terminal, url):
        self.pake = terminal.pake
        self.home = terminal.home
        self._url = url

    def execute(self, statement, *values):
        """Carry out one statement in the database."""

        async def go():
            async with open_database(self._url) as database:
                await execute(database, statement, *values)

        asyncio.run(go())


def configure(home, feed):
    (home / "configs").mkdir(parents=True, exist_ok=True)
    (home / "configs" / "sources.yaml").write_text(sources_yaml(web=feed))
    (home / "configs" / "quality.yaml").write_text("links: {check_external: false}\n")
    (home / "dagster.yaml").touch()


def judge(home, database_url):
    """Read and judge three items: one that links, spam, and one too short to be kept. Return the feed's address."""
    site = Site().start()
    try:
        linked, spam = item(1, title="A [linked] story", text=LINKED), item(2, title="You won", text=SPAM)
        site.pages["/feed"] = Page(rss(linked, spam, item(3, title="Short", text="Too short.")))
        configure(home, site.url("/feed"))
        asyncio.run(_judge(Settings(home=home, database_url=database_url)))
        return site.url("/feed")
    finally:
        site.stop()


async def _judge(settings):
    kit = Kit(settings, WordEmbedder())
    async with open_database(kit.database) as database:
        run = Run("run-1", TODAY, NOW)
        await visit(kit, database, run)
        await walk(kit, database, run)


@pytest.fixture
def judged(connected, database_url):
    judge(connected.home, database_url)
    return Judged(connected, database_url)


@pytest.fixture(scope="module")
def judged_once(module_database_url, tmp_path_factory):
    return module_database_url, judge(tmp_path_factory.mktemp("judged"), module_database_url)


@pytest.fixture
def seen(judged_once, terminal):
    """The same for all tests that change nothing in the database."""
    url, feed = judged_once
    configure(terminal.home, feed)
    terminal.environment(PAKE_DATABASE_URL=url)
    return Judged(terminal, url)
