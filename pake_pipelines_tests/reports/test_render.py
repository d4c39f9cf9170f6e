"""How the report looks: whole, safe and self-contained, whatever the items are called."""

import html.parser
import re

import pytest

from pake_pipelines.reports.qa import build_report
from pake_pipelines.reports.render import qa_html, qa_markdown, write_whole
from pake_pipelines.store.nodes import SourceSummary
from pake_pipelines_tests.reports.test_qa import NOW, RULES, fact

EVIL = """<script>alert(1)</script><img src=x onerror="alert(2)"> | \\| ' "\n# heading `x`"""


def report(*facts, name="Source"):
    summary = SourceSummary("s", name, 1, 0, 1, 0, 0, 0, 0, None)
    return build_report(facts, [summary], RULES, NOW)


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


@pytest.mark.parametrize("count", [0, 1, 30])
def test_the_page_is_well_formed_and_needs_nothing_from_elsewhere(count):
    text = qa_html(report(*(fact(n, status="rejected") for n in range(count))))
    page = Page(text)
    assert page.open == []
    assert not {"script", "link", "iframe", "img"} & set(page.tags)
    assert not [value for name, value in page.attributes if name == "src"]
    references = [value for name, value in page.attributes if name in {"href", "xlink:href"}]
    assert [value for value in references if not value.startswith("#")] == []
    assert "@import" not in text


def test_no_markup_of_an_item_reaches_the_page():
    page = Page(qa_html(report(fact(title=EVIL, reason=EVIL, flagged=EVIL), name=EVIL)))
    assert not {"script", "img"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.open == []


def test_a_title_is_shown_as_it_is_written():
    assert "&lt;b&gt;Title&lt;/b&gt;" in qa_html(report(fact(title="<b>Title</b>", status="rejected")))


def test_no_item_breaks_the_table_in_markdown():
    text = qa_markdown(report(fact(title=EVIL, reason=EVIL, flagged="x"), name=EVIL))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    cells = [len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) for row in rows]
    assert cells == [10, 10, 10, 5, 5, 5]
    assert not re.search(r"<(?!br)", text)


def test_an_unknown_average_is_called_unknown_and_not_nought():
    assert "mean confidence unknown" in qa_markdown(report())
    assert "<b>unknown</b><span>mean confidence</span>" in qa_html(report())


def test_the_same_report_is_rendered_the_same():
    assert qa_html(report(fact())) == qa_html(report(fact()))


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
