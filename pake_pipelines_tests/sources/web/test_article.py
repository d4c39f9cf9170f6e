"""A page becomes one entry: known by the address it was read at, dated only by what it says of itself."""

import pickle
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.sources.protocol import Fetched, SourceError
from pake_pipelines.sources.web.article import parse_page

URL = "https://example.org/news/a"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def page(body, media_type="text/html; charset=utf-8", url=URL):
    body = body if isinstance(body, bytes) else body.encode()
    return Fetched(url, body, NOW, media_type)


def entry(body, **options):
    (one,) = parse_page(page(body, **options)).entries
    return one


def html(head="", body="<p>Text</p>"):
    return f"<html><head>{head}</head><body>{body}</body></html>"


def test_the_page_is_kept_whole():
    text = html("<title>A title</title>", "<nav>Menu</nav><p>Text</p>")
    one = entry(text)
    assert (one.body, one.media_type, one.key, one.url) == (text, "text/html", URL, URL)


@pytest.mark.parametrize(
    ("markup", "title"),
    [
        (html('<title>Site | T</title><meta property="og:title" content=" The\n title ">', "<h1>H</h1>"), "The title"),
        (html("<title> T </title>", "<h1>H</h1>"), "T"),
        (html("<title></title>", "<h1>The <b>heading</b></h1>"), "The heading"),
    ],
)
def test_the_title_is_what_the_page_says_of_itself_first(markup, title):
    assert entry(markup).title == title


def test_a_page_without_a_title_or_a_date_says_so():
    assert entry(html()).problems == ("no title", "no date")


@pytest.mark.parametrize(
    ("head", "published"),
    [
        ('<meta property="article:published_time" content="2026-11-20T10:30:00+02:00">',
         datetime(2026, 11, 20, 8, 30, tzinfo=UTC)),
        ('<script type="application/ld+json">{"@type":"Article","datePublished":"2026-11-20T10:30:00Z"}</script>',
         datetime(2026, 11, 20, 10, 30, tzinfo=UTC)),
        ('<script type="application/ld+json">{"@graph":[{"@type":"WebPage"},{"datePublished":"2026-11-20"}]}</script>',
         datetime(2026, 11, 20, tzinfo=UTC)),
        ('<meta name="date" content="2026-11-20">', datetime(2026, 11, 20, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_the_date_is_the_one_of_publication_that_the_page_states(head, published):
    assert entry(html(head)).published_at == published


def test_a_date_is_not_guessed_from_the_text():
    assert entry(html(body="<p>The meeting of March 3, 2025 was long.</p>")).published_at is None


def test_broken_json_ld_is_no_date():
    assert entry(html('<script type="application/ld+json">{"datePublished":</script>')).published_at is None
    assert entry(html(f'<script type="application/ld+json">{"[" * 100_000}</script>')).published_at is None


def test_the_author_is_found():
    assert entry(html('<meta name="author" content="Ada Lovelace">')).author == "Ada Lovelace"


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("/news/the-article", "https://example.org/news/the-article"),
        ("https://elsewhere.org/a", URL),
        ("javascript:alert(1)", URL),
        ("https://[", URL),
    ],
)
def test_a_page_may_call_another_address_of_its_host_its_own(href, url):
    one = entry(html(f'<link rel="canonical" href="{href}">'))
    assert (one.url, one.key) == (url, URL)


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        ("<title>Мир</title>".encode("koi8-r"), "text/html; charset=koi8-r"),
        ('<meta charset="windows-1251"><title>Мир</title>'.encode("cp1251"), "text/html"),
        ("<title>Мир</title>".encode(), "text/html; charset=hex"),
        ("<title>Мир</title>".encode("utf-16"), "text/html"),
    ],
)
def test_text_is_read_in_the_encoding_it_is_written_in(body, media_type):
    assert entry(body, media_type=media_type).title == "Мир"


def test_what_postgres_cannot_store_is_taken_out():
    assert "\0" not in entry("<title>a\0b</title>").body


@pytest.mark.parametrize(("body", "kind"), [(b" \n", "empty"), (b"<!-- -->", "malformed")])
def test_what_is_no_page_is_an_error(body, kind):
    with pytest.raises(SourceError) as raised:
        parse_page(page(body))
    assert raised.value.kind == kind


def test_a_page_that_is_nested_to_take_minutes_is_read_without_a_search_for_its_author():
    began = time.monotonic()
    hostile = "<div class=author>" * 1900 + "<p class=date>2020 <b>By x</b>" * 50_000
    assert entry(f"<title>T</title>{hostile}").title == "T"
    assert time.monotonic() - began < 5


def test_the_same_bytes_give_the_same_entry_in_another_process():
    there = pickle.loads(pickle.dumps(parse_page))
    text = html('<title>T</title><meta property="article:published_time" content="2026-11-20">')
    assert there(page(text)) == parse_page(page(text))


@given(st.binary(max_size=400), st.text(max_size=40))
def test_no_garbage_raises_anything_but_a_source_error(body, media_type):
    for prefix in (
        b"",
        b"<html><head><title>",
        b'<script type="application/ld+json">',
        b'<time itemprop="datePublished" datetime="',
    ):
        try:
            parsed = parse_page(page(prefix + body, media_type=media_type))
        except SourceError:
            continue
        assert len(parsed.entries) == 1
