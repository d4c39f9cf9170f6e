"""Extraction: pages are reduced, fragments are kept whole, and hostile markup costs neither crash nor minutes."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pake_pipelines.text.extract import extract, extract_page, extractor_version
from pake_pipelines_tests.text.strategies import any_text

_SENTENCE = "The committee has published a report on storage, and it says that batteries must grow. "


def _html(fragment: str) -> str:
    return extract(fragment, "text/html")


@pytest.mark.parametrize(
    ("fragment", "markdown"),
    [
        ("<h2>Head</h2><p>One <b>bold</b> word.</p><p>Two.</p>", "## Head\n\nOne bold word.\n\nTwo."),
        ("<ul><li>one</li><li>two<ol><li>inner</li></ol></li></ul>", "- one\n- two\n  - inner"),
        ("<ul><li><p>one</p><p>more</p></li></ul>", "- one\n  more"),
        ("before<blockquote>said</blockquote>after", "before\n\n> said\n\nafter"),
        ("<p>a<br>b<br><br>c</p>", "a\nb\n\nc"),
        ("<pre>x  =\n  1</pre>", "```\nx  =\n  1\n```"),
        ("<table><tr><th>a</th><td>b</td></tr><tr><td>c</td><td></td></tr></table>", "a | b\n\nc"),
        ("<p>x</p><script>evil()</script><style>p{}</style>tail", "x\n\ntail"),
        ("<p>a<!-- note -->b &amp; c</p>", "ab & c"),
        ("<p>unclosed <b>tags", "unclosed tags"),
        ("inline <i>only</i>\nnext line", "inline only\nnext line"),
        ("no tags &amp; two\n\nparagraphs", "no tags & two\n\nparagraphs"),
        ("", ""),
        ("<p></p>", ""),
    ],
)
def test_a_fragment_is_converted_whole(fragment: str, markdown: str) -> None:
    assert _html(fragment) == markdown


def test_a_page_is_reduced_to_its_main_content() -> None:
    links = "".join(f"<li><a href='/{n}'>Menu entry {n}</a></li>" for n in range(30))
    paragraphs = f"<p>{_SENTENCE * 3}</p>" * 5
    points = "<h2>Batteries</h2><p>Plenty.</p><ul><li>first point</li></ul>"
    article = f"<article><h1>Storage</h1>{paragraphs}{points}</article>"
    text = _html(f"<html><body><nav><ul>{links}</ul></nav>{article}<footer>Imprint</footer></body></html>")
    assert "batteries must grow" in text
    assert "## Batteries" in text
    assert "- first point" in text
    assert "Menu entry" not in text
    assert "Imprint" not in text


def test_a_short_letter_in_a_page_is_kept_whole() -> None:
    page = "<html><body><p>Dear all,</p><ul><li>bring cake</li></ul><p>Yours</p></body></html>"
    assert _html(page) == "Dear all,\n\n- bring cake\n\nYours"


def test_markdown_is_kept_and_loses_only_raw_html() -> None:
    markdown = "# T\n\nA <b>b</b> <https://x.org> 1 < 2 `<i>`\n\n```\n<div>\n```\n<script>x()</script>end"
    assert extract(markdown, "text/markdown") == "# T\n\nA b <https://x.org> 1 < 2 `<i>`\n\n```\n<div>\n```\nend"


def test_plain_text_is_kept_with_what_looks_like_markup() -> None:
    assert extract("a <b> &amp; c\r\nd", "text/plain; charset=utf-8") == "a <b> &amp; c\nd"


@settings(deadline=None)
@given(any_text, st.sampled_from(["text/html", "text/markdown", "text/plain", "application/x-unknown", ""]))
def test_extraction_raises_for_nothing_and_always_gives_the_same(body: str, media_type: str) -> None:
    text = extract(body, media_type)
    assert text.encode() or not text
    assert extract(body, media_type) == text


@settings(deadline=None)
@given(any_text)
def test_a_page_of_anything_raises_nothing(body: str) -> None:
    assert isinstance(_html(f"<html><body><p>{body}</p>"), str)


@settings(deadline=None)
@given(st.lists(st.text(st.characters(categories=["Ll"]), min_size=1, max_size=8), min_size=1, max_size=20))
def test_no_word_of_a_fragment_is_lost(words: list[str]) -> None:
    tags = ["p", "div", "li", "h3", "blockquote", "td", "span", "pre"]
    fragment = "".join(f"<{tags[n % 8]}>{word}</{tags[n % 8]}> " for n, word in enumerate(words))
    text = _html(f"<div>{fragment}</div>")
    assert all(word in text for word in map(extract, words, ["text/plain"] * len(words)))


@pytest.mark.parametrize("wrapper", ["{}", "<html><body>{}"])
@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 100_000 + "deep" + "</div>" * 100_000,
        "<blockquote><ul><li>" * 30_000 + "deep",
        "<p>x" + "<b>" * 100_000 + "deep",
        "<table>" + "<tr><td rowspan=100000 colspan=1000>deep</td></tr>" * 2_000 + "</table>",
        "<table><tr>" + "<td>deep</td>" * 50_000,
        "".join(f"<div>deep {n}" for n in range(240)) + "<p>x</p>" * 20_000,
        "deep" + "<script>" * 50_000,
        "deep<p>" + "<!--" * 50_000,
        "deep" + "<p" * 50_000,
        "deep " + "x" * 1_000_000,
        "deep\x00\x01\x1b[31m \ud800 \u202e \u4f60\u597d \u0645\u0631\u062d\u0628\u0627",
        "".join(f"<blockquote class=twitter-tweet><p>deep {n}</p>" for n in range(230)),
        "deep" + "<ul>" + "<li><a href=/x>one two three four five</a>" * 20_000,
        "<div class='article-body'><p>" + f"deep {'w' * 300}</p></div><div class='article-body'><p>" * 3_000,
        "<p>deep" + "\u00c3\u00a9" * 200_000,
        "<p>deep" + "get the newsletter. " * 30_000,
        '<code>deep <a&<las"=x>' + "words " * 100,
        "<div class=promo>" * 240 + "<p>deep</p>" * 5_000,
        "<article>" * 240 + "<a href=/x>deep</a>" * 5_000,
    ],
    ids=[
        *(
            "divs",
            "lists",
            "inline",
            "spans",
            "cells",
            "siblings",
            "scripts",
            "comments",
            "unclosed",
            "line",
            "control",
        ),
        *("posts", "links", "chunks", "mojibake", "calls", "names", "promos", "articles"),
    ],
)
def test_hostile_markup_is_read_in_seconds(wrapper: str, body: str) -> None:
    began = time.process_time()
    text = _html(wrapper.format(body))
    assert time.process_time() - began < 5.0
    assert "deep" in text


def test_hostile_markdown_is_read_in_seconds() -> None:
    began = time.process_time()
    for body in ("<script>" * 50_000, "<!--" * 50_000, "<a " * 50_000, "`" * 100_000, "```\n" * 50_000):
        extract(body, "text/markdown")
    assert time.process_time() - began < 5.0


def test_the_version_names_the_code_and_the_library() -> None:
    from importlib.metadata import version

    assert version("trafilatura") in extractor_version()


def test_links_of_a_page_are_those_whose_words_stand_in_its_text() -> None:
    navigation = "".join(f'<li><a href="https://a.example/{n}">Section number {n}</a></li>' for n in range(30))
    said = "The committee has published <a href='https://b.example/report'>a long report</a> on the power grid. " * 5
    page = f"<html><body><nav><ul>{navigation}</ul></nav><article><p>{said}</p></article></body></html>"
    assert extract_page(page).links == ("https://b.example/report",)
