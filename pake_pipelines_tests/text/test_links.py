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
