"""Bytes of a feed become entries: every format, with everything that real feeds leave out or get wrong."""

import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.sources.feeds.parsing import parse_feed
from pake_pipelines.sources.protocol import SourceError
from pake_pipelines_tests.feeds import item, rss

DATE = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
RSS = rss(item(1, text="<p>Body</p>"))
RDF = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Feed</title></channel>
 <item rdf:about="https://feed.example/1"><title>Report 1</title><link>https://feed.example/1</link>
 <description>&lt;p&gt;Body&lt;/p&gt;</description><dc:date>2026-11-20T08:00:00Z</dc:date></item></rdf:RDF>"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Feed</title><entry><id>https://feed.example/1</id>
 <title>Report 1</title><link href="https://feed.example/1"/><published>2026-11-20T09:00:00+01:00</published>
 <content type="html">&lt;p&gt;Body&lt;/p&gt;</content></entry></feed>"""
JSON = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Feed",
        "items": [
            {
                "id": "https://feed.example/1", "url": "https://feed.example/1", "title": "Report 1",
                "content_html": "<p>Body</p>", "date_published": "2026-11-20T03:00:00-05:00",
            }
        ],
    }
).encode()  # fmt: skip


def outcome(body):
    """Return "feed" or the kind of the source error, and the entries."""
    try:
        return "feed", parse_feed(body).entries
    except SourceError as error:
        return error.kind, ()


@pytest.mark.parametrize("body", [RSS, RDF, ATOM, JSON], ids=["RSS 2.0", "RSS 1.0", "Atom", "JSON Feed"])
def test_the_same_item_reads_the_same_in_every_format(body):
    parsed = parse_feed(body)
    (entry,) = parsed.entries
    assert (entry.key, entry.url) == ("https://feed.example/1", "https://feed.example/1")
    assert (entry.title, entry.body, entry.media_type) == ("Report 1", "<p>Body</p>", "text/html")
    assert (entry.published_at, entry.problems, parsed.title) == (DATE, (), "Feed")


@pytest.mark.parametrize("version", ["0.91", "0.92", "2.0"])
def test_older_versions_of_rss_are_read_too(version):
    assert len(parse_feed(RSS.replace(b'version="2.0"', f'version="{version}"'.encode())).entries) == 1


def test_an_item_without_an_identifier_is_known_by_its_link_and_says_so():
    (entry,) = parse_feed(rss(item(1, guid=None))).entries
    assert (entry.key, entry.problems) == ("https://feed.example/1", ("no identifier: known by its link",))


def test_an_item_without_identifier_and_link_is_known_by_its_content():
    one, other = parse_feed(rss(item(1, guid=None, link=None), item(2, guid=None, link=None))).entries
    assert one.key != other.key
    assert one.problems == ("no identifier: known by its content",)
    assert parse_feed(rss(item(1, guid=None, link=None))).entries[0].key == one.key


def test_items_that_share_an_identifier_are_told_apart_by_their_content():
    parsed = parse_feed(rss(item(1, guid="issue-1"), item(2, guid="issue-1"), item(3)))
    assert len({entry.key for entry in parsed.entries}) == 3
    assert [bool(entry.problems) for entry in parsed.entries] == [True, True, False]


def test_an_item_that_is_given_twice_is_one_entry():
    assert len(parse_feed(rss(item(1), item(1))).entries) == 1


@pytest.mark.parametrize("date", [None, "", "yesterday", "Fri, 99 Foo 2026", "Fri, 20 Nov 99999 08:00:00 +0000"])
def test_an_item_without_a_readable_date_has_none_and_says_so(date):
    (entry,) = parse_feed(rss(item(1, date=date))).entries
    assert (entry.published_at, entry.problems) == (None, ("no date",))


@pytest.mark.parametrize("date", ["9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+05:00", "soon", 12, None, ["x"]])
def test_a_json_date_that_no_calendar_holds_is_no_date(date):
    feed = json.loads(JSON)
    feed["items"][0]["date_published"] = date
    (entry,) = parse_feed(json.dumps(feed).encode()).entries
    assert entry.published_at is None


def test_a_json_date_without_a_zone_is_utc():
    feed = json.loads(JSON)
    feed["items"][0]["date_published"] = "2026-11-20T08:00:00"
    assert parse_feed(json.dumps(feed).encode()).entries[0].published_at == DATE


def test_the_fullest_text_of_an_item_is_its_body():
    both = RSS.replace(b"<description>", b'<x:encoded xmlns:x="http://purl.org/rss/1.0/modules/content/">A much '
                       b"longer text than the summary</x:encoded><description>")  # fmt: skip
    assert parse_feed(both).entries[0].body == "A much longer text than the summary"


def test_bytes_in_another_encoding_than_declared_come_out_right():
    body = rss(item(1, title="Café “São”")).decode().encode("cp1252")
    parsed = parse_feed(body)
    assert parsed.entries[0].title == "Café “São”"
    assert parsed.warnings


def test_the_charset_of_the_header_counts():
    body = rss(item(1, title="Привет")).decode().replace("utf-8", "x-unknown").encode("koi8-r")
    assert parse_feed(body, "application/rss+xml; charset=koi8-r").entries[0].title == "Привет"


@pytest.mark.parametrize("body", [b"", b" \r\n\t ", b"\n" * 1000])
def test_an_empty_body_is_not_an_empty_feed(body):
    with pytest.raises(SourceError) as raised:
        parse_feed(body)
    assert raised.value.kind == "empty"


@pytest.mark.parametrize(
    "body",
    [
        b"<!doctype html><html><head><title>Sign in</title></head><body><p>Please</p></body></html>",
        b"Not found",
        b"\x00\x01\x02\x03",
        b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7 something",
        b'{"error": "unauthorized"}',
        b'{"items": "none"}',
        b'{"items": [',
        b"[1, 2, 3]",
        b"{" * 100_000,
    ],
    ids=["html", "text", "binary", "svg", "pdf", "json error", "json items", "json cut", "json list", "json depth"],
)
def test_what_is_no_feed_is_malformed_and_not_empty(body):
    with pytest.raises(SourceError) as raised:
        parse_feed(body)
    assert raised.value.kind == "malformed"
    assert str(raised.value).startswith("not a")


def test_a_feed_without_items_is_a_feed():
    assert parse_feed(rss()).entries == ()


def test_a_truncated_feed_gives_what_it_holds_with_a_warning():
    whole = rss(item(1), item(2), item(3))
    cut = parse_feed(whole[: whole.index(b"Report 3")])
    assert [entry.title for entry in cut.entries][:2] == ["Report 1", "Report 2"]
    assert cut.warnings


def test_nul_and_half_characters_never_reach_an_entry():
    feed = json.loads(JSON)
    feed["items"][0] |= {"title": "a\x00b\ud800c", "id": "\x00k\udc00", "tags": ["\x00t", "\x00"], "url": "\x00u"}
    (entry,) = parse_feed(json.dumps(feed).encode()).entries
    assert (entry.title, entry.key, entry.tags, entry.url) == ("abc", "k", ("t",), "u")
    (entry,) = parse_feed(RSS.replace(b"Report 1", b"a&#0;b\x00c")).entries
    assert "\x00" not in entry.title


def test_an_item_of_a_json_feed_that_is_no_object_goes_to_the_dead_letters():
    feed = json.loads(JSON)
    feed["items"] += ["text", 7, None, ["a"]]
    parsed = parse_feed(json.dumps(feed).encode())
    assert len(parsed.entries) == 1
    assert [one.key for one in parsed.unparsed] == ["item 1", "item 2", "item 3", "item 4"]


@pytest.mark.parametrize(
    "body",
    [
        rss(item(1, text="DEEP")).replace(b"DEEP", b"<b>" * 200_000),
        rss(item(1, text="DEEP")).replace(b"DEEP", b"&lt;b&gt;" * 200_000),
        b"<rss version='2.0'><channel>" + b"<category>" * 200_000,
        ATOM.replace(b"&lt;p&gt;Body&lt;/p&gt;", b"<div>" * 200_000).replace(b'"html"', b'"xhtml"'),
        rss(*(item(1, text="x") for _ in range(5_000))),
        b"<?xml version='1.0'?><!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'>"
        + b"".join(b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
        + b"]><rss version='2.0'><channel><item><title>&j;</title></item></channel></rss>",
    ],
    ids=["elements", "escaped elements", "categories", "xhtml", "copies", "entities"],
)
def test_monstrous_markup_is_done_with_in_seconds(body):
    started = time.process_time()
    kind, entries = outcome(body)
    assert kind in {"feed", "malformed"}
    assert len(entries) <= 1
    assert time.process_time() - started < 10


def test_no_entity_of_a_feed_reads_a_file(tmp_path):
    (tmp_path / "secret").write_text("hush")
    doctype = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]>'.encode()
    body = RSS.replace(b"<rss", doctype + b"<rss").replace(b"Report 1", b"&x;")
    _, entries = outcome(body)
    assert all("hush" not in entry.title for entry in entries)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_feed_or_a_source_error(body):
    assert outcome(body)[0] in {"feed", "empty", "malformed"}


@given(st.integers(0, len(ATOM)), st.binary(max_size=8))
def test_a_damaged_feed_is_read_or_refused_and_its_text_can_be_stored(place, noise):
    _, entries = outcome(ATOM[:place] + noise + ATOM[place + len(noise) :])
    for entry in entries:
        f"{entry.key}{entry.title}{entry.body}{entry.url}{entry.author}".encode()
        assert "\x00" not in f"{entry.key}{entry.title}{entry.body}"
