"""An index page is looked at politely, each article is read once, and a visit that stopped early is gone on with."""

import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pake_pipelines.config.source_kinds import WebpageSource
from pake_pipelines.sources.http.client import open_client
from pake_pipelines.sources.protocol import Fetched, KnownBody, SourceError, Unchanged
from pake_pipelines.sources.web.index import Link
from pake_pipelines.sources.web.webpage import ATTEMPTS, Webpage, articles_per_visit, news
from pake_pipelines_tests.site import Page
from pake_pipelines_tests.sources.conftest import manners
from pake_pipelines_tests.sources.visits import Keeper

HTML = {"Content-Type": "text/html; charset=utf-8"}
_versions = itertools.count()


def publish(site, *names, index="/news", extra=""):
    """Let the index list the articles `names`, and have a page for each that has none yet."""
    links = "".join(f'<a href="{index}/{name}">{name}</a>' for name in names)
    body = f"<html><body>{links}{extra}</body></html>".encode()
    site.pages[index] = Page(body, headers=HTML | {"ETag": f'"{next(_versions)}"'})
    for name in names:
        page = f"<html><head><title>{name}</title></head><body><p>About {name}.</p></body></html>"
        site.pages.setdefault(f"{index}/{name}", Page(page.encode(), headers=HTML))


def reader(site, client, path="/news", links=None):
    return Webpage(WebpageSource(name="News", kind="webpage", url=site.url(path), links=links), client)


def named(urls):
    return [url.rsplit("/", 1)[1] for url in urls]


def changed_sitemap(site, days, path="/sitemap.xml"):
    entries = "".join(f"<url><loc>{site.url(where)}</loc><lastmod>{day}</lastmod></url>" for where, day in days.items())
    site.pages[path] = Page(f"<urlset>{entries}</urlset>".encode(), headers={"ETag": f'"{next(_versions)}"'})


async def test_every_listed_article_is_read_once(site, client):
    publish(site, "a", "b")
    keeper = Keeper()
    assert named(await keeper.visit(reader(site, client))) == ["a", "b"]
    publish(site, "c", "a", "b")
    assert named(await keeper.visit(reader(site, client))) == ["c"]
    entries = [Webpage.parse(body).entries[0] for body in keeper.bodies]
    assert [entry.title for entry in entries] == ["a", "b", "c"]


async def test_an_index_that_did_not_change_is_asked_for_conditionally_and_nothing_else(site, client):
    publish(site, "a")
    keeper = Keeper()
    await keeper.visit(reader(site, client))
    site.requests.clear()
    await keeper.visit(reader(site, client))
    assert [type(one) for one in keeper.answers] == [Unchanged]
    assert [path for path, _ in site.requests] == ["/news"]
    assert site.asked("/news")[0]["If-None-Match"] == site.pages["/news"].headers["ETag"]


async def test_an_index_with_other_bytes_behind_no_validators_is_compared(site, client):
    publish(site, "a")
    site.pages["/news"].headers = HTML
    keeper = Keeper()
    await keeper.visit(reader(site, client))
    await keeper.visit(reader(site, client))
    assert [type(one) for one in keeper.answers] == [Unchanged]


async def test_other_links_make_an_unchanged_index_new(site, client):
    publish(site, "a", extra='<a href="/papers/p">')
    site.pages["/papers/p"] = Page(b"<p>P</p>", headers=HTML)
    keeper = Keeper()
    await keeper.visit(reader(site, client))
    assert named(await keeper.visit(reader(site, client, links="/papers/"))) == ["p"]


async def test_robots_txt_is_asked_for_before_anything_else(site, client):
    publish(site, "a")
    await Keeper().visit(reader(site, client))
    assert [path for path, _ in site.requests] == ["/robots.txt", "/news", "/news/a"]


async def test_what_robots_txt_disallows_is_not_asked_for(site, client):
    publish(site, "a", "draft")
    site.pages["/robots.txt"] = Page(b"User-agent: *\nDisallow: /news/draft\n")
    keeper = Keeper()
    assert named(await keeper.visit(reader(site, client))) == ["a"]
    assert keeper.unreadable == {site.url("/news/draft"): "disallowed"}
    assert not site.asked("/news/draft")


async def test_a_disallowed_index_is_an_error(site, client):
    publish(site, "a")
    site.pages["/robots.txt"] = Page(b"User-agent: pake-pipelines\nDisallow: /\n")
    with pytest.raises(SourceError) as raised:
        await Keeper().visit(reader(site, client))
    assert raised.value.kind == "disallowed"
    assert not site.asked("/news")


async def test_nothing_is_read_while_robots_txt_cannot_be_had(site, client):
    publish(site, "a")
    site.pages["/robots.txt"] = Page(status=500)
    with pytest.raises(SourceError) as raised:
        await Keeper().visit(reader(site, client))
    assert raised.value.transient
    assert not site.asked("/news")


async def test_a_redirect_to_where_robots_txt_does_not_let_in_is_not_used(site, client):
    publish(site, "a", "b")
    site.pages["/robots.txt"] = Page(b"User-agent: *\nDisallow: /inside/\n")
    site.pages["/news/a"] = Page(status=302, headers={"Location": "/inside/a"})
    site.pages["/inside/a"] = Page(b"<p>inside</p>", headers=HTML)
    keeper = Keeper()
    assert named(await keeper.visit(reader(site, client))) == ["b"]
    assert keeper.unreadable == {site.url("/news/a"): "disallowed"}


async def test_an_article_that_leads_back_to_the_index_is_gone(site, client):
    publish(site, "a", "b")
    site.pages["/news/a"] = Page(status=302, headers={"Location": "/news"})
    keeper = Keeper()
    assert named(await keeper.visit(reader(site, client))) == ["b"]
    assert keeper.unreadable == {site.url("/news/a"): "missing"}


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (Page(status=404), "http_status"),
        (Page(status=410), "gone"),
        (Page(b"x" * 2_000_000, headers=HTML), "too_large"),
        (Page(b"", headers=HTML), "empty"),
        (Page(b"%PDF", headers={"Content-Type": "application/pdf"}), "malformed"),
        (Page(status=302, headers={"Location": "http://10.0.0.1/"}), "refused"),
    ],
)
async def test_an_article_that_cannot_be_read_leaves_the_others_alone(site, client, page, reason):
    publish(site, "a", "broken", "b")
    site.pages["/news/broken"] = page
    keeper = Keeper()
    assert named(await keeper.visit(reader(site, client))) == ["a", "b"]
    assert keeper.unreadable == {site.url("/news/broken"): reason}

    publish(site, "c", "a", "broken", "b")
    assert named(await keeper.visit(reader(site, client))) == ["c"]
    assert len(site.asked("/news/broken")) == 1


async def test_a_failure_that_may_pass_is_tried_again_by_the_next_visits_and_then_given_up(site, client):
    publish(site, "a", "b")
    site.pages["/news/a"] = Page(status=500)
    keeper = Keeper()
    for _ in range(ATTEMPTS + 2):
        await keeper.visit(reader(site, client))
    assert len(site.asked("/news/a")) == ATTEMPTS
    assert site.asked("/news")[-1]["If-None-Match"]


async def test_a_failure_that_passed_is_forgotten(site, client):
    publish(site, "a", "b")
    good, site.pages["/news/a"] = site.pages["/news/a"], Page(status=500)
    keeper = Keeper()
    assert named(await keeper.visit(reader(site, client))) == ["b"]
    site.pages["/news/a"] = good
    assert named(await keeper.visit(reader(site, client))) == ["a"]
    assert keeper.cursor["failed"] == {}


@pytest.mark.parametrize("status", [429, 503])
async def test_a_server_that_wants_to_be_left_alone_ends_the_visit(site, client, status):
    publish(site, "a", "b", "c")
    good, site.pages["/news/b"] = site.pages["/news/b"], Page(status=status)
    keeper = Keeper()
    assert named(await keeper.visit(reader(site, client))) == ["a"]
    assert not site.asked("/news/c")

    site.pages["/news/b"] = good
    async with open_client(manners()) as later:
        assert named(await keeper.visit(reader(site, later))) == ["b", "c"]


async def test_a_visit_that_could_read_nothing_is_an_error_that_says_when_to_come_back(site, client):
    publish(site, "a", "b")
    site.pages["/news/a"] = Page(status=429, headers={"Retry-After": "120"})
    with pytest.raises(SourceError) as raised:
        await Keeper().visit(reader(site, client))
    assert raised.value.retry_at > datetime.now(UTC)


async def test_a_site_that_fails_article_after_article_is_left_alone(site, client):
    names = [f"a{n}" for n in range(10)]
    publish(site, *names)
    for name in names:
        site.pages[f"/news/{name}"] = Page(status=500)
    with pytest.raises(SourceError):
        await Keeper().visit(reader(site, client))
    assert sum(path.startswith("/news/") for path, _ in site.requests) == 3


@pytest.mark.parametrize("body", [b"<html><body>Nothing here</body></html>", b"", b"\x00\xff", b"<urlset></urlset>"])
async def test_an_index_without_articles_is_an_error_and_not_silence(site, client, body):
    publish(site, "a")
    keeper = Keeper()
    await keeper.visit(reader(site, client))
    site.pages["/news"] = Page(body, headers=HTML)
    with pytest.raises(SourceError) as raised:
        await keeper.visit(reader(site, client, links=None))
    assert raised.value.kind == "empty"
    assert "links" in str(raised.value)


async def test_a_sitemap_tells_which_articles_changed(site, client):
    for path in ("/a", "/b"):
        site.pages[path] = Page(b"<p>one</p>", headers=HTML)
    changed_sitemap(site, {"/a": "2026-11-18", "/b": "2026-11-19"})
    keeper = Keeper()
    assert named(await keeper.visit(reader(site, client, "/sitemap.xml"))) == ["a", "b"]
    assert keeper.bodies[0].modified_at == datetime(2026, 11, 18, tzinfo=UTC)

    changed_sitemap(site, {"/a": "2026-11-18", "/b": "2026-11-20"})
    assert named(await keeper.visit(reader(site, client, "/sitemap.xml"))) == ["b"]


async def test_the_sitemaps_of_a_sitemap_index_are_read_as_far_as_they_changed(site, client):
    def name(days):
        entries = "".join(
            f"<sitemap><loc>{site.url(path)}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</sitemap>"
            for path, day in days.items()
        )
        body = f"<sitemapindex>{entries}</sitemapindex>".encode()
        site.pages["/sitemap.xml"] = Page(body, headers={"ETag": f'"{next(_versions)}"'})

    for path in ("/a", "/b", "/c"):
        site.pages[path] = Page(b"<p>one</p>", headers=HTML)
    changed_sitemap(site, {"/a": "2026-11-18"}, "/dated.xml")
    changed_sitemap(site, {"/b": "2026-11-18"}, "/undated.xml")
    name({"/dated.xml": "2026-11-18", "/undated.xml": None})
    keeper = Keeper()
    assert named(await keeper.visit(reader(site, client, "/sitemap.xml"))) == ["a", "b"]

    site.requests.clear()
    changed_sitemap(site, {"/b": "2026-11-18", "/c": "2026-11-19"}, "/undated.xml")
    assert named(await keeper.visit(reader(site, client, "/sitemap.xml"))) == ["c"]
    assert [path for path, _ in site.requests] == ["/sitemap.xml", "/undated.xml", "/c"]

    site.pages["/gone.xml"] = Page(status=404)
    name({"/dated.xml": "2026-11-18", "/undated.xml": None, "/gone.xml": None})
    for _ in range(2):
        assert await keeper.visit(reader(site, client, "/sitemap.xml")) == []
    assert len(site.asked("/gone.xml")) == 1


async def test_a_crawl_delay_is_kept_between_requests(site, client):
    publish(site, "a", "b")
    site.pages["/robots.txt"] = Page(b"User-agent: *\nCrawl-delay: 0.3\n")
    keeper = Keeper()
    await keeper.visit(reader(site, client))
    first, second = (body.fetched_at for body in keeper.bodies)
    assert (second - first).total_seconds() >= 0.3


async def test_a_long_crawl_delay_is_kept_on_average_by_reading_fewer_articles(site, client, monkeypatch):
    monkeypatch.setattr("pake_pipelines.sources.web.webpage._LONGEST_PAUSE", 0.05)
    names = ["a", "b", "c", "d", "e"]
    publish(site, *names)
    site.pages["/robots.txt"] = Page(b"User-agent: *\nCrawl-delay: 300\n")
    keeper = Keeper()
    visits = [named(await keeper.visit(reader(site, client))) for _ in range(4)]
    assert visits == [["a", "b"], ["c", "d"], ["e"], []]


def test_a_crawl_delay_limits_a_visit_to_ten_minutes():
    assert [articles_per_visit(delay) for delay in (0, 1, 10, 600, 86_400)] == [None, 600, 60, 1, 1]


def test_a_known_article_is_news_only_when_it_is_known_to_be_newer():
    old, new = datetime(2026, 11, 18, tzinfo=UTC), datetime(2026, 11, 19, tzinfo=UTC)
    known = {"dated": KnownBody(old, 1, ""), "undated": KnownBody(None, 1, "")}
    links = [Link("dated", old), Link("dated", None), Link("undated", new), Link("dated", new), Link("unknown")]
    assert news(links, known, {}) == [Link("dated", new), Link("unknown")]
    assert news(links, known, {"unknown": ATTEMPTS, "dated": ATTEMPTS - 1}) == [Link("dated", new)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rounds=st.lists(st.tuples(st.integers(1, 3), st.lists(st.integers(1, 5), max_size=3)), min_size=1, max_size=3),
    broken=st.sets(st.integers(0, 8), max_size=2),
)
async def test_wherever_visits_stop_every_article_is_read_exactly_once(site, client, rounds, broken):
    index = f"/run{next(_versions)}"
    names, expected = [], set()
    keeper = Keeper()
    for added, stops in rounds:
        fresh = [f"{len(names) + n}" for n in range(added)]
        names = fresh + names
        publish(site, *names, index=index)
        for name in fresh:
            if int(name) in broken:
                site.pages[f"{index}/{name}"] = Page(status=404)
            else:
                expected.add(name)
        for stop in stops:
            await keeper.visit(reader(site, client, index), stop)
    await keeper.visit(reader(site, client, index))
    assert sorted(named(body.url for body in keeper.bodies)) == sorted(expected)

    site.requests.clear()
    await keeper.visit(reader(site, client, index))
    assert [path for path, _ in site.requests] == [index]
    assert not any(isinstance(one, Fetched) for one in keeper.answers)
