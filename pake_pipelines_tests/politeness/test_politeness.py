"""A simulated week of schedules that tick every half hour: all rules of politeness are kept, and no news is missed."""

import asyncio
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import yaml

from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.run import Run
from pake_pipelines.settings import Settings
from pake_pipelines.sources.clock import Clock
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.chain import rows, visit
from pake_pipelines_tests.embedder import WordEmbedder
from pake_pipelines_tests.politeness.rules import Terms
from pake_pipelines_tests.politeness.scorecard import score, table
from pake_pipelines_tests.politeness.web import SimulatedWeb
from pake_pipelines_tests.politeness.world import START, world

pytestmark = pytest.mark.long

WEEK = timedelta(days=7)
TICK = timedelta(minutes=30)
TICK_SECONDS = 60
# asked by a schedule at every tick, all others at every full hour
RESTLESS = "weak-tag"
# a redirect is believed after a week by default, which the week is too short for
LEARN_AFTER_DAYS = 2


@pytest.fixture(scope="module")
def week(tmp_path_factory, module_database_url):
    """The week, played once: the servers' notes, the terms they are judged by, and the number of items stored."""
    home = tmp_path_factory.mktemp("politeness")
    (home / "configs").mkdir()
    (home / "configs" / "quality.yaml").touch()
    return asyncio.run(_play(Settings(home=home, database_url=module_database_url)))


async def _play(settings):
    web = SimulatedWeb(world(), START)
    clock = Clock(now=lambda: web.now)
    kit = Kit(settings, WordEmbedder())
    async with web.serve(), open_database(kit.database) as database:
        (settings.configs / "sources.yaml").write_text(_configuration(web))
        for tick in range(WEEK // TICK):
            web.now = START + tick * TICK
            slugs = list(web.feeds) if tick % 2 == 0 else [RESTLESS]
            run = Run(f"tick-{tick}", web.now.date(), web.now)
            # whoever waits for a clock that stands still would wait for ever
            async with asyncio.timeout(TICK_SECONDS):
                await visit(kit, database, run, *slugs, only_due=True, clock=clock)
        stored = await rows(database, "SELECT source, count(*) AS items FROM items GROUP BY source")
    return web, _terms(kit.sources, web), {row["source"]: row["items"] for row in stored}


def _configuration(web):
    sources = {name: {"name": name, "kind": "feed", "url": web.url(name)} for name in web.feeds}
    hosts = sorted({urlsplit(source["url"]).hostname for source in sources.values()})
    return yaml.safe_dump(
        {
            "max_concurrent_sources": len(sources),
            "http": {"allow_private_hosts": hosts, "rate": {"requests_per_minute": 6000, "burst": 100}},
            "redirects": {"learn_after_days": LEARN_AFTER_DAYS},
            "sources": sources,
        }
    )


def _terms(config, web):
    return Terms(
        product="pake-pipelines",
        addresses=frozenset(map(web.url, web.feeds)),
        learn_after_visits=config.redirects.learn_after_visits,
        learn_after=timedelta(days=config.redirects.learn_after_days),
        error_threshold=config.failures.error_threshold,
        backoff_multiplier=config.failures.backoff_multiplier,
        longest_rest=timedelta(hours=config.failures.max_backoff_hours),
        longest_fresh=timedelta(hours=config.polling.max_fresh_hours),
    )


def test_the_politeness_scorecard_is_clean(week):
    web, terms, _ = week
    verdicts = score(web.log, terms)
    print(f"\n\n{len(web.log)} requests in 7 simulated days\n\n{table(verdicts)}")
    assert [one.rule for one in verdicts if not one.passed] == []


@pytest.mark.parametrize("name", sorted(set(world()) - {"gone"}))
def test_politeness_costs_no_news(name, week):
    """Whoever is polite by not asking has understood nothing: all that was there a day before the end is stored."""
    web, _, stored = week
    feed = web.feeds[name]
    assert stored[name] >= feed.published(START + WEEK - timedelta(days=1))


def test_politeness_ends_with_a_feed_that_is_gone(week):
    web, _, _ = week
    assert [one.status for one in web.log if one.feed == "gone"].count(410) == 1
