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
from pake_pipelines_tests.site import Page

SPAM = "Click here to claim it. Limited time offer, act now, 100% free and no obligation!!! " * 3
LINKED = f"{prose(1)} https://a.example/1 says more."


def key(number):
    return str(pake_id("web", f"https://feed.example/{number}"))


class Judged:
    """The terminal, its database and what becomes of it."""

    def __init__(self, terminal, url):
        self.pake = terminal.pake
        self.home = terminal.home
        self._url = url

    def judge(self):
        """Read and judge everything."""
        asyncio.run(self._judge())

    async def _judge(self):
        kit = Kit(Settings(home=self.home, database_url=self._url), WordEmbedder())
        async with open_database(self._url) as database:
            run = Run("run-1", TODAY, NOW)
            await visit(kit, database, run)
            await walk(kit, database, run)

    def execute(self, statement, *values):
        """Carry out one statement in the database."""

        async def go():
            async with open_database(self._url) as database:
                await execute(database, statement, *values)

        asyncio.run(go())


@pytest.fixture
def judged(connected, site, database_url):
    site.pages["/feed"] = Page(
        rss(
            item(1, title="A [linked] story", text=LINKED),
            item(2, title="You won", text=SPAM),
            item(3, title="Short", text="Too short."),
        )
    )
    connected.configure(sources_yaml(web=site.url("/feed")))
    (connected.home / "configs" / "quality.yaml").write_text("links: {check_external: false}\n")
    connected.config  # noqa: B018  # what was read for another project is forgotten
    made = Judged(connected, database_url)
    made.judge()
    return made
