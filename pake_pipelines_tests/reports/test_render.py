"""How the report looks: whole, safe and self-contained, whatever the items are called."""

import html.parser
import re
from dataclasses import replace

import pytest

from pake_pipelines.reports.qa.render import qa_html, qa_markdown
from pake_pipelines.reports.whole import write_whole
from pake_pipelines_tests.reports.qa_reports import empty, full

EVIL = (
    """<script>alert(1)</script><img src=x onerror="alert(2)"> | \\| ' "\n# heading `x` """
    "[a](javascript:alert(3)) {{ 7 * 7 }}"
)
TURNED = "\u202etxt.exe\u2066 \u061cx\u200f"


class Page(html.parser.HTMLParser):
    """The elements and attributes of a page, and whether all that was opened was closed."""

    VOID = frozenset({"meta", "br", "img", "path", "use", "link", "hr"})

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag


@pytest.mark.parametrize("made", [empty(), full(), full(issues=0), full(linked=False)], ids=range(4))
def test_the_page_is_well_formed_and_needs_nothing_from_elsewhere(made):
    text = qa_html(made)
    page = Page(text)
    assert page.open == []
    assert not {"script", "link", "iframe", "img"} & set(page.tags)
    assert not [value for name, value in page.attributes if name == "src"]
    references = [value for name, value in page.attributes if name in {"href", "xlink:href"}]
    assert [value for value in references if not value.startswith("#")] == []
    assert "@import" not in text


def test_no_markup_of_a_stranger_reaches_the_page():
    text = qa_html(full(EVIL))
    page = Page(text)
    assert not {"script", "img", "a"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.open == []
    assert text.count("&lt;script&gt;alert(1)") > 5


def test_marks_that_turn_text_around_are_taken_out_and_the_rest_is_kept_apart():
    for made in (qa_html(full(TURNED)), qa_markdown(full(TURNED))):
        assert not re.search("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", made)
        assert "txt.exe" in made
    assert "<bdi>txt.exe x</bdi>" in qa_html(full(TURNED))


@pytest.mark.parametrize("said", ["<b>Title</b>", "价格上涨", "العنوان", "Ünïcôdé 🧪", ""])
def test_a_title_is_shown_as_it_is_written_in_any_script(said):
    assert f"<bdi>{said.replace('<', '&lt;').replace('>', '&gt;')}</bdi>" in qa_html(full(said))


def test_a_very_long_title_is_cut():
    made = full("x" * 100_000)
    assert max(map(len, re.findall("x+", qa_html(made)))) < 500
    assert max(map(len, re.findall("x+", qa_markdown(made)))) < 500


def test_no_item_breaks_the_tables_in_markdown():
    text = qa_markdown(full(EVIL))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    cells = [len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) for row in rows]
    assert cells == [6] * 3 + [7] * 4 + [5] * 4 + [11] * 4 + [7] * 5
    assert "<" not in text


@pytest.mark.parametrize(
    "said",
    [
        "[click](https://evil.example)",
        "https://evil.example",
        "www.evil.example",
        "`code`",
        "**bold** ![x](y)",
        "a@b.example",
    ],
)
def test_markdown_of_a_stranger_is_text(said):
    title = qa_markdown(full(said, issues=1)).splitlines()[-1].split(" | ")[0]
    assert not re.search(r"(?<!\\)[\[\]`*]", title)
    assert not re.search(r"://|www\.|@\w", title)


def test_an_empty_knowledge_base_says_so_and_how_it_fills():
    assert "The knowledge base is empty" in qa_html(empty())
    assert "pake ingest" in qa_html(empty())
    assert qa_markdown(empty()).strip() == "**The knowledge base is empty**: there is nothing to judge yet."


def test_an_unknown_average_is_called_unknown_and_not_nought():
    made = full()
    made = replace(made, statistics=replace(made.statistics, avg_confidence=None))
    assert "mean confidence unknown" in qa_markdown(made)
    assert "<b>unknown</b><span>mean confidence</span>" in qa_html(made)


def test_links_that_are_not_checked_are_called_so():
    assert "Not checked" in qa_html(full(linked=False))
    assert "Links are not checked" in qa_markdown(full(linked=False))
    assert "Not checked" not in qa_html(full())


def test_scores_that_nobody_measured_are_called_so():
    assert "not measured yet" in qa_html(replace(full(), measured=empty().measured))
    text = qa_html(full())
    assert "60 labels on 50 items by 2 people" in text
    assert "0.2500 before, 0.2000 after" in text
    assert "fits it anew" in text


def test_charts_take_their_colours_from_the_page_and_are_drawn_only_of_something():
    text = qa_html(full())
    assert text.count("<svg") == 2
    assert "var(--good)" in text
    assert "currentColor" in text
    assert "#0102" not in text
    assert "<svg" not in qa_html(empty())


def test_the_same_report_is_rendered_the_same():
    assert qa_html(full()) == qa_html(full())


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "deep" / "file.html"
    write_whole(path, "one")
    write_whole(path, "two é")
    assert path.read_text("utf-8") == "two é"
    assert list(path.parent.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file.html"
    write_whole(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "half \ud800 a character")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
