"""Links: which addresses are found, where each ends, and what is none."""

import pytest
from hypothesis import given, settings

from pake_pipelines.text.links import find_links
from pake_pipelines_tests.text.strategies import any_text


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("See https://a.org/x. And (http://b.org)!", ("https://a.org/x", "http://b.org")),
        ("https://en.wikipedia.org/wiki/Set_(mathematics)", ("https://en.wikipedia.org/wiki/Set_(mathematics)",)),
        ("(https://a.org/Set_(x))", ("https://a.org/Set_(x)",)),
        ("[a](https://a.org/_(b)),[c](https://c.org)", ("https://a.org/_(b)", "https://c.org")),
        ("twice https://a.org https://a.org", ("https://a.org",)),
        ('<a href="https://a.org/?x=1&amp;y=2">https://b.org</a>', ("https://a.org/?x=1&y=2", "https://b.org")),
        ("<a class=x href='http://a.org/it'>t</a> <A HREF=http://b.org>", ("http://a.org/it", "http://b.org")),
        ("<img src='https://a.org/i.png'>", ()),
        ("<a href='/relative'> <a href='mailto:x@y.z'> ftp://a.org", ()),
        ("<https://a.org>, \u201chttps://b.org\u201d", ("https://a.org", "https://b.org")),
        ("http:// https://. nothing", ()),
        ("http://[broken", ()),
        ("https://a.org/?q=1&copy=2", ("https://a.org/?q=1&copy=2",)),
        ('[a](https://a.org/x "A title") and [b](<https://b.org/y>)', ("https://a.org/x", "https://b.org/y")),
        ("http://m\u00fcller.de/\u00e4?", ("http://m\u00fcller.de/\u00e4",)),
        (
            "http://[2606:4700::1111]/x, [http://[2606:4700::1]]",
            ("http://[2606:4700::1111]/x", "http://[2606:4700::1]"),
        ),
        (
            "\u8bf7\u770bhttps://a.org/x\u3002\u66f4\u591a\uff0chttps://b.org\uff09",
            ("https://a.org/x", "https://b.org"),
        ),
        (
            "https://a.org,https://b.org;'https://c.org','https://d.org'",
            ("https://a.org", "https://b.org", "https://c.org", "https://d.org"),
        ),
        ("https://web.archive.org/web/2020/https://a.org/", ("https://web.archive.org/web/2020/https://a.org/",)),
        ("https://a.org/very/lo\u2026 https://b.org/very/lo...", ()),
        ("https://a.org/{id}/x", ()),
        (
            "<script>f('https://no.org')</script><style>@import 'https://no.org'</style>https://a.org",
            ("https://a.org",),
        ),
        ("<SCRIPT src=x>https://no.org", ()),
        ("<!-- https://no.org --> https://a.org <!-- https://no.org", ("https://a.org",)),
        ("<a title='a > b' href='https://a.org'>", ("https://a.org",)),
        (f"https://a.org/{'x' * 8000} https://b.org", ("https://b.org",)),
        (f"<a href='https://a.org/{'x' * 8000}'>", ()),
    ],
)
def test_addresses_are_found_in_order_once_and_without_punctuation(text: str, links: tuple[str, ...]) -> None:
    assert find_links(text) == links


@settings(deadline=None)
@given(any_text)
def test_every_link_of_any_text_is_an_address_without_blanks(text: str) -> None:
    links = find_links(text)
    assert len(set(links)) == len(links)
    assert all(link.lower().startswith(("http://", "https://")) and len(link.split()) == 1 for link in links)


MILLION = 1_000_000
HARD = [
    "https://a.org/" + "x" * MILLION, "https://a.org/x " * (MILLION // 16), "https://a.org," * (MILLION // 14),
    "https://a.org/" + "," * MILLION, "https://a.org/" + "(" * MILLION, "https://a.org/" + "&amp;" * (MILLION // 5),
    "<" * MILLION, "<a " * (MILLION // 3), "<script>" * (MILLION // 8), "<script " * (MILLION // 8),
    "<!--" * (MILLION // 4), "<!-- -->" * (MILLION // 8), "http://[" * (MILLION // 8), "http://[" + "1" * MILLION,
    "<a" + " href=" * (MILLION // 6) + ">", "<a" + " href " * (MILLION // 6) + ">", "<a href" + " " * MILLION + ">",
]  # fmt: skip


@pytest.mark.parametrize("text", HARD, ids=[f"{text[:12]}..." for text in HARD])
def test_a_hard_text_of_a_million_characters_is_no_harder_than_others(text: str) -> None:
    # whatever took quadratic time would take minutes here
    assert len(find_links(text)) <= 2
