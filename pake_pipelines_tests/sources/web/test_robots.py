"""robots.txt is asked for first, believed for a day, and what is not known to be allowed is not read."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.sources.http.client import open_client
from pake_pipelines.sources.protocol import SourceError
from pake_pipelines.sources.web.robots import AGENT, Robots, Rules
from pake_pipelines_tests.site import Page
from pake_pipelines_tests.sources.conftest import manners

PRIVATE = b"User-agent: *\nDisallow: /private/\n"


def test_the_longest_matching_rule_decides():
    rules = Rules("User-agent: *\nDisallow: /a\nAllow: /a/b\n")
    assert not rules.allow("https://example.org/a/c")
    assert rules.allow("https://example.org/a/b/c")


def test_a_group_for_this_program_replaces_the_one_for_all():
    rules = Rules(f"User-agent: *\nDisallow: /\n\nUser-agent: {AGENT.upper()}\nDisallow: /secret\n")
    assert rules.allow("https://example.org/news")
    assert not rules.allow("https://example.org/secret")


def test_what_is_said_to_others_does_not_concern_this_program():
    rules = Rules("User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /\nCrawl-delay: 99\n")
    assert rules.allow("https://example.org/news")
    assert rules.delay == 0


def test_a_crawl_delay_is_known_in_seconds():
    assert Rules("User-agent: *\nCrawl-delay: 2.5\n").delay == 2.5


def test_an_empty_file_allows_everything():
    assert Rules("").allow("https://example.org/")


def test_a_file_of_nothing_but_names_and_rules_is_read_in_time():
    hostile = "".join(f"User-agent: a{n}\n" for n in range(20_000)) + "".join(
        f"Disallow: /{n}\n" for n in range(10_000)
    )
    began = time.monotonic()
    assert Rules(hostile).allow("https://example.org/1")
    assert time.monotonic() - began < 5


@given(st.binary(max_size=300), st.text(max_size=50))
def test_no_garbage_raises(body, path):
    rules = Rules(body.decode("utf-8", "replace"))
    assert rules.allow(f"https://example.org/{path}") in {True, False}
    assert rules.delay >= 0


async def test_it_is_asked_for_once_a_visit_whatever_is_read(site, client):
    site.pages["/robots.txt"] = Page(PRIVATE)
    robots = Robots(client, site.url("/"), None)
    await robots.check(site.url("/a"))
    with pytest.raises(SourceError) as raised:
        await robots.check(site.url("/private/b"))
    assert raised.value.kind == "disallowed"
    assert len(site.asked("/robots.txt")) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_site_without_one_allows_everything(site, client, status):
    site.pages["/robots.txt"] = Page(status=status)
    await Robots(client, site.url("/"), None).check(site.url("/private/"))


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_while_it_cannot_be_had_nothing_is_allowed(site, client, status):
    site.pages["/robots.txt"] = Page(status=status)
    robots = Robots(client, site.url("/"), None)
    for _ in range(2):
        with pytest.raises(SourceError) as raised:
            await robots.check(site.url("/"))
        assert raised.value.transient
    assert len(site.asked("/robots.txt")) == 1


async def test_an_unreachable_site_allows_nothing():
    async with open_client(manners()) as client:
        with pytest.raises(SourceError) as raised:
            await Robots(client, "http://127.0.0.1:1/", None).check("http://127.0.0.1:1/")
    assert raised.value.transient


async def test_what_follows_the_first_500_kibibytes_is_not_read(site, client):
    long = PRIVATE + b"#" * 500 * 1024 + b"\nDisallow: /late/\n"
    site.pages["/robots.txt"] = Page(long)
    rules = await Robots(client, site.url("/"), None).rules(site.url("/"))
    assert rules.allow(site.url("/late/"))
    assert not rules.allow(site.url("/private/"))


async def test_it_is_remembered_for_a_day(site, client):
    site.pages["/robots.txt"] = Page(PRIVATE)
    first = Robots(client, site.url("/"), None)
    await first.rules(site.url("/"))
    kept = first.remember()

    again = Robots(client, site.url("/"), kept)
    assert not (await again.rules(site.url("/"))).allow(site.url("/private/"))
    assert len(site.asked("/robots.txt")) == 1
    assert again.remember() == kept

    kept["read_at"] = (datetime.now(UTC) - timedelta(hours=24, seconds=1)).isoformat()
    await Robots(client, site.url("/"), kept).rules(site.url("/"))
    assert len(site.asked("/robots.txt")) == 2


async def test_what_is_remembered_of_one_site_is_not_used_for_another(site, client):
    kept = {"site": "http://example.org", "text": PRIVATE.decode(), "read_at": datetime.now(UTC).isoformat()}
    await Robots(client, site.url("/"), kept).check(site.url("/private/"))
    assert len(site.asked("/robots.txt")) == 1


async def test_a_long_file_is_asked_for_again_instead_of_being_written_with_every_visit(site, client):
    site.pages["/robots.txt"] = Page(PRIVATE + b"# " + b"x" * 20_000)
    robots = Robots(client, site.url("/"), None)
    await robots.rules(site.url("/"))
    assert robots.remember() is None


class Shelf:
    """Files of sites that somebody else has read."""

    def __init__(self, **known):
        self.known = known
        self.kept = {}

    async def recall(self, site):
        return self.known.get("file")

    def keep(self, site, text, read_at, until):
        self.kept[site] = text, until - read_at


async def test_what_another_visit_has_read_is_not_asked_for_again(site, client):
    shelf = Shelf(file=(PRIVATE.decode(), datetime.now(UTC) - timedelta(hours=23)))
    rules = await Robots(client, site.url("/"), None, shelf).rules(site.url("/"))
    assert not rules.allow(site.url("/private/"))
    assert site.asked("/robots.txt") == []


async def test_what_another_visit_has_read_more_than_a_day_ago_is(site, client):
    site.pages["/robots.txt"] = Page(PRIVATE)
    shelf = Shelf(file=("", datetime.now(UTC) - timedelta(hours=24, seconds=1)))
    assert not (await Robots(client, site.url("/"), None, shelf).rules(site.url("/"))).allow(site.url("/private/"))


@pytest.mark.parametrize(
    ("cache_control", "hours"),
    [(None, 24), ("max-age=7200", 2), ("max-age=60", 1), ("max-age=604800", 24), ("no-cache", 24)],
)
async def test_it_is_kept_as_long_as_the_site_says_between_an_hour_and_a_day(site, client, cache_control, hours):
    site.pages["/robots.txt"] = Page(PRIVATE, headers={"Cache-Control": cache_control} if cache_control else {})
    shelf = Shelf()
    await Robots(client, site.url("/"), None, shelf).rules(site.url("/"))
    assert shelf.kept == {site.url("").rstrip("/"): (PRIVATE.decode(), timedelta(hours=hours))}


@pytest.mark.parametrize(("status", "kept"), [(404, 1), (503, 0)])
async def test_that_there_is_none_is_kept_and_that_it_could_not_be_had_is_not(site, client, status, kept):
    site.pages["/robots.txt"] = Page(status=status)
    shelf = Shelf()
    try:
        await Robots(client, site.url("/"), None, shelf).rules(site.url("/"))
    except SourceError:
        assert status == 503
    assert len(shelf.kept) == kept
