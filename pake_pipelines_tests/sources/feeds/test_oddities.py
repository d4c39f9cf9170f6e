"""What real feeds do beyond their formats: nothing of it costs an item, its text, its link or its date."""

import http.server
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.sources.feeds import fast as fast_feed
from pake_pipelines.sources.feeds import parsing as feed_parsing
from pake_pipelines.sources.feeds.parsing import parse_feed
from pake_pipelines.sources.protocol import SourceError
from pake_pipelines_tests.feeds import item, rss

NAMESPACES = (
    'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:x="urn:x"'
)


def channel(items, head=""):
    return f'<rss version="2.0" {NAMESPACES}><channel><title>Feed</title>{head}{items}</channel></rss>'.encode()


def atom(entry, attributes=""):
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {attributes}><title>Feed</title>{entry}</feed>'.encode()


def only(body, content_type=None, base=""):
    (entry,) = parse_feed(body, content_type, base).entries
    return entry


def entries_of(body):
    """Return the entries, none when it is no feed."""
    try:
        return parse_feed(body).entries
    except SourceError:
        return ()


@pytest.fixture
def fast_only(monkeypatch):
    """Fail when the slow parser is asked."""

    def asked(*_):
        raise AssertionError("feedparser was asked")

    monkeypatch.setattr(feed_parsing, "read_tolerantly", asked)


@pytest.fixture
def slow_only(monkeypatch):
    """Let the fast parser read nothing."""
    monkeypatch.setattr(feed_parsing, "read_fast", lambda *_: None)


PLAIN = {
    "rss": rss(item(1, text="<p>Body</p>"), item(2)),
    "podcast": channel(item(1), '<atom:link rel="self" href="https://a.example/feed"/><ttl>60</ttl>'),
    "atom": atom("<entry><id>1</id><title>T</title><updated>2026-11-20T08:00:00Z</updated></entry>"),
    "atom text": atom('<entry><id>1</id><title>T</title><content>Words</content></entry>'),
    "fractions": atom("<entry><id>1</id><title>T</title><updated>2026-11-20T08:00:00.544-08:00</updated></entry>"),
    "xhtml": atom('<entry><id>1</id><title>T</title><content type="xhtml">'
                  '<div xmlns="http://www.w3.org/1999/xhtml"><p>Body</p></div></content></entry>'),
    "entities": channel(item(1, title="TITLE")).replace(b"TITLE", b"caf&eacute; &copy; A & B"),
    "controls": channel(item(1, title="a\x0bb")),
    "declared otherwise": channel(item(1, title="café")).decode().encode("latin-1").replace(
        b"<rss", b"<?xml version='1.0' encoding='iso-8859-1'?><rss", 1),
}  # fmt: skip


@pytest.mark.parametrize("body", PLAIN.values(), ids=PLAIN)
def test_ordinary_feeds_are_read_by_the_fast_parser_alone(body, fast_only):
    assert parse_feed(body).entries


@pytest.mark.parametrize("name", ["rss", "podcast", "atom", "atom text", "fractions", "xhtml", "declared otherwise"])
def test_both_parsers_read_an_ordinary_feed_alike(name, monkeypatch):
    fast = parse_feed(PLAIN[name])
    monkeypatch.setattr(feed_parsing, "read_fast", lambda *_: None)
    slow = parse_feed(PLAIN[name])
    told = [[replace(entry, body="") for entry in parsed.entries] for parsed in (fast, slow)]
    assert told[0] == told[1]
    texts = [[entry.body.replace(' xmlns="http://www.w3.org/1999/xhtml"', "") for entry in parsed.entries]
             for parsed in (fast, slow)]  # fmt: skip
    assert texts[0] == texts[1]


def test_the_slow_parser_reads_what_the_fast_one_cannot():
    rss_1_1 = b"""<Channel xmlns="http://purl.org/net/rss1.1#" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
        <title>Feed</title><items rdf:parseType="Collection"><item rdf:about="https://a.example/1"><title>One</title>
        <link>https://a.example/1</link></item></items></Channel>"""
    assert only(rss_1_1).url == "https://a.example/1"
    cdf = b"""<CHANNEL HREF="https://a.example/"><TITLE>Feed</TITLE><ITEM HREF="https://a.example/1"><TITLE>One</TITLE>
        </ITEM></CHANNEL>"""
    assert only(cdf).title == "One"


def test_the_fast_parser_reads_what_the_slow_one_cannot(monkeypatch):
    def refuse(*_):
        raise SourceError("malformed", "not a feed: says the slow one")

    monkeypatch.setattr(feed_parsing, "read_tolerantly", refuse)
    assert only(channel(item(1)).replace(b"</channel>", b"<unclosed></channel>")).title == "Report 1"


def test_the_reading_with_more_items_is_believed(monkeypatch):
    damaged = channel(item(1) + item(2)).replace(b"</channel>", b"<unclosed></channel>")
    monkeypatch.setattr(
        feed_parsing, "read_tolerantly", lambda *_: feed_parsing.Reading([], "", ("the slow one found nothing",))
    )
    assert len(parse_feed(damaged).entries) == 2
    real = fast_feed.read_fast
    monkeypatch.undo()
    monkeypatch.setattr(feed_parsing, "read_fast", lambda *asked: feed_parsing.Reading(real(*asked).items[:1], ""))
    assert len(parse_feed(damaged).entries) == 2


@pytest.mark.parametrize(
    ("identifier", "date"),
    [("20", ""), ("2026", ""), ("1", "<pubDate>yesterday</pubDate>"), ("1", "<pubDate>3 hours ago</pubDate>"),
     ("1", "<pubDate>10:30</pubDate>"), ("Fri, 20 Nov 2026 08:00:00 GMT", "")],
)  # fmt: skip
def test_no_date_is_made_up_from_an_identifier_or_the_day_of_reading(identifier, date):
    entry = only(channel(f"<item><guid>{identifier}</guid><title>T</title>{date}</item>"))
    assert (entry.published_at, entry.problems) == (None, ("no date",))


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 20 Nov 2026 08:00:00 GMT",
        "20 Nov 2026 09:00 +0100",
        "Fri, 20 Nov 2026 03:00:00 EST",
        "Friday, 20-Nov-26 08:00:00 GMT",
        "2026-11-20T08:00:00Z",
        "2026-11-20T10:00:00+02:00",
        "2026-11-20 08:00:00",
        " \n 2026-11-20T08:00:00.000Z ",
    ],
)
def test_dates_come_in_many_forms(date):
    assert only(channel(f"<item><title>T</title><pubDate>{date}</pubDate></item>")).published_at == datetime(
        2026, 11, 20, 8, tzinfo=UTC
    )


def test_the_date_of_the_feed_is_not_that_of_its_items():
    body = channel(item(1, date=None) + item(2), "<pubDate>Fri, 20 Nov 2026 08:00:00 GMT</pubDate>")
    assert [entry.published_at is None for entry in parse_feed(body).entries] == [True, False]


def test_an_item_that_was_only_updated_is_dated_by_that():
    entry = only(atom("<entry><id>1</id><title>T</title><updated>2026-11-20T08:00:00Z</updated></entry>"))
    assert entry.published_at == datetime(2026, 11, 20, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "<description>Some <b>bold</b> words</description>",
        "<body xmlns='http://www.w3.org/1999/xhtml'>Some <b>bold</b> words</body>",
    ],
)
def test_markup_that_nobody_escaped_is_text_all_the_same(text):
    assert only(channel(f"<item><title>T</title>{text}</item>")).body == "Some <b>bold</b> words"


def test_the_full_text_of_rss_1_0_is_read():
    body = f"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
      {NAMESPACES}>
      <channel><title>Feed</title></channel><item rdf:about="https://a.example/1"><title>T</title>
      <description>Short</description><content:encoded>The whole long text</content:encoded></item></rdf:RDF>"""
    entry = only(body.encode())
    assert (entry.body, entry.key) == ("The whole long text", "https://a.example/1")


def test_a_video_is_told_by_its_media_description():
    media = "<media:group><media:title>T</media:title><media:description>What is seen</media:description></media:group>"
    body = atom(f"<entry><id>1</id><title>T</title>{media}</entry>", 'xmlns:media="http://search.yahoo.com/mrss/"')
    assert only(body).body == "What is seen"


def test_what_belongs_to_a_picture_is_not_taken_for_the_items_own():
    entry = only(
        channel(
            "<item><media:title>Picture</media:title><media:description>A picture</media:description>"
            '<atom:link rel="self" href="https://a.example/self"/><title>Item</title><link>https://a.example/1</link>'
            "<description>The text of the item</description></item>"
        )
    )
    assert (entry.title, entry.url, entry.body) == ("Item", "https://a.example/1", "The text of the item")


@pytest.mark.parametrize(
    ("links", "url"),
    [('<link rel="enclosure" href="https://a.example/1.mp3"/><link href="https://a.example/1"/>', "https://a.example/1"),
     ('<link rel="enclosure" href="https://a.example/1.mp3"/>', "https://a.example/id"),
     ("", "https://a.example/id")],
)  # fmt: skip
def test_the_link_of_an_entry_leads_to_the_entry(links, url):
    assert only(atom(f"<entry><id>https://a.example/id</id><title>T</title>{links}</entry>")).url == url


def test_a_relative_link_is_taken_from_the_feeds_address():
    assert only(rss(item(1, link="/news/1")), base="https://a.example/feeds/all.xml").url == "https://a.example/news/1"


def test_a_relative_identifier_stays_as_it_is_whoever_reads_it(monkeypatch):
    body = rss(item(1, guid="/news/1", link="/news/1"))
    fast = only(body, base="https://a.example/feed")
    monkeypatch.setattr(feed_parsing, "read_fast", lambda *_: None)
    assert only(body, base="https://a.example/feed") == fast
    assert (fast.key, fast.url) == ("/news/1", "https://a.example/news/1")


@pytest.mark.parametrize("base", ["", "https://b.example/feed"])
def test_xml_base_counts_before_the_feeds_address(base):
    body = atom('<entry><id>1</id><title>T</title><link href="1"/></entry>', 'xml:base="https://a.example/news/"')
    assert only(body, base=base).url == "https://a.example/news/1"


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "mailto:a@b.example", "http://[1", "file:///x"]
)
def test_only_web_addresses_are_links(link):
    body = rss(item(1, link=link, guid="g"))
    entry = only(body, base="https://a.example/feed")
    assert (entry.url, entry.key) == (None, "g")
    assert entry.problems


def test_tags_come_once_each():
    tags = "<category>ai</category><category><![CDATA[ml]]></category><dc:subject>ai</dc:subject><category/>"
    assert only(channel(f"<item><title>T</title>{tags}</item>")).tags == ("ai", "ml")


def test_a_link_to_something_else_is_no_link_to_the_entry():
    assert (
        only(atom('<entry><title>T</title><link rel="enclosure" href="https://a.example/1.mp3"/></entry>')).url is None
    )


@pytest.mark.parametrize(
    "author", ["Jo Doe", "jo@a.example (Jo Doe)", "Jo Doe &lt;jo@a.example&gt;", "Jo Doe (jo@a.example)"]
)
def test_an_author_of_rss_is_a_name_and_not_an_address(author):
    assert only(channel(f"<item><title>T</title><author>{author}</author></item>")).author == "Jo Doe"


def test_an_author_with_nothing_but_an_address_is_that_address():
    assert only(channel("<item><title>T</title><author>jo@a.example</author></item>")).author == "jo@a.example"


def test_all_authors_are_told():
    authors = "<dc:creator>Ada</dc:creator><dc:creator>Bob</dc:creator>"
    assert only(channel(f"<item><title>T</title>{authors}</item>")).author == "Ada, Bob"


def test_an_author_of_atom_is_a_name_and_not_an_address(slow_only):
    body = atom("<entry><id>1</id><title>T</title><author><name>Ada</name><email>ada@a.example</email></author>"
                "<author><name>Bob</name></author></entry>")  # fmt: skip
    assert only(body).author == "Ada, Bob"


def encoded(encoding, *, declared=None, mark=b""):
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    text = channel(item(1, title="Grüße, “Žluťoučký”" if "utf" in encoding else "Grüße")).decode()
    return mark + (declaration + text).encode(encoding)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (encoded("utf-8"), None),
        (encoded("utf-8", mark=b"\xef\xbb\xbf"), None),
        (encoded("utf-16"), None),
        (encoded("utf-16", declared="utf-8"), None),
        (encoded("utf-16-le", declared="utf-16"), None),
        (encoded("utf-8", declared="iso-8859-1"), None),
        (encoded("utf-8"), "text/xml; charset=iso-8859-1"),
        (encoded("utf-8"), "text/xml; charset=nonsense"),
        (encoded("latin-1", declared="iso-8859-1"), None),
        (encoded("latin-1", declared="us-ascii"), None),
        (encoded("latin-1"), "application/rss+xml; charset=ISO-8859-1"),
        (encoded("latin-1", declared="utf-8"), "application/rss+xml"),
        (encoded("cp437", declared="cp437"), None),
        (encoded("utf-8", declared="base64"), "text/xml; charset=zlib"),
    ],
)
def test_a_text_is_read_in_the_encoding_that_it_really_has(body, content_type):
    assert only(body, content_type).title.startswith("Grüße")


def test_a_seven_bit_encoding_is_not_taken_for_ascii():
    body = channel(item(1, title="新聞")).decode().encode("iso-2022-jp")
    assert only(body, "text/xml; charset=iso-2022-jp").title == "新聞"


def test_windows_quotes_in_a_text_declared_as_latin_1_are_quotes():
    body = b'<?xml version="1.0" encoding="iso-8859-1"?>' + channel(item(1, title="TITLE")).replace(
        b"TITLE", b"\x93a\x94"
    )
    assert only(body).title == "“a”"


def test_windows_quotes_as_control_characters_are_quotes():
    assert only(channel(item(1, title="\x93a\x94"))).title == "“a”"


@pytest.mark.parametrize("before", [b"\r\n\r\n", b"<!-- cached -->", b"Warning: something in line 3\n", b"\x00\x00"])
@pytest.mark.parametrize("after", [b"\n", b"<!-- 0.2 s -->", b"<script>count()</script>", b"</html>"])
def test_what_a_site_writes_around_its_feed_is_passed_over(before, after):
    body = before + b'<?xml version="1.0"?>' + channel(item(1)) + after
    assert only(body).title == "Report 1"


def test_html_entities_are_characters_and_a_lone_ampersand_is_itself():
    body = channel(item(1, title="TITLE")).replace(b"TITLE", b"caf&eacute;&nbsp;&amp; A & B &unknown; &lt;b&gt; AT&T")
    assert only(body).title == "café\xa0& A & B &unknown; <b> AT&T"


def test_entities_in_a_cdata_section_belong_to_the_text():
    body = channel(item(1, title="a &eacute;", text="TEXT")).replace(b"TEXT", b"<![CDATA[<p>caf&eacute; & co</p>]]>")
    assert only(body).body == "<p>caf&eacute; & co</p>"


def test_an_item_given_twice_is_counted_but_comes_once():
    parsed = parse_feed(rss(item(1), item(1), item(2)))
    assert (len(parsed.entries), parsed.repeated) == (2, 1)


@pytest.mark.parametrize(
    ("head", "expected"),
    [("<ttl>90</ttl>", timedelta(minutes=90)), ("", None), ("<ttl>soon</ttl>", None), ("<ttl>0</ttl>", timedelta()),
     ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", timedelta(hours=6)),
     ("<sy:updatePeriod> hourly </sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", timedelta(hours=1)),
     ("<sy:updatePeriod>weekly</sy:updatePeriod>", timedelta(weeks=1)),
     ("<sy:updatePeriod>daily</sy:updatePeriod><ttl>5</ttl>", timedelta(minutes=5))],
)  # fmt: skip
def test_how_long_the_feed_says_that_it_stays_the_same(head, expected):
    assert parse_feed(channel(item(1), head)).fresh_for == expected


def test_an_article_about_ttl_is_not_the_feeds_own():
    body = channel("<item><title>T</title><description><![CDATA[<ttl>5</ttl>]]></description></item>")
    assert parse_feed(body).fresh_for is None


def test_a_body_that_is_a_file_name_or_an_address_is_not_opened(tmp_path):
    calls = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            calls.append(self.path)

    (tmp_path / "feed").write_bytes(rss(item(1)))
    with http.server.HTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/<rss>"
        for body in (str(tmp_path / "feed"), f"file://{tmp_path}/feed#<rss>", address):
            assert entries_of(body.encode()) == entries_of(body.encode("utf-16")) == ()
        server.shutdown()
    assert calls == []


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><p>rss</p>", b"<opml/>", b"<html><channel>Sports</channel></html>"])
def test_a_page_is_not_an_empty_feed(page):
    with pytest.raises(SourceError, match=r"^not a feed"):
        parse_feed(page)


@pytest.mark.parametrize("opening", [b"<item>", b"<b>", b"<description>", b"<category>"])
def test_nesting_beyond_any_feed_is_refused_and_not_read(opening):
    with pytest.raises(SourceError) as raised:
        parse_feed(b"<rss version='2.0'><channel><item>" + opening * 200_000)
    assert (raised.value.kind, "deeper" in str(raised.value)) == ("malformed", True)


def test_declared_entities_are_not_expanded():
    declared = b'<!DOCTYPE rss [<!ENTITY big "' + b"B" * 100_000 + b'"><!ENTITY nbsp "&#160;">]>'
    body = declared + channel(item(1, title="TITLE")).replace(b"TITLE", b"a&nbsp;b " + b"&big;" * 1000)
    entry = only(body)
    assert entry.title.startswith("a\xa0b &big;&big;")
    assert len(entry.title) < 10_000


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40).map(str.strip))
def test_any_title_comes_out_as_it_was_written(title):
    entry = only(rss(item(1, title=title)))
    assert entry.title == title.strip()
