"""Subscription lists come in without losing a feed in silence, and go out so that they come in again."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.sources.feeds.opml import Subscription, read_opml, write_opml
from pake_pipelines.sources.protocol import SourceError

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def opml(inner, head='<?xml version="1.0" encoding="utf-8"?>', encoding="utf-8"):
    return f'{head}<opml version="2.0"><head><title>t</title></head><body>{inner}</body></opml>'.encode(encoding)


def outline(name, address, **attributes):
    said = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f'<outline type="rss" text="{name}" xmlUrl="{address}"{said}/>'


def test_folders_and_categories_become_tags():
    feed = outline("A", "https://a/", category="/x/y,z,AI")
    inner = f'<outline text="Tech"><outline text="AI">{feed}</outline></outline>'
    assert read_opml(opml(inner)).feeds == (Subscription("A", "https://a/", ("Tech", "AI", "x", "y", "z")),)


def test_a_feed_that_holds_others_is_no_folder_lost():
    inner = f'<outline text="A" xmlUrl="https://a/">{outline("B", "https://b/")}</outline>'
    assert [(feed.title, feed.tags) for feed in read_opml(opml(inner)).feeds] == [("B", ("A",)), ("A", ())]


@pytest.mark.parametrize("spelling", ["xmlUrl", "xmlurl", "xmlURL", "XMLURL"])
def test_the_address_is_found_however_its_attribute_is_spelled(spelling):
    assert read_opml(opml(f'<outline text="A" {spelling}="https://a/"/>')).feeds == (Subscription("A", "https://a/"),)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (" https://a/x?b=1&amp;c=2 ", "https://a/x?b=1&c=2"),
        ("feed://a/x", "https://a/x"),
        ("feed:https://a/x", "https://a/x"),
        ("feed://https://a/x", "https://a/x"),
        ("http://a/", "http://a/"),
    ],
)
def test_addresses_come_as_web_addresses(given, read):
    assert [feed.address for feed in read_opml(opml(outline("A", given))).feeds] == [read]


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "utf-16"])
def test_a_list_is_read_in_the_encoding_it_declares(encoding):
    body = opml(outline("Café", "https://a/"), f'<?xml version="1.0" encoding="{encoding}"?>', encoding)
    assert [feed.title for feed in read_opml(body).feeds] == ["Café"]


def test_a_list_without_a_declaration_is_utf8():
    assert [feed.title for feed in read_opml(opml(outline("Кот", "https://a/"), "")).feeds] == ["Кот"]


def test_a_feed_without_a_name_is_called_by_its_address():
    assert read_opml(opml('<outline xmlUrl="https://a/"/>')).feeds == (Subscription("https://a/", "https://a/"),)


def test_a_comment_and_what_is_below_it_is_not_active():
    inner = f'<outline text="T" isComment="true">{outline("A", "https://a/")}</outline>{outline("B", "https://b/")}'
    assert [feed.active for feed in read_opml(opml(inner)).feeds] == [False, True]


def test_what_is_no_feed_is_named_and_its_neighbours_are_read():
    inner = (
        outline("Empty", "")
        + '<outline text="None" type="rss"/>'
        + outline("Script", "javascript:alert(1)")
        + outline("Secret", "https://me:s3cret@a/")
        + "<outline/>"
        + outline("Good", "https://good/")
    )
    found = read_opml(opml(inner))
    assert [feed.title for feed in found.feeds] == ["Good"]
    assert [fault.partition(":")[0] for fault in found.faults] == [
        "Empty", "None", "Script", "Secret", "an outline without a name",
    ]  # fmt: skip
    assert "s3cret" not in str(found.faults)


HOSTILE = {
    "nothing": b"",
    "no XML": b"\x89PNG\r\n",
    "JSON": b'{"version": "https://jsonfeed.org/version/1.1"}',
    "another document": b"<rss><channel/></rss>",
    "cut off": opml(outline("A", "https://a/"))[:-10],
    "an unescaped ampersand": opml(outline("A", "https://a/?x=1&y=2")),
    "an unknown encoding": opml("", '<?xml version="1.0" encoding="klingon"?>'),
    "an external entity": opml(
        '<outline text="&x;" xmlUrl="https://a/"/>', '<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    ),
    "a billion laughs": opml(
        '<outline text="&c;" xmlUrl="https://a/"/>',
        "<!DOCTYPE opml [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;'>]>",
    ),
    "bottomless folders": opml('<outline text="f">' * 100_000),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_list_is_refused_as_malformed(body):
    with pytest.raises(SourceError) as raised:
        read_opml(body)
    assert raised.value.kind == "malformed"
    assert "root:" not in str(raised.value)


def test_a_tag_that_cannot_be_a_category_becomes_a_folder():
    feed = Subscription("A", "https://a/", ("x", "c/c++", "r, and s"))
    written = write_opml("t", [feed], NOW)
    found = read_opml(written).feeds
    assert {one.address for one in found} == {"https://a/"}
    assert {tag for one in found for tag in one.tags} == {"x", "c/c++", "r, and s"}


def test_other_readers_find_folders_types_and_a_date():
    written = write_opml("t", [Subscription("A & B", "https://a/?x=1&y=2", ("AI",))], NOW).decode()
    assert '<outline text="AI">' in written
    assert 'type="rss" text="A &amp; B" title="A &amp; B" xmlUrl="https://a/?x=1&amp;y=2" category="AI"' in written
    assert "<dateCreated>Sun, 22 Nov 2026 12:00:00 +0000</dateCreated>" in written


names = (
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"]), min_size=1, max_size=30)
    .map(str.strip)
    .filter(bool)
)
tags = st.lists(names.filter(lambda tag: not set(tag) & set(",/")), unique=True, max_size=3).map(tuple)
subscriptions = st.builds(Subscription, names, st.just("https://a.example/feed?x=1&y=<2>"), tags, st.booleans())


@given(subscriptions)
def test_what_is_written_is_read_again(feed):
    assert read_opml(write_opml("t", [feed], NOW)).feeds == (feed,)


@given(st.text(max_size=40))
def test_a_name_that_xml_cannot_hold_does_not_break_the_list(name):
    found = read_opml(write_opml(name, [Subscription(name, "https://a/", (name,))], NOW))
    assert [feed.address for feed in found.feeds] == ["https://a/"]
