"""`pake sources add` finds the feed, asks every address once, and writes what `config validate` takes."""

import pytest

from pake_pipelines_tests.feeds import item, rss
from pake_pipelines_tests.site import Page

BASE = """# mine
http: {allow_private_hosts: ['127.0.0.1'], attempts: 1}

sources:
  # the first
  old: {name: Old, kind: feed, url: 'https://old.example/feed?b=2&a=1'}

schedules:
  daily: {name: Daily, sources: [old], frequency: 'daily_at_02:00', enabled: true, priority: low, max_items_per_run: 9}
"""


def page(*links):
    named = "".join(f'<link rel="alternate" type="application/rss+xml" title="{t}" href="{h}">' for t, h in links)
    return Page(f"<!DOCTYPE html><html><head>{named}</head><body>Words.</body></html>".encode())


@pytest.fixture
def shelf(terminal, site):
    """A terminal with one source, beside a site with a feed called Feed."""
    terminal.configure(BASE)
    site.pages["/feed"] = Page(rss(item(1), item(2)), headers={"Content-Type": "application/rss+xml"})
    return terminal


def added(terminal):
    return {slug: source for slug, source in terminal.config.sources.items() if slug != "old"}


def test_a_feed_is_added_under_its_own_title_and_asked_once(shelf, site):
    done = shelf.pake("sources", "add", site.url("/feed"))
    assert (done.code, done.stderr) == (0, "")
    assert "added feed: Feed with 2 entries" in done.stdout
    assert "no schedule reads it" in done.stdout
    (source,) = added(shelf).values()
    assert (source.name, source.kind, source.url, source.authority) == ("Feed", "feed", site.url("/feed"), "unknown")
    assert [path for path, _ in site.requests] == ["/feed"]


def test_everything_can_be_named_and_the_rest_of_the_file_stays(shelf, site):
    done = shelf.pake(
        "sources", "add", site.url("/feed"), "--name", "A: B", "--slug", "ab", "--authority", "news",
        "--tag", "x", "--tag", "y z", "--schedule", "daily",
    )  # fmt: skip
    assert "read by daily (daily_at_02:00); at once with `pake ingest ab`" in done.stdout
    source = added(shelf)["ab"]
    assert (source.name, source.authority, source.tags) == ("A: B", "news", ("x", "y z"))
    assert shelf.config.schedules["daily"].sources == ("old", "ab")
    assert shelf.file.read_text().startswith(BASE.partition("\nschedules")[0])


def test_a_dry_run_shows_the_lines_and_changes_nothing(shelf, site):
    done = shelf.pake("sources", "add", site.url("/feed"), "--dry-run")
    assert done.code == 0
    assert "+   feed:\n+     name: Feed\n+     kind: feed\n" in done.stdout
    assert "a dry run" in done.stderr
    assert shelf.file.read_text() == BASE


def test_a_page_leads_to_the_one_feed_that_it_names(shelf, site):
    site.pages["/"] = page(("News", "/feed"))
    assert shelf.pake("sources", "add", site.url("/")).code == 0
    assert added(shelf)["feed"].url == site.url("/feed")
    assert [path for path, _ in site.requests] == ["/", "/feed"]


def test_of_several_feeds_one_is_to_be_picked(shelf, site):
    site.pages["/"] = page(("News", "/feed"), ("Comments", "/comments/feed"))
    done = shelf.pake("sources", "add", site.url("/"))
    assert done.code == 1
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["1", "News", site.url("/feed")],
        ["2", "Comments", site.url("/comments/feed")],
    ]
    assert "--pick" in done.stderr
    choice = shelf.pake("sources", "add", site.url("/"), "--json")
    assert (choice.code, [one["pick"] for one in choice.json["choose"]]) == (1, [1, 2])
    assert not added(shelf)
    assert shelf.pake("sources", "add", site.url("/"), "--pick", "1").code == 0
    assert added(shelf)["feed"].url == site.url("/feed")
    assert "there is no number 3" in shelf.pake("sources", "add", site.url("/"), "--pick", "3").stderr


def test_a_page_that_names_none_is_helped_by_the_usual_addresses(shelf, site):
    site.pages["/blog"] = page()
    assert shelf.pake("sources", "add", site.url("/blog")).code == 0
    assert added(shelf)["feed"].url == site.url("/feed")


def test_a_page_without_any_feed_is_a_clear_error(shelf, site):
    del site.pages["/feed"]
    site.pages["/blog"] = page()
    done = shelf.pake("sources", "add", site.url("/blog"))
    assert (done.code, "is a page that names no feed" in done.stderr) == (1, True)
    paths = [path for path, _ in site.requests]
    assert len(paths) == len(set(paths)) < 12


def test_what_is_configured_already_is_not_asked_again(shelf, site):
    done = shelf.pake("sources", "add", "http://www.old.example/feed/?a=1&b=2&utm_source=x#top")
    assert (done.code, "configured already, as 'old'" in done.stderr) == (1, True)
    assert site.requests == []


def test_an_address_that_redirects_to_a_configured_one_is_refused(shelf, site):
    shelf.pake("sources", "add", site.url("/feed"))
    site.pages["/elsewhere"] = Page(status=302, headers={"Location": "/feed"})
    done = shelf.pake("sources", "add", site.url("/elsewhere"))
    assert (done.code, "configured already, as 'feed'" in done.stderr) == (1, True)


@pytest.mark.parametrize(("status", "kept"), [(301, "/feed"), (308, "/feed"), (302, "/start"), (307, "/start")])
def test_only_a_permanent_redirect_replaces_the_address(shelf, site, status, kept):
    site.pages["/start"] = Page(status=status, headers={"Location": "/feed"})
    assert shelf.pake("sources", "add", site.url("/start")).code == 0
    assert added(shelf)["feed"].url == site.url(kept)


def test_a_second_feed_of_the_same_name_gets_a_slug_of_its_own(shelf, site):
    site.pages["/other"] = Page(rss(item(3)))
    shelf.pake("sources", "add", site.url("/feed"))
    shelf.pake("sources", "add", site.url("/other"))
    assert list(added(shelf)) == ["feed", "feed-2"]


def test_a_folder_is_a_local_source_and_its_path_relative_to_the_project(shelf, tmp_path):
    (shelf.home / "notes").mkdir()
    (tmp_path / "elsewhere").mkdir()
    assert shelf.pake("sources", "add", "notes").code == 0
    assert shelf.pake("sources", "add", tmp_path / "elsewhere").code == 0
    sources = added(shelf)
    assert [(one.kind, one.path, one.authority) for one in sources.values()] == [
        ("folder", "notes", "local"),
        ("folder", str(tmp_path / "elsewhere"), "local"),
    ]
    again = shelf.pake("sources", "add", "./notes/")
    assert (again.code, "configured already, as 'notes'" in again.stderr) == (1, True)


def test_a_feed_in_a_file_is_added_by_its_path(shelf):
    (shelf.home / "saved.xml").write_bytes(rss(item(1)))
    assert shelf.pake("sources", "add", "saved.xml").code == 0
    assert [(one.kind, one.path) for one in added(shelf).values()] == [("feed", "saved.xml")]


REFUSED = {
    "an unknown schedule": (["--schedule", "never"], "no schedule 'never'"),
    "an unknown authority": (["--authority", "royal"], "no authority 'royal'"),
    "a taken slug": (["--slug", "old"], "there is a source 'old' already"),
    "no slug": (["--slug", "No Slug"], "is not a slug"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_written_is_one_clear_sentence(shelf, site, case):
    options, said = REFUSED[case]
    done = shelf.pake("sources", "add", site.url("/feed"), *options)
    assert (done.code, said in done.stderr) == (1, True)
    assert shelf.file.read_text() == BASE


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://me:s3cret@x.example/", "must not carry credentials"),
        ("ftp://x.example/", "neither a path that exists nor an address"),
        ("https://", "neither a path that exists nor an address"),
    ],
)
def test_what_is_no_address_is_refused_without_repeating_secrets(shelf, address, said):
    done = shelf.pake("sources", "add", address)
    assert (done.code, said in done.stderr) == (1, True)
    assert "s3cret" not in done.stderr


def test_programs_get_what_was_added_as_json(shelf, site):
    said = shelf.pake("sources", "add", site.url("/feed"), "--tag", "x", "--json").json
    assert said == {
        "slug": "feed", "name": "Feed", "kind": "feed", "url": site.url("/feed"), "authority": "unknown",
        "tags": ["x"], "entries": 2, "dry_run": False,
    }  # fmt: skip
