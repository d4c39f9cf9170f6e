"""One spelling for all the addresses under which one page is linked, and different ones for different pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.dedup.canonical import canonical_url

PAGE = "https://site.example/a/page?id=7&part=2"


@pytest.mark.parametrize(
    "spelling",
    [
        "http://site.example/a/page?id=7&part=2",
        "HTTPS://WWW.Site.Example/a/page?id=7&part=2",
        "https://site.example:443/a/page?id=7&part=2",
        "http://site.example:80/a/page?id=7&part=2",
        "https://site.example./a/page?id=7&part=2",
        "https://site.example/a/page/?id=7&part=2",
        "https://site.example/a/page?part=2&id=7",
        "https://site.example/a/page?id=7&part=2#comments",
        "https://site.example/a/page?utm_source=x&id=7&utm_medium=y&part=2",
        "https://site.example/a/page?id=7&part=2&fbclid=abc&gclid=def&ref_src=home",
        "  https://site.example/a/page?id=7&part=2\n",
        "https://site.example/a/p%61ge?id=7&part=2",
        "https://me:secret@site.example/a/page?id=7&part=2",
    ],
)
def test_what_does_not_say_which_page_does_not_count(spelling):
    assert canonical_url(spelling) == PAGE


@pytest.mark.parametrize(
    "other",
    [
        "https://other.example/a/page?id=7&part=2",
        "https://blog.site.example/a/page?id=7&part=2",
        "https://site.example:8080/a/page?id=7&part=2",
        "https://site.example/a/Page?id=7&part=2",
        "https://site.example/a/page2?id=7&part=2",
        "https://site.example/a/page?id=8&part=2",
        "https://site.example/a/page?id=7",
        "https://site.example/a/page",
        "https://site.example/a%2Fpage?id=7&part=2",
        "https://site.example/a/page?id=7&part=2&ref=main",
        "https://site.example/a/page?id=7&part=2&source=archive",
    ],
)
def test_what_says_which_page_counts(other):
    assert canonical_url(other) not in {PAGE, None}


@pytest.mark.parametrize(
    "text",
    [None, "", "   ", "no address", "/relative", "mailto:a@b.example", "javascript:alert(1)", "https://", "http:///path",
     "http://[::1", "http://site.example:port/", "ftp://site.example/x"],
)  # fmt: skip
def test_what_is_no_web_address_has_no_canonical_form(text):
    assert canonical_url(text) is None


@pytest.mark.parametrize(
    ("form", "page"),
    [
        ("https://site.example/2026/story/amp", "https://site.example/2026/story"),
        ("https://site.example/2026/story/amp/", "https://site.example/2026/story"),
        ("https://site.example/amp/2026/story", "https://site.example/2026/story"),
        ("https://amp.site.example/2026/story", "https://site.example/2026/story"),
        ("https://site.example/story.amp.html", "https://site.example/story.html"),
        ("https://site.example/story?amp=1&id=3", "https://site.example/story?id=3"),
        ("https://site.example/story?outputType=amp", "https://site.example/story"),
        ("https://www.google.com/amp/s/www.site.example/story/amp", "https://site.example/story"),
        ("https://www-site-example.cdn.ampproject.org/c/s/www.site.example/story", "https://site.example/story"),
        ("https://web.archive.org/web/20240102030405/https://site.example/story?id=3", "https://site.example/story?id=3"),
        ("https://m.site.example/story", "https://site.example/story"),
        ("https://mobile.site.example/story", "https://site.example/story"),
        ("https://en.m.wikipedia.org/wiki/Duck", "https://en.wikipedia.org/wiki/Duck"),
        ("https://site.example/docs/index.html", "https://site.example/docs"),
        ("https://export.arxiv.org/pdf/2301.00001v3.pdf", "https://arxiv.org/abs/2301.00001"),
        ("https://arxiv.org/pdf/hep-th/9901001", "https://arxiv.org/abs/hep-th/9901001"),
        ("https://youtu.be/dQw4w9WgXcQ?si=x", "https://youtube.com/watch?v=dQw4w9WgXcQ"),
        ("https://m.youtube.com/watch?v=dQw4w9WgXcQ&feature=share", "https://youtube.com/watch?v=dQw4w9WgXcQ"),
        ("https://old.reddit.com/r/x/comments/1abc/a_title/", "https://reddit.com/r/x/comments/1abc"),
        ("https://mobile.twitter.com/a/status/1", "https://x.com/a/status/1"),
        ("http://dx.doi.org/10.1000/182", "https://doi.org/10.1000/182"),
    ],
)  # fmt: skip
def test_another_form_or_host_of_a_page_is_the_page(form, page):
    assert canonical_url(form) == page
    assert canonical_url(page) == page


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://site.example/amplifier", "https://site.example/lifier"),
        ("https://site.example/camp", "https://site.example/c"),
        ("https://amp.example/", "https://example/"),
        ("https://m.example/", "https://example/"),
        ("https://youtube.com/watch?v=a", "https://youtube.com/watch?v=b"),
        ("https://arxiv.org/abs/2301.00001", "https://arxiv.org/abs/2301.00002"),
        ("https://reddit.com/r/x/comments/1/t/9", "https://reddit.com/r/x/comments/1/t/8"),
        ("https://arxiv.org/list/cs.AI", "https://arxiv.org/list/cs.CL"),
        ("https://site.example/?gid=1", "https://site.example/?gid=2"),
        ("https://site.example/?at=1", "https://site.example/?at=2"),
    ],
)
def test_what_only_looks_like_another_form_is_another_page(one, other):
    assert canonical_url(one) != canonical_url(other)


def test_an_address_wrapped_without_end_has_no_canonical_form():
    assert canonical_url("https://web.archive.org/web/1/" * 9 + "https://site.example/") is None


def test_repeated_parameters_all_count():
    assert canonical_url("https://s.example/?a=2&a=1") == canonical_url("https://s.example/?a=1&a=2")
    assert canonical_url("https://s.example/?a=1") != canonical_url("https://s.example/?a=1&a=2")


def test_a_host_that_only_begins_with_www_keeps_it():
    assert canonical_url("https://wwwhatever.example/") == "https://wwwhatever.example/"


hosts = st.sampled_from(
    [
        "site.example",
        "WWW.site.example",
        "www.www.example",
        "[::1]",
        "bücher.example",
        "a.b.c.example:8443",
        "amp.m.amp.site.example",
        "en.m.site.example",
        "web.archive.org/web/1",
        "google.com/amp/s",
        "youtu.be",
        "i.arxiv.org/pdf",
        "old.reddit.com/comments/1",
    ]
)
paths = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
addresses = st.builds(
    lambda scheme, host, path, query, fragment: f"{scheme}://{host}/{path}?{query}#{fragment}",
    st.sampled_from(["http", "https", "HTTP"]), hosts, paths, paths, paths,
)  # fmt: skip


@given(addresses)
def test_the_canonical_form_of_a_canonical_form_is_itself(address):
    once = canonical_url(address)
    assert once is None or canonical_url(once) == once


@given(st.text(max_size=60))
def test_any_text_has_a_canonical_form_or_none(text):
    found = canonical_url(text)
    assert found is None or found.startswith("https://")
