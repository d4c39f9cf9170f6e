"""Backfills as Dagster carries them out: a run for each day, which really asks for that day, and fails alone."""

import asyncio
from datetime import UTC, datetime, time, timedelta
from email.message import EmailMessage

import dagster as dg
import pytest
from aiohttp import web

from pake_pipelines.pipeline.fetch import fetch_sources
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.run import Run
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.arxiv_papers import papers_of
from pake_pipelines_tests.arxiv_server import ArxivServer
from pake_pipelines_tests.chain import changed, contents, rows
from pake_pipelines_tests.defs.conftest import UNREPORTED, checked, materialized
from pake_pipelines_tests.embedder import WordEmbedder
from pake_pipelines_tests.feeds import item, prose, rss
from pake_pipelines_tests.hackernews_server import HackerNewsServer, Story
from pake_pipelines_tests.imap_server import PASSWORD, USER, ImapServer
from pake_pipelines_tests.site import Page

pytestmark = pytest.mark.long

# what the server demands, and what the client keeps to, with room for a slow machine between the two
DEMANDED_SECONDS = 0.1
RATE = "{requests_per_minute: 240, burst: 1}"
MANNERS = f"http: {{allow_private_hosts: ['127.0.0.1'], attempts: 1, rates: {{'127.0.0.1': {RATE}}}}}"
PER_DAY, PER_PAGE = 5, 2
# arXiv says anew in each answer when it was given, so that each is archived
OF_VISITS = {"raw_fetches"}


@pytest.fixture
def days(today):
    return [today - timedelta(days=back) for back in (3, 2, 1)]


@pytest.fixture
def arxiv(site, days):
    """An arXiv with papers of three days, of the day before them and of today."""
    around = [days[0] - timedelta(days=1), *days, days[-1] + timedelta(days=1)]
    papers = [paper for day in around for paper in papers_of(day, PER_DAY)]
    server = site.pages["/api/query"] = ArxivServer(papers, DEMANDED_SECONDS)
    return server


@pytest.fixture
def sources(site):
    """The lines of the configuration by source."""
    return {
        "papers": "kind: arxiv, query: 'all:the', "
        f"url: '{site.url('/api/query')}', page_size: {PER_PAGE}, authority: academic",
        "news": f"kind: feed, url: '{site.url('/feed')}', authority: news",
        "stories": f"kind: hackernews, url: '{site.url('/hn')}', authority: community",
    }


@pytest.fixture
def backfilled(project, sources):
    """Return a function from names of sources to a project."""

    def make(*names, **more):
        chosen = {name: sources[name] for name in names} | more
        lines = [f"  {name}: {{name: {name}, {said}}}" for name, said in chosen.items()]
        made = project("\n".join([MANNERS, "sources:", *lines]))
        made.behind = UNREPORTED
        return made

    return make


def ask(made, question, *values):
    async def answer():
        async with open_database(made.settings.database_url.get_secret_value()) as database:
            return await rows(database, question, *values)

    return asyncio.run(answer())


def tables(made):
    async def answer():
        async with open_database(made.settings.database_url.get_secret_value()) as database:
            return await contents(database)

    return asyncio.run(answer())


def keys_by_day(made, table="entries"):
    found = ask(
        made,
        f"""
        SELECT e.day, i.key FROM {table} t JOIN items i USING (pake_id)
        JOIN entries e ON e.pake_id = i.pake_id AND e.superseded_at IS NULL
        """,
    )
    days = {}
    for row in found:
        days.setdefault(row["day"], set()).add(row["key"])
    return days


def submitted(arxiv, *days):
    return {day: {paper.identifier for paper in arxiv.papers if paper.first.at.date() == day} for day in days}


def asked_days(arxiv):
    """Return the range of submission dates of each request."""
    return [query["search_query"].partition("submittedDate:")[2][1:9] for query in arxiv.queries]


def failure(result):
    (failed,) = [event for event in result.all_events if event.is_step_failure]
    return failed.step_failure_data.user_failure_data.description


def test_each_day_of_an_arxiv_backfill_holds_exactly_the_papers_submitted_on_it(backfilled, arxiv, days):
    made = backfilled("papers")
    results = [made.run(day, "papers") for day in days]
    assert all(result.success for result in results)
    assert keys_by_day(made) == keys_by_day(made, "knowledge_nodes") == submitted(arxiv, *days)
    assert [materialized(result)["knowledge_nodes"]["dagster/partition_row_count"] for result in results] == [5, 5, 5]
    assert made.instance.get_materialized_partitions(dg.AssetKey(["source", "papers"])) == {str(day) for day in days}


def test_each_run_of_an_arxiv_backfill_asks_for_its_own_day_and_keeps_to_the_limits(backfilled, arxiv, days):
    made = backfilled("papers")
    for day in days:
        made.run(day, "papers", behind=False)
    pages = -(-PER_DAY // PER_PAGE)
    assert asked_days(arxiv) == [f"{day:%Y%m%d}" for day in days for _ in range(pages)]
    assert arxiv.violations == []


def test_running_a_day_again_asks_again_and_changes_nothing(backfilled, arxiv, days):
    made = backfilled("papers")
    for day in days[:2]:
        made.run(day, "papers")
    before, asked = tables(made), len(arxiv.queries)
    again = materialized(made.run(days[1], "papers"))
    assert changed(before, tables(made)) <= OF_VISITS
    assert len(arxiv.queries) > asked
    assert (again["source/papers"]["new"], again["source/papers"]["unchanged"]) == (0, PER_DAY)
    assert again["documents"]["looked_at"] == 0


def test_a_day_whose_server_fails_fails_alone_and_is_completed_by_running_it_again(backfilled, arxiv, days):
    made, asset = backfilled("papers"), dg.AssetKey(["source", "papers"])
    assert made.run(days[0], "papers").success
    arxiv.next_answers = [web.Response(status=503)]
    failed = made.run(days[1], "papers")
    assert not failed.success
    assert failure(failed) == "no source could be read: 1 of 1 failed"
    assert "503" in checked(failed)["source/papers", "source_reachable"].description
    assert made.run(days[2], "papers").success
    assert made.instance.get_materialized_partitions(asset) == {str(days[0]), str(days[2])}
    assert keys_by_day(made, "knowledge_nodes") == submitted(arxiv, days[0], days[2])
    assert made.run(days[1], "papers").success
    assert keys_by_day(made, "knowledge_nodes") == submitted(arxiv, *days)


def test_a_source_that_fails_on_a_day_leaves_the_others_of_that_day_done(backfilled, arxiv, site, days):
    made = backfilled("papers", "stories")
    site.pages["/hn"] = HackerNewsServer(stories_of(days[1]))
    arxiv.next_answers = [web.Response(status=503)]
    result = made.run(days[1], "papers", "stories")
    assert result.success
    assert set(materialized(result)) & {"source/papers", "source/stories"} == {"source/stories"}
    assert list(materialized(result)["entries"]["sources_failed"]) == ["papers"]


def test_an_interrupted_look_back_goes_on_at_the_next_page(backfilled, arxiv, days):
    made = backfilled("papers")
    arxiv.next_answers = [None, web.Response(status=503)]
    assert not made.run(days[0], "papers").success
    assert len(keys_by_day(made)[days[0]]) == PER_PAGE
    (held,) = ask(made, "SELECT first_day, last_day, cursor FROM window_cursors")
    assert (held["first_day"], held["last_day"]) == (days[0], days[0])
    assert held["cursor"] == {"day": str(days[0]), "start": PER_PAGE}
    assert made.run(days[0], "papers").success
    assert [query["start"] for query in arxiv.queries] == ["0", "2", "2", "4"]
    assert keys_by_day(made, "knowledge_nodes") == submitted(arxiv, days[0])
    assert ask(made, "SELECT * FROM window_cursors") == []


def test_a_day_cut_short_by_its_limit_is_completed_by_running_it_again(backfilled, arxiv, days):
    made = backfilled("papers")
    first = materialized(made.run(days[0], "papers", config={"max_items_per_run": 3}))
    assert first["source/papers"]["new"] == 3
    assert first["source/papers"]["skipped"] > 0
    second = materialized(made.run(days[0], "papers"))
    assert second["source/papers"]["new"] == PER_DAY - 3
    assert keys_by_day(made) == submitted(arxiv, days[0])


def test_full_reprocess_reads_an_interrupted_day_from_its_beginning(backfilled, arxiv, days):
    made = backfilled("papers")
    arxiv.next_answers = [None, web.Response(status=503)]
    made.run(days[0], "papers", behind=False)
    made.run(days[0], "papers", config={"full_reprocess": True}, behind=False)
    assert [query["start"] for query in arxiv.queries] == ["0", "2", "0", "2", "4"]


async def _read_at_the_time(made, day, limit):
    """Read the feed as a run of `day` did on that day."""
    kit = Kit(made.settings, WordEmbedder())
    moment = datetime.combine(day, time(12), UTC)
    async with open_database(kit.database) as database:
        run = Run("run-of-that-day", day, moment)
        return [visit async for visit in fetch_sources(kit, database, ["news"], run, limit=limit)]


def test_a_feed_in_the_same_backfill_replays_its_archive_and_says_so(backfilled, arxiv, site, days):
    made = backfilled("papers", "news")
    site.pages["/feed"] = Page(rss(item(1), item(2), item(3)))
    asyncio.run(_read_at_the_time(made, days[1], limit=1))
    site.pages["/feed"] = Page(rss(item(4)))
    found = [materialized(made.run(day, "papers", "news")) for day in days[1:]]
    assert [one["source/news"]["replayed_from_archive"] for one in found] == [True, True]
    assert [one["source/papers"]["replayed_from_archive"] for one in found] == [False, False]
    assert [one["source/news"]["new"] for one in found] == [2, 0]
    assert len(site.asked("/feed")) == 1
    assert keys_by_day(made)[days[1]] - submitted(arxiv, days[1])[days[1]] == {
        f"https://feed.example/{number}" for number in (1, 2, 3)
    }


def stories_of(*days):
    midnights = [int(datetime.combine(day, time(), UTC).timestamp()) for day in days]
    return [
        Story(midnight % 1_000_000 + second, midnight + second, f"A story of second {second}", text=prose(second))
        for midnight in midnights
        for second in (0, 43_200, 86_399)
    ]


def test_a_backfill_of_hacker_news_gives_each_day_its_stories(backfilled, site, days):
    made = backfilled("stories")
    server = site.pages["/hn"] = HackerNewsServer(stories_of(days[0] - timedelta(days=1), *days))
    assert all(made.run(day, "stories", behind=False).success for day in days)
    assert keys_by_day(made) == {day: {str(story.number) for story in stories_of(day)} for day in days}
    assert server.violations == []


def letter(number):
    message = EmailMessage()
    message["From"], message["Subject"] = "Jo <jo@news.example>", f"Letter {number}"
    message["Message-ID"] = f"<{number}@news.example>"
    message.set_content(prose(number))
    return message.as_bytes()


def test_a_backfill_of_a_mailbox_gives_each_day_the_letters_that_arrived_on_it(backfilled, days, monkeypatch):
    monkeypatch.setenv("PAKE_MAIL_USERNAME", USER)
    monkeypatch.setenv("PAKE_MAIL_PASSWORD", PASSWORD)
    with ImapServer() as server:
        server.create("News")
        for number, day in enumerate([days[0] - timedelta(days=1), *days]):
            server.append("News", (letter(number), datetime.combine(day, time(23, 30), UTC)))
        made = backfilled(
            mail=f"kind: mailbox, host: 127.0.0.1, port: {server.port}, security: plain, folder: News, authority: news"
        )
        results = [made.run(day, "mail", behind=False) for day in days]
    assert all(result.success for result in results)
    assert [materialized(result)["source/mail"]["new"] for result in results] == [1, 1, 1]
    assert {day: len(keys) for day, keys in keys_by_day(made).items()} == dict.fromkeys(days, 1)
