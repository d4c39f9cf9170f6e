"""Subscription lists: what comes in is configured once, what goes out comes in again."""

import pytest

from pake_pipelines.config.loading import load_sources
from pake_pipelines_tests.sources.feeds.test_opml import opml, outline

BASE = """sources:
  old: {name: Old, kind: feed, url: 'https://old.example/feed'}
schedules:
  daily: {name: Daily, sources: [old], frequency: 'daily_at_02:00', enabled: true, priority: low, max_items_per_run: 9}
"""
LIST = opml(
    f'<outline text="Tech">{outline("Blog", "https://blog.example/rss")}{outline("Old", "http://old.example/feed/")}'
    f"</outline>{outline('Blog', 'https://other.example/rss')}{outline('Blog', 'https://blog.example/rss#2')}"
    f"{outline('Torn', '')}{outline('Новости', 'https://news.example/rss', isComment='true')}"
)


@pytest.fixture
def listed(terminal):
    """A terminal with one source and the file list.opml."""
    terminal.configure(BASE)
    (terminal.home / "list.opml").write_bytes(LIST)
    return terminal


def test_every_line_of_a_list_is_added_known_repeated_or_named(listed):
    done = listed.pake("sources", "import-opml", "list.opml", "--schedule", "daily", "--authority", "news")
    assert done.code == 0
    assert "feeds added: 3; configured already: 1; listed more than once: 1; not taken: 1" in done.stdout
    assert "not taken: Torn: it has no feed address" in done.stderr
    found = {slug: source for slug, source in listed.config.sources.items() if slug != "old"}
    assert {slug: (one.url, one.tags, one.authority, one.enabled) for slug, one in found.items()} == {
        "blog": ("https://blog.example/rss", ("Tech",), "news", True),
        "blog-2": ("https://other.example/rss", (), "news", True),
        "news-example": ("https://news.example/rss", (), "news", False),
    }
    assert found["news-example"].disabled_because == "it was commented out in list.opml"
    assert listed.config.schedules["daily"].sources == ("old", *found)


def test_importing_a_list_twice_adds_nothing_the_second_time(listed):
    listed.pake("sources", "import-opml", "list.opml")
    text = listed.file.read_text()
    done = listed.pake("sources", "import-opml", "list.opml", "--json")
    assert (done.code, done.json["added"], len(done.json["configured"])) == (0, {}, 5)
    assert listed.file.read_text() == text


def test_a_dry_run_shows_what_would_come_and_changes_nothing(listed):
    done = listed.pake("sources", "import-opml", "list.opml", "--dry-run")
    assert (done.code, "+   blog-2:" in done.stdout, "feeds to add: 3" in done.stdout) == (0, True, True)
    assert listed.file.read_text() == BASE


def test_a_list_can_come_from_stdin(listed):
    assert listed.pake("sources", "import-opml", "-", stdin=LIST).code == 0
    assert "blog-2" in listed.config.sources


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not a subscription list"),
        (b"<rss/>", "it begins with <rss>"),
        (opml("", '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'), "EntitiesForbidden"),
        (opml("x" * 2000), "more than 1000 bytes"),
    ],
)
def test_what_is_no_list_is_one_clear_sentence(terminal, body, said):
    terminal.configure("http: {max_bytes: 1000}")
    (terminal.home / "list.opml").write_bytes(body)
    done = terminal.pake("sources", "import-opml", "list.opml")
    assert (done.code, said in done.stderr, len(done.stderr.splitlines())) == (1, True, 1)


def test_a_list_of_which_nothing_can_be_taken_is_a_failure(listed):
    (listed.home / "list.opml").write_bytes(opml(outline("Torn", "")))
    done = listed.pake("sources", "import-opml", "list.opml")
    assert (done.code, "not taken: Torn" in done.stderr) == (1, True)


def test_a_file_that_is_missing_is_a_clear_error(listed):
    done = listed.pake("sources", "import-opml", "nowhere.opml")
    assert (done.code, "nowhere.opml: No such file" in done.stderr) == (1, True)


EXPORTED = """authorities: {family: 0.5}
sources:
  a: {name: 'A & B: "<c>"', kind: feed, url: 'https://a.example/?x=1&y=2', tags: [ai, c/c++, 'r, s']}
  b: {name: Кот, kind: feed, url: 'https://b.example/'}
  c: {name: C, kind: medium, follow: '@someone', tags: [ai]}
  d: {name: D, kind: feed, url: 'https://d.example/', enabled: false, disabled_because: noisy}
  e: {name: E, kind: folder, path: notes}
  f: {name: F, kind: feed, path: saved.xml}
"""


def facts(config):
    return {
        (one.name, one.url, frozenset(one.tags), one.enabled)
        for one in config.sources.values()
        if one.kind in {"feed", "medium"} and one.url
    }


def test_what_is_exported_is_the_same_after_an_import_into_an_empty_project(terminal, tmp_path):
    terminal.configure(EXPORTED)
    before = facts(terminal.config)
    done = terminal.pake("sources", "export-opml", "out.opml")
    assert "feeds written to out.opml: 4" in done.stderr
    assert "left out, because they are no feeds at a web address: e, f" in done.stderr
    terminal.configure("")
    assert terminal.pake("sources", "import-opml", "out.opml").code == 0
    assert facts(terminal.config) == before


def test_the_list_goes_to_stdout_when_no_file_is_named(terminal):
    terminal.configure(EXPORTED)
    written = terminal.pake("sources", "export-opml").stdout
    assert terminal.pake("sources", "import-opml", "-", "--json", stdin=written.encode()).json["added"] == {}


def test_a_thousand_feeds_come_in_within_seconds(terminal, tmp_path):
    terminal.configure(BASE)
    many = "".join(outline(f"Feed {number}", f"https://f{number}.example/rss") for number in range(1000))
    (terminal.home / "many.opml").write_bytes(opml(many))
    assert terminal.pake("sources", "import-opml", "many.opml", "--schedule", "daily").code == 0
    assert len(load_sources(terminal.file.parent).sources) == 1001
