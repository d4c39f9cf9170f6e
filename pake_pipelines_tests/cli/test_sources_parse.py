"""`pake sources parse` shows what is read in files of any kind, and fails in words."""

import os

import pytest

from pake_pipelines.model.entry import Parsed
from pake_pipelines_tests.feeds import item, rss

MESSAGE = b"From: A <a@x.example>\r\nSubject: Hello\r\nMessage-ID: <1@x>\r\n\r\nWords."
PAGE = b"<!DOCTYPE html><html><head><title>A page</title></head><body><p>Words.</p></body></html>"
KINDS = {
    "a.xml": (rss(item(1)), "feed", "Feed"),
    "b.json": (b'{"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": []}', "feed", "J"),
    "c.eml": (MESSAGE, "message", "Hello"),
    "d.html": (PAGE, "page", "A page"),
    "e.md": (b"# A note\n\nWords.", "file", "A note"),
    "f.txt": (b"First line\nsecond", "file", "First line"),
    "without-suffix-feed": (b"\xef\xbb\xbf" + rss(item(1)), "feed", "Feed"),
    "without-suffix-message": (MESSAGE, "message", "Hello"),
    "without-suffix-page": (b"\n<!-- x --><HTML><title>A page</title>", "page", "A page"),
    "without-suffix-text": (b"First line\nsecond", "file", "First line"),
}


def test_every_kind_of_file_is_read_by_its_name_or_its_beginning(terminal):
    for name, (body, _, _) in KINDS.items():
        (terminal.home / name).write_bytes(body)
    done = terminal.pake("sources", "parse", *KINDS, "--json")
    assert (done.code, done.stderr) == (0, "")
    assert [(one["file"], one["kind"], one["title"]) for one in done.lines] == [
        (name, kind, title) for name, (_, kind, title) in KINDS.items()
    ]


def test_an_entry_comes_with_id_title_link_date_and_length(terminal):
    (terminal.home / "a.xml").write_bytes(rss(item(1, text="Twelve chars", link="https://x.example/1")))
    (found,) = terminal.pake("sources", "parse", "a.xml", "--json").lines
    assert found["error"] is None
    assert found["entries"] == [
        {
            "id": "https://feed.example/1",
            "title": "Report 1",
            "link": "https://x.example/1",
            "published": "2026-11-20T08:00:00+00:00",
            "text_length": 12,
            "problems": [],
        }
    ]


GARBAGE = {
    "empty.xml": b"",
    "picture.xml": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "cut.json": b'{"version": "https://jsonfeed.org/version/1.1", "items": [',
    "laughs.xml": b"<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]><x>&b;</x>",
    "not-a-document.docx": b"PK\x03\x04 torn",
    "not-a-paper.pdf": b"%PDF-1.7 torn",
}


def test_garbage_ends_in_words_and_does_not_stop_the_rest(terminal):
    for name, body in GARBAGE.items():
        (terminal.home / name).write_bytes(body)
    (terminal.home / "good.xml").write_bytes(rss(item(1)))
    done = terminal.pake("sources", "parse", *GARBAGE, "missing.xml", ".", "good.xml", "--json")
    assert done.code == 1
    assert "Traceback" not in done.stdout + done.stderr
    *bad, good = done.lines
    assert [one["file"] for one in bad] == [*GARBAGE, "missing.xml", "."]
    assert all(one["error"] and not one["entries"] for one in bad)
    assert [one["error"] for one in bad[-2:]] == ["No such file or directory", "Is a directory"]
    assert (good["error"], len(good["entries"])) == (None, 1)


def test_a_dash_reads_stdin(terminal):
    (found,) = terminal.pake("sources", "parse", "-", "--json", stdin=rss(item(1), item(2))).lines
    assert (found["file"], found["kind"], len(found["entries"])) == ("-", "feed", 2)


def test_a_file_beyond_the_limit_is_not_parsed(terminal):
    terminal.configure("http: {max_bytes: 100}")
    (terminal.home / "a.xml").write_bytes(rss(item(1)))
    done = terminal.pake("sources", "parse", "a.xml", "--json")
    assert done.code == 1
    assert "larger than 100 bytes" in done.lines[0]["error"]


@pytest.mark.parametrize("count", [1, 3])
def test_people_see_one_line_for_a_file_and_the_entries_of_an_only_one(terminal, count):
    names = [f"{number}.xml" for number in range(count)]
    for name in names:
        (terminal.home / name).write_bytes(rss(item(1, title="A [bold]title[/bold]"), item(2)))
    done = terminal.pake("sources", "parse", *names)
    assert done.code == 0
    assert all(f"✓ {name}  feed  Feed  2 entries" in done.stdout for name in names)
    assert ("A [bold]title[/bold]" in done.stdout) is (count == 1)


def named_by_its_process(_fetched):
    return Parsed((), title=str(os.getpid()))


def test_many_files_are_parsed_by_few_processes(terminal, monkeypatch):
    """Starting one takes a second, which nobody wants to wait for each of a thousand files."""
    names = [f"{number}.xml" for number in range(40)]
    for name in names:
        (terminal.home / name).touch()
    monkeypatch.setattr("pake_pipelines.cli.sources.parsing.parser_of", lambda _: named_by_its_process)
    done = terminal.pake("sources", "parse", *names, "--json")
    assert [one["file"] for one in done.lines] == names
    assert len({one["title"] for one in done.lines}) <= terminal.config.parsing.workers


def test_a_name_that_is_no_text_is_printed_all_the_same(terminal):
    name = os.fsdecode(b"caf\xe9.xml")
    (terminal.home / name).write_bytes(rss(item(1)))
    assert terminal.pake("sources", "parse", name).code == 0
    assert terminal.pake("sources", "parse", name, "--json").lines[0]["file"] == "caf\ufffd.xml"
