"""`pake sources test` shows what a source would bring, stores nothing, and says of a failure what to do about it."""

import asyncio
import os
import socket
from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines_tests.chain import contents
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml
from pake_pipelines_tests.site import Page


@pytest.fixture
def feed(terminal, site):
    """A terminal with a source `blog` of eight entries."""
    site.pages["/feed"] = Page(rss(*(item(number) for number in range(8))), headers={"Content-Type": "text/xml"})
    terminal.configure(sources_yaml(blog=site.url("/feed")))
    return terminal


def test_five_titles_are_shown_with_their_dates_and_what_they_took(feed, site):
    done = feed.pake("sources", "test", "blog")
    assert done.code == 0
    assert f"1 body of {len(site.pages['/feed'].body):,} bytes" in done.stdout
    assert [line.split() for line in done.stdout.splitlines()[2:]] == [
        ["2026-11-20", "08:00", "Report", str(number)] for number in range(5)
    ]


def test_the_source_is_asked_once_and_without_conditions(feed, site):
    feed.pake("sources", "test", "blog")
    (asked,) = site.asked("/feed")
    assert not {"If-None-Match", "If-Modified-Since", "Cookie", "Referer"} & asked.keys()


async def test_nothing_is_stored(connected, site, database):
    site.pages["/feed"] = Page(rss(item(1)))
    connected.configure(sources_yaml(blog=site.url("/feed")))
    before = await contents(database)
    done = await asyncio.to_thread(connected.pake, "sources", "test", "blog")
    assert done.code == 0
    after = await contents(database)
    assert {name for name in before if before[name] != after[name]} <= {"host_budgets"}


def test_programs_get_the_same_as_json(feed, site):
    site.pages["/feed"].headers["Cache-Control"] = "max-age=7200"
    said = feed.pake("sources", "test", "blog", "--count", "2", "--json").json
    assert (said["ok"], said["title"], said["bodies"]) == (True, "Feed", 1)
    assert [entry["title"] for entry in said["entries"]] == ["Report 0", "Report 1"]
    fresh = datetime.fromisoformat(said["fresh_until"]) - datetime.now(UTC)
    assert timedelta(hours=1.9) < fresh < timedelta(hours=2.1)


def test_people_are_told_what_the_server_wants_to_be_spared(feed, site):
    site.pages["/feed"].headers["Cache-Control"] = "max-age=7200"
    assert "it expects no news before" in feed.pake("sources", "test", "blog").stdout


def test_an_address_that_is_not_configured_can_be_tried(feed, site):
    site.pages["/other"] = Page(rss(item(1, title="A [red]title[/red]")))
    done = feed.pake("sources", "test", site.url("/other"))
    assert done.code == 0
    assert "A [red]title[/red]" in done.stdout


def test_sources_on_disk_are_tried_the_same_way(terminal):
    (terminal.home / "notes").mkdir()
    for number in range(7):
        note = terminal.home / "notes" / f"{number}.md"
        note.write_text(f"# Note {number}\n\n{prose(number)}")
        os.utime(note, (NOW.timestamp() - 3600, NOW.timestamp() - 3600))
    (terminal.home / "feed.xml").write_bytes(rss(item(1)))
    terminal.configure(sources_yaml(notes="notes/", file="feed.xml"))
    assert len(terminal.pake("sources", "test", "notes", "--json").json["entries"]) == 5
    assert terminal.pake("sources", "test", "file", "--json").json["title"] == "Feed"


def test_a_disabled_source_can_be_tried_before_it_is_enabled(terminal, site):
    site.pages["/feed"] = Page(rss(item(1)))
    off = f"{{name: A, kind: feed, url: '{site.url('/feed')}', enabled: false, disabled_because: x}}"
    terminal.configure(f"http: {{allow_private_hosts: ['127.0.0.1']}}\nsources: {{a: {off}}}")
    assert terminal.pake("sources", "test", "a").code == 0


def test_a_source_that_is_not_complete_says_what_is_missing(terminal):
    terminal.configure("sources: {a: {name: A, kind: folder, enabled: false, disabled_because: x}}")
    done = terminal.pake("sources", "test", "a")
    assert (done.code, "a folder needs a path" in done.stderr) == (1, True)


ANSWERS = {
    "not found": (Page(status=404), "http_status", "404", "look for the feed on the site's page"),
    "forbidden": (Page(status=403), "http_status", "403", "refuses programs"),
    "busy": (Page(status=429, headers={"Retry-After": "3600"}), "busy", "429", "wants to be left alone"),
    "empty": (Page(b"  "), "empty", "empty", "sends nothing"),
    "a page": (Page(b"<html><body>no feed</body></html>"), "malformed", "not a feed", "looks for the feeds of a page"),
    "too large": (Page(b"x" * 200_000), "too_large", "larger", "raise http.max_bytes"),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_failure_is_one_sentence_with_its_cause_and_a_way_out(terminal, site, answer):
    site.pages["/feed"], kind, cause, way_out = ANSWERS[answer]
    terminal.configure(sources_yaml(blog=site.url("/feed"), http="max_bytes: 100000"))
    done = terminal.pake("sources", "test", "blog")
    assert (done.code, done.stdout) == (1, "")
    sentence, hint = done.stderr.splitlines()
    assert sentence.startswith("error: blog: ")
    assert cause in sentence
    assert way_out in hint
    said = terminal.pake("sources", "test", "blog", "--json")
    assert (said.code, said.json["ok"], said.json["kind"]) == (1, False, kind)
    assert way_out in said.json["way_out"]


def test_a_host_that_is_down_or_private_is_a_clear_failure(terminal):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    terminal.configure(sources_yaml(down=f"http://127.0.0.1:{port}/feed"))
    done = terminal.pake("sources", "test", "down")
    assert done.code == 1
    assert "check the address" in done.stderr
    terminal.configure("")
    done = terminal.pake("sources", "test", f"http://127.0.0.1:{port}/")
    assert (done.code, "http in configs/sources.yaml" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere", "no source 'nowhere'"),
        ("ftp://x.example/", "expected an http:// or https:// address"),
        ("https://me:s3cret@x.example/", "must not carry credentials"),
    ],
)
def test_what_cannot_be_tried_is_refused_without_repeating_secrets(terminal, name, said):
    done = terminal.pake("sources", "test", name)
    assert (done.code, said in done.stderr) == (1, True)
    assert "s3cret" not in done.stderr
