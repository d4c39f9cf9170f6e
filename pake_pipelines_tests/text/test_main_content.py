"""The main content of a page: the article whole, and nothing of what the page puts into it and around it."""

import json

import pytest

from pake_pipelines.text.extract import extract

_SAID = "the committee has published a report on storage and it says that batteries must grow"
_WORDS = _SAID.split()


def prose(number: int) -> str:
    """Return a paragraph of its own, of some 200 characters."""
    turned = _WORDS[number % 15 :] + _WORDS[: number % 15]
    return f"<p>Paragraph {number}: {' '.join(turned * 2)}, as {number} members of it said on the day.</p>"


def page(*inside: str, head: str = "") -> str:
    """Return a page whose article holds six paragraphs, and `inside` after the third."""
    paragraphs = [prose(n) for n in range(3)] + list(inside) + [prose(n) for n in range(3, 6)]
    return f"<html><head>{head}</head><body><article>{''.join(paragraphs)}</article></body></html>"


def text_of(markup: str) -> str:
    return extract(markup, "text/html")


def assert_whole(text: str) -> None:
    assert [n for n in range(6) if f"Paragraph {n}:" not in text] == []


@pytest.mark.parametrize(
    "inside",
    [
        "<p><strong>Related:</strong> <a href='/x'>Another INTRUDER of a story</a></p>",
        "<p>Read more: <a href='/x'>Another INTRUDER of a story</a></p>",
        "<p>Lire aussi : <a href='/x'>Encore un INTRUDER dans la ville</a></p>",
        "<div>\u041f\u043e \u0442\u0435\u043c\u0435: <a href='/x'>INTRUDER</a></div>",
        "<p><a href='/x'>One more INTRUDER about batteries</a></p>",
        "<p>DON'T MISS</p><p><a href='/x'>INTRUDER one of two</a> [VIDEO] <a href='/y'>and the other</a></p>",
        "<p>Sign up for the INTRUDER newsletter and get it every morning.</p>",
        "<div class='article-promo'><p>INTRUDER: our best offer of the year.</p></div>",
        "<div class='hidden'><p>INTRUDER for printers only.</p></div>",
        "<div hidden><p>INTRUDER for programs only.</p></div>",
        "<article class='card'><a href='/x'><h3>INTRUDER in a card</h3></a></article>",
        "<h4>Related stories</h4><ul><li><a href='/x'>INTRUDER number one of two</a></li></ul>",
    ],
    ids=[
        "related",
        "read-more",
        "french",
        "russian",
        "headline",
        "label",
        "call",
        "promo",
        "class",
        "hidden",
        "card",
        "list",
    ],
)
def test_what_is_put_between_the_paragraphs_is_left_out(inside: str) -> None:
    text = text_of(page(inside))
    assert_whole(text)
    assert "INTRUDER" not in text


@pytest.mark.parametrize(
    "inside",
    [
        "<p>The <a href='/x'>minister's KEPT answer</a> was that nobody had asked him about it before.</p>",
        "<p>Related work was done by KEPT and others, who found the same in their own trial.</p>",
        "<p>More than a newsletter, KEPT is what they all want to get into their hands every day.</p>",
        "<div class='overflow-hidden'><p>KEPT is the word of this paragraph, which no reader should miss.</p></div>",
        "<div class='hidden md:block'><p>KEPT is the word of this paragraph for the wider screens.</p></div>",
        "<div class='post tag-trending'><p>KEPT is what this paragraph says of a trend, in a post.</p></div>",
        "<h2>KEPT: a heading</h2><p>And what stands below it is long enough to be a paragraph.</p>",
        "<blockquote>KEPT is what they said, and they said it more than once to everybody.</blockquote>",
        "<table><tr><td>KEPT</td><td>12</td></tr><tr><td>Other</td><td>13</td></tr></table>",
        "<div class='social-embed'><blockquote class='twitter-tweet'><p>KEPT is all we posted.</p></blockquote></div>",
    ],
    ids=["link", "related", "newsletter", "overflow", "responsive", "tag", "heading", "quote", "table", "post"],
)
def test_what_belongs_to_the_article_stays(inside: str) -> None:
    text = text_of(page(inside))
    assert_whole(text)
    assert "KEPT" in text


def test_a_page_of_headlines_keeps_them() -> None:
    links = "".join(f"<p><a href='/{n}'>Headline number {n} of the day</a></p>" for n in range(20))
    text = text_of(f"<html><body><article>{prose(1)}{links}</article></body></html>")
    assert "Headline number 7 of the day" in text


@pytest.mark.parametrize(
    "title",
    ["<title>Storage must grow | The Paper</title>", "<meta property='og:title' content='Storage must grow'>"],
    ids=["title", "open-graph"],
)
@pytest.mark.parametrize(
    "line", ["<h1>Storage must grow</h1>", "<h2>Storage must grow!</h2>", "<p>Storage must grow</p>"]
)
def test_the_title_is_not_repeated_in_the_text(title: str, line: str) -> None:
    markup = page(head=title).replace("<article>", f"<article>{line}")
    assert text_of(markup).startswith("Paragraph 0:")


def test_a_description_set_as_a_heading_is_no_text_but_one_that_is_the_first_paragraph_is() -> None:
    said = "Batteries must grow, a committee says after years of work"
    head = f"<meta name='description' content='{said}'>"
    assert said not in text_of(page(head=head).replace("<article>", f"<article><h2>{said}</h2>"))
    assert said in text_of(page(head=head).replace("<article>", f"<article><p>{said}</p>"))


@pytest.mark.parametrize(
    "last",
    [
        "\u00a9 2026 The Paper",
        "Copyright 2026 The Paper. All rights reserved.",
        "Tous droits r\u00e9serv\u00e9s.",
        "Follow us on Twitter and Facebook.",
        "Reporting by A. Writer; editing by B. Other",
        "Write to A. Writer at a.writer@paper.example",
        "A. Writer can be reached at 555 0100.",
        "Tags: storage, batteries",
        "Share this",
        "The post Storage must grow appeared first on The Paper.",
    ],
)
def test_the_last_lines_of_a_page_are_not_the_articles(last: str) -> None:
    text = text_of(page().replace("</article>", f"<p>{last}</p></article>"))
    assert_whole(text)
    assert text.endswith("said on the day.")


@pytest.mark.parametrize(
    "last",
    ["Copyright law must change, he said.", "Support our troops, she said.", "Loading the trucks took all night."],
)
def test_a_last_sentence_that_only_begins_like_that_needs_no_luck(last: str) -> None:
    text = text_of(page().replace("</article>", f"<p>{last} {'And so it went on for them. ' * 20}</p></article>"))
    assert last in text


def test_an_article_cut_by_advertisements_into_containers_of_one_class_is_read_whole() -> None:
    parts = [f"<div class='article__body part'>{prose(2 * n)}{prose(2 * n + 1)}</div>" for n in range(3)]
    markup = f"<html><body><main>{'<div class=ad><p>Buy</p></div>'.join(parts)}</main></body></html>"
    assert_whole(text_of(markup))


def test_several_articles_are_not_taken_for_parts_of_one() -> None:
    others = "".join(
        f"<article><div class='post-content'><h1>Other {n}</h1>{prose(10 + n)}{prose(20 + n)}</div></article>"
        for n in range(2)
    )
    six = "".join(map(prose, range(6)))
    text = text_of(f"<html><body><article><div class='post-content'>{six}</div></article>{others}</body></html>")
    assert_whole(text)
    assert "Paragraph 10:" not in text


def test_what_the_page_marks_as_its_article_is_all_that_is_read() -> None:
    six = "".join(map(prose, range(6)))
    side = f"<div class='article-content'>{prose(7)}{prose(8)}</div>"
    text = text_of(f"<html><body>{side}<div itemprop='articleBody'>{six}</div></body></html>")
    assert_whole(text)
    assert "Paragraph 7:" not in text


@pytest.mark.parametrize("graph", [False, True])
def test_an_article_that_only_json_ld_holds_whole_is_read_there(graph: bool) -> None:
    whole = "\n\n".join(
        f"Part {n} of an article that needs a program to be shown, &amp; more of it." for n in range(20)
    )
    said = {"@type": "NewsArticle", "articleBody": whole}
    script = json.dumps({"@graph": [said]} if graph else said)
    head = f"<script type='application/ld+json'>{script}</script>"
    text = text_of(f"<html><head>{head}</head><body><article>{prose(0)}</article></body></html>")
    assert "Part 19 of an article that needs a program to be shown, & more" in text


def test_a_menu_of_a_page_without_paragraphs_is_not_its_text() -> None:
    menu = "".join(f"<li><a href='/{n}'>Entry {n}</a></li>" for n in range(300))
    said = " ".join(_WORDS * 8) + "."
    text = text_of(f"<html><body><ul class='x'>{menu}</ul><div><div>{said}<br><br></div></div></body></html>")
    assert said in text
    assert "Entry 250" not in text


def test_a_page_is_the_same_whatever_was_read_before() -> None:
    pages = [page(f"<p>Only page {n} says this, and it says it in a sentence of its own.</p>") for n in range(5)] * 3
    forward = [text_of(one) for one in pages]
    backward = [text_of(one) for one in reversed(pages)]
    assert forward == backward[::-1]
    assert forward[:5] == forward[5:10]


@pytest.mark.parametrize("said", ["{", "[[[[", '{"articleBody": 7}', '{"@graph": 3}', "[" * 100_000], ids=range(5))
def test_broken_json_ld_is_as_good_as_none(said: str) -> None:
    assert_whole(text_of(page(head=f"<script type='application/ld+json'>{said} articleBody</script>")))
