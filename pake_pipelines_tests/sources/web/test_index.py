"""An index page lists the articles below its own path, a sitemap those of its host, `links` what it matches."""

import gzip
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.sources.protocol import SourceError
from pake_pipelines.sources.web.index import listing

NEWS = "https://example.org/news"


def articles(body, address=NEWS, links=None):
    body = body if isinstance(body, bytes) else body.encode()
    return [link.url for link in listing(body, "text/html", address, links).articles]


def sitemap(*entries, root="urlset", kind="url"):
    inner = "".join(
        f"<{kind}><loc>{url}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</{kind}>" for url, day in entries
    )
    return f'<?xml version="1.0"?><{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{inner}</{root}>'.encode()


def test_articles_are_the_pages_below_the_index_in_order_of_appearance():
    page = """<a href="/news/b">B</a><a href="/about">-</a><a href="news/a/">A</a><a href="//example.org/news/c">C</a>
        <a href="https://elsewhere.org/news/d">-</a><a href="/newsletter">-</a><a href="/news/">-</a>
        <a href="/news">-</a>"""
    assert articles(page) == [f"{NEWS}/b", f"{NEWS}/a/", f"{NEWS}/c"]


@pytest.mark.parametrize("index", ["/blog", "/blog/", "/blog/index.html"])
def test_an_index_file_counts_as_its_directory(index):
    assert articles('<a href="/blog/a">', f"https://example.org{index}") == ["https://example.org/blog/a"]


def test_each_address_comes_once_and_without_its_fragment():
    page = '<a href="/news/a#one"></a><a href="/news/a"></a><a href="/news/a#two" rel="nofollow"></a>'
    assert articles(page) == [f"{NEWS}/a"]


def test_the_page_may_state_another_base():
    assert articles('<base href="/news/2026/"><a href="a">') == [f"{NEWS}/2026/a"]


@pytest.mark.parametrize(
    "href",
    ["mailto:a@example.org", "javascript:alert(1)", "ftp://example.org/news/a", "/news/a.pdf", "/news/feed.xml",
     "/news/A.JPG", "http://user:pass@example.org/news/a", "https://[/news/a", "http://example.org:99999999/news/a", "",
     "/news/" + "a" * 3000, "/news/a\x01b"],
)  # fmt: skip
def test_what_is_no_web_page_is_no_article(href):
    assert articles(f'<a href="{href}">') == []


def test_links_decides_alone_which_addresses_are_articles():
    page = '<a href="/about"></a><a href="/research/one"></a><a href="https://elsewhere.org/research/two"></a>'
    assert articles(page, links=r"/research/\w+$") == [
        "https://example.org/research/one",
        "https://elsewhere.org/research/two",
    ]


def test_a_page_in_any_encoding_gives_its_links():
    page = '<meta charset="windows-1251"><a href="/news/мир">'.encode("cp1251")
    assert articles(page) == [f"{NEWS}/мир"]


def test_a_sitemap_gives_the_pages_of_its_host_and_when_they_changed():
    body = sitemap(("https://example.org/a", "2026-11-20"), ("https://example.org/b", "2026-11-21T10:00:00+02:00"),
                   ("https://elsewhere.org/c", None), ("https://example.org/d", "November"))  # fmt: skip
    found = listing(body, "application/xml", "https://example.org/maps/sitemap.xml", None).articles
    assert [(link.url[-1], link.modified_at) for link in found] == [
        ("a", datetime(2026, 11, 20, tzinfo=UTC)),
        ("b", datetime(2026, 11, 21, 8, tzinfo=UTC)),
        ("d", None),
    ]


def test_dates_that_are_all_the_same_are_those_of_the_sitemap():
    body = sitemap(*((f"https://example.org/{n}", "2026-11-20T04:00:00Z") for n in range(3)))
    assert [link.modified_at for link in listing(body, None, "https://example.org/s.xml", None).articles] == [None] * 3


def test_a_compressed_sitemap_is_unpacked():
    body = gzip.compress(sitemap(("https://example.org/a", None)))
    assert articles(body, "https://example.org/sitemap.xml.gz") == ["https://example.org/a"]


@pytest.mark.parametrize(
    "body", [gzip.compress(b"x" * 100, mtime=0)[:-4], b"\x1f\x8bnothing"], ids=["cut off", "no gzip"]
)
def test_a_damaged_compressed_sitemap_is_an_error(body):
    with pytest.raises(SourceError) as raised:
        articles(body)
    assert raised.value.kind == "malformed"


def test_a_sitemap_that_expands_beyond_the_limit_is_refused():
    with pytest.raises(SourceError) as raised:
        articles(gzip.compress(bytes(60_000_000)))
    assert raised.value.kind == "too_large"


def test_a_sitemap_index_names_the_sitemaps_of_its_host():
    named = [("https://example.org/1.xml", "2026-11-20"), ("https://elsewhere.org/2.xml", None)]
    body = sitemap(*named, *named, root="sitemapindex", kind="sitemap")
    found = listing(body, None, "https://example.org/sitemap.xml", None)
    assert [link.url for link in found.sitemaps] == ["https://example.org/1.xml"]
    assert found.articles == ()


def test_entities_are_not_resolved(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("https://example.org/leaked")
    body = f"""<!DOCTYPE urlset [<!ENTITY file SYSTEM "file://{secret}"><!ENTITY word "https://example.org/expanded">]>
        <urlset><url><loc>&file;</loc></url><url><loc>&word;</loc></url></urlset>"""
    assert articles(body, "https://example.org/sitemap.xml") == []


def test_entities_that_multiply_take_no_time():
    lols = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    body = f'<!DOCTYPE urlset [<!ENTITY l0 "lol">{lols}]><urlset><url><loc>&l11;</loc></url></urlset>'
    began = time.process_time()
    assert articles(body, "https://example.org/sitemap.xml") == []
    assert time.process_time() - began < 2


def test_no_more_links_are_looked_at_than_a_sitemap_may_have():
    assert len(articles("".join(f'<a href="/news/{n}">' for n in range(60_000)))) == 50_000


def test_nesting_without_end_gives_what_can_be_reached():
    began = time.monotonic()
    assert articles('<a href="/news/a">' + "<div>" * 200_000) == [f"{NEWS}/a"]
    assert time.monotonic() - began < 10


def test_links_behind_deep_nesting_are_found():
    assert articles("<div>" * 1000 + "</div>" * 1000 + '<a href="/news/a">') == [f"{NEWS}/a"]


@given(st.binary(max_size=400))
def test_no_garbage_raises_anything_but_a_source_error(body):
    for prefix in (b"", b"<urlset>", b"<sitemapindex><sitemap><loc>", b"<a href="):
        try:
            found = listing(prefix + body, None, NEWS, None)
        except SourceError:
            continue
        assert all(link.url.startswith("http") for link in (*found.articles, *found.sitemaps))
