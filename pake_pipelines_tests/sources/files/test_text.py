"""A file becomes one entry: titled, dated and signed by what can be believed, with text that keeps its structure."""

import base64
import io
import logging
import tracemalloc
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import given, settings
from hypothesis import strategies as st

from pake_pipelines.sources.files import pdf as file_pdf
from pake_pipelines.sources.files.content import believable_author, believable_title
from pake_pipelines.sources.files.pdf import join_broken_words
from pake_pipelines.sources.files.text import parse_file
from pake_pipelines.sources.protocol import Fetched, SourceError
from pake_pipelines.text.extract import extract
from pake_pipelines_tests.sources.files.documents import PLAIN_DOCUMENT_XML, docx, pdf, with_parts

MODIFIED = datetime(2026, 11, 20, 8, tzinfo=UTC)
WORD = docx(lambda document: document.add_heading("text", 1))
READ = datetime(2026, 11, 22, 8, tzinfo=UTC)


def entry(name, body, media_type=None):
    (one,) = parse_file(Fetched(name, body, READ, media_type, MODIFIED)).entries
    return one


def markdown(name, body):
    """The text of a file as the documents stage will have it."""
    one = entry(name, body)
    return extract(one.body, one.media_type)


@dataclass
class Peak:
    """The most memory that was in use at once, by Python's own measure."""

    megabytes: float = 0.0


@contextmanager
def peak_memory():
    peak = Peak()
    tracemalloc.start()
    try:
        yield peak
    finally:
        peak.megabytes = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()


def refusal(name, body):
    with pytest.raises(SourceError) as raised:
        entry(name, body)
    return raised.value.kind, str(raised.value)


@pytest.mark.parametrize(
    ("name", "body", "title"),
    [
        ("a.md", b"intro\n\n## The heading ##\n\ntext", "The heading"),
        ("a.md", b"no heading\nat all", "no heading"),
        ("a.txt", b"\n\n  # not a heading\ntext", "# not a heading"),
        ("a.txt", b"=====\nafter a line", "after a line"),
        ("deep/name.txt", b" \n ", "name"),
        ("deep/name.txt", b"", "name"),
        ("a.txt", b"\xef\xbb\xbfmark", "mark"),
        ("a.txt", b"x" * 900, "x" * 200),
    ],
)
def test_a_texts_title_is_its_first_heading_else_its_first_line_else_its_name(name, body, title):
    found = entry(name, body)
    assert (found.title, found.key, found.published_at) == (title, name, MODIFIED)


@pytest.mark.parametrize(
    ("body", "text", "problems"),
    [
        ("São Paulo\x00".encode(), "São Paulo", ()),
        ("São Paulo\x00".encode("cp1252"), "São Paulo", ("not UTF-8: read as Windows-1252",)),
        ("São Paulo".encode("utf-16"), "São Paulo", ()),
        (b"\xfe\xff\x00S\x00", "S\ufffd", ("broken UTF-16: what could not be read is replaced",)),
    ],
)
def test_a_text_in_an_old_encoding_is_read_and_says_what_that_took(body, text, problems):
    found = entry("a.txt", body)
    assert (found.body, found.problems) == (text, problems)


def test_the_media_type_that_was_noted_when_it_was_read_decides():
    assert entry("a.txt", b"intro\n# Heading", "text/markdown").title == "Heading"


class TestHtml:
    """A saved page stays a page; its own words tell title and author."""

    def test_title_and_author_are_read_from_the_head(self):
        page = "<html><head><title> The\n page </title><meta name=author content='A. Writer'></head><h1>No</h1></html>"
        found = entry("a.html", page.encode())
        assert (found.title, found.author, found.body, found.media_type) == ("The page", "A. Writer", page, "text/html")

    @pytest.mark.parametrize(
        ("page", "title"),
        [
            (b"<h1>A <em>first</em> heading</h1><p>text", "A first heading"),
            (b"<title>untitled</title><h1>Heading</h1>", "Heading"),
            (b"<p>text", "page"),
            (b"no markup", "page"),
            (b"", "page"),
        ],
    )
    def test_without_a_title_the_first_heading_is_one_else_the_name(self, page, title):
        assert entry("page.htm", page).title == title

    def test_the_declared_encoding_is_believed(self):
        page = "<meta charset=windows-1251><title>Привет</title>"
        found = entry("a.html", page.encode("cp1251"))
        assert (found.title, found.body) == ("Привет", page)


class TestPdf:
    """A PDF gives the text of its pages; what it says of itself is believed when it is believable."""

    def test_the_text_of_all_pages_is_read_in_order(self):
        found = entry("a.pdf", pdf("The title\nfirst page (one)", "", "third page: São Paulo"))
        assert found.body == "The title\nfirst page (one)\n\nthird page: São Paulo"
        assert (found.title, found.media_type, found.author) == ("The title", "text/plain", None)
        assert (found.published_at, found.problems) == (MODIFIED, ())

    def test_title_author_and_date_come_from_its_metadata(self):
        info = {"/Title": "On Sources", "/Author": "A. Writer", "/CreationDate": "D:20250102030405+01'00'"}
        found = entry("a.pdf", pdf("text", info=info))
        assert (found.title, found.author) == ("On Sources", "A. Writer")
        assert found.published_at == datetime(2025, 1, 2, 2, 4, 5, tzinfo=UTC)

    @pytest.mark.parametrize("date", ["D:19700101000000Z", "D:20991231000000Z", "D:99999999", "yesterday", ""])
    def test_an_unbelievable_date_is_not_believed(self, date):
        assert entry("a.pdf", pdf("text", info={"/CreationDate": date})).published_at == MODIFIED

    def test_a_date_without_a_zone_is_in_utc(self):
        found = entry("a.pdf", pdf("text", info={"/CreationDate": "D:20250102030405"}))
        assert found.published_at == datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)

    def test_a_title_that_a_program_made_up_is_not_believed(self):
        assert entry("a.pdf", pdf("First line", info={"/Title": "Microsoft Word - draft7.doc"})).title == "First line"

    def test_without_text_it_is_a_dead_letter_that_says_why(self):
        kind, message = refusal("a.pdf", pdf("", ""))
        assert (kind, "no text on its 2 pages" in message) == ("empty", True)

    def test_a_password_makes_it_a_dead_letter_that_says_what_to_do(self):
        kind, message = refusal("a.pdf", pdf("text", password="secret"))
        assert (kind, message) == ("malformed", "the PDF is encrypted: save it without a password")

    def test_an_empty_password_is_no_obstacle(self):
        assert entry("a.pdf", pdf("text", password="")).body == "text"

    @pytest.mark.parametrize(
        "body", [b"", b"text", b"%PDF-1.4", pdf("text")[:300], pdf("text").replace(b"/Pages", b"/Nope")]
    )
    def test_what_is_no_pdf_is_a_dead_letter(self, body):
        kind, message = refusal("a.pdf", body)
        assert (kind, "not a readable PDF" in message) == ("malformed", True)

    def test_what_is_broken_and_could_be_repaired_says_so_and_logs_nothing(self, caplog):
        broken = pdf("text").replace(b"startxref\n", b"startxref\n9")
        with caplog.at_level(logging.DEBUG):
            found = entry("a.pdf", broken)
        assert (found.body, caplog.records) == ("text", [])
        assert any("startxref" in problem for problem in found.problems)

    def test_a_long_book_is_cut_and_says_so(self, monkeypatch):
        monkeypatch.setattr(file_pdf, "_ENOUGH_CHARACTERS", 10)
        found = entry("a.pdf", pdf("123456", "7890ab", "never read"))
        assert (found.body, found.problems) == ("123456\n\n7890ab", ("the first 2 of 3 pages were read",))
        monkeypatch.setattr(file_pdf, "_MOST_PAGES", 1)
        assert entry("a.pdf", pdf("1", "2", "3")).problems == ("the first 1 of 3 pages were read",)

    @settings(max_examples=150, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 1_200), st.binary(min_size=1, max_size=4)), min_size=1, max_size=6))
    def test_no_damage_makes_it_raise_anything_but_its_own_error(self, damage):
        body = bytearray(pdf("one two three", "four", info={"/Title": "Title"}))
        for place, wrong in damage:
            body[place : place + len(wrong)] = wrong
        try:
            entry("a.pdf", bytes(body))
        except SourceError as error:
            assert error.kind in {"malformed", "empty"}  # noqa: PT017

    def test_a_bomb_is_refused_in_little_memory_and_costs_only_its_page(self):
        bomb = pdf("fine", "x" + " " * 20_000_000, packed=True)
        with peak_memory() as peak:
            found = entry("a.pdf", bomb)
        assert (found.body, peak.megabytes < 60) == ("fine", True)
        assert "Limit reached while decompressing" in found.problems[0]


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("inter-\nnational and international", "international and international"),
        ("Inter-\nnational and international", "International and international"),
        ("well-\nknown and known", "well-\nknown and known"),
        ("a range 1-\n2 and 12", "a range 1-\n2 and 12"),
        ("inter- \nnational international", "inter- \nnational international"),
    ],
)
def test_a_word_broken_at_the_end_of_a_line_is_joined_only_if_it_is_known(text, joined):
    assert join_broken_words(text) == joined


class TestDocx:
    """A Word document keeps its order and structure up to the documents stage."""

    def test_headings_paragraphs_lists_and_tables_survive_in_order(self):
        def write(document):
            document.add_heading("The heading", 1)
            document.add_paragraph("A paragraph with <b>no</b> tag & more.")
            document.add_paragraph("one", style="List Bullet")
            document.add_paragraph("deeper", style="List Bullet 2")
            document.add_paragraph("two", style="List Number")
            document.add_heading("Inner", 2)
            table = document.add_table(2, 2)
            for row, texts in zip(table.rows, [("a", "b"), ("c", "d")], strict=True):
                for cell, text in zip(row.cells, texts, strict=True):
                    cell.text = text
            document.add_paragraph("The end.")

        assert markdown("a.docx", docx(write)) == (
            "# The heading\n\nA paragraph with <b>no</b> tag & more.\n\n- one\n- deeper\n- two\n\n## Inner\n\n"
            "a | b\n\nc | d\n\nThe end."
        )

    def test_lists_nest_by_the_level_of_their_items(self):
        def write(document):
            for text, level in [("one", 0), ("one a", 1), ("one a i", 2), ("two", 0)]:
                properties = document.add_paragraph(text).paragraph_format.element.get_or_add_pPr()
                numbering = f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr>'
                properties.append(parse_xml(numbering))

        assert markdown("a.docx", docx(write)) == "- one\n  - one a\n    - one a i\n- two"

    def test_title_and_author_come_from_its_properties(self):
        body = docx(lambda document: document.add_paragraph("text"), "On Sources", "A. Writer")
        found = entry("a.docx", body)
        assert (found.title, found.author, found.published_at) == ("On Sources", "A. Writer", MODIFIED)

    def test_without_properties_nothing_is_made_up(self):
        package = docx(lambda document: document.add_paragraph("The first line"), "On Sources", "A. Writer")
        with zipfile.ZipFile(io.BytesIO(package)) as parts:
            relations = parts.read("_rels/.rels").decode()
        start = relations.index("<Relationship ", relations.index("core-properties") - 200)
        while "core-properties" not in relations[start : relations.index("/>", start)]:
            start = relations.index("<Relationship ", start + 1)
        without = relations[:start] + relations[relations.index("/>", start) + 2 :]
        found = entry("a.docx", with_parts(package, {"_rels/.rels": without, "docProps/core.xml": None}))
        assert (found.title, found.author) == ("The first line", None)

    @pytest.mark.parametrize(
        ("title", "expected"),
        [("", "The heading"), ("Document1", "The heading"), ("Own", "Own"), ("x.docx", "The heading")],
    )
    def test_the_title_is_the_first_heading_when_none_is_given(self, title, expected):
        def write(document):
            document.add_paragraph("before")
            document.add_heading("The heading", 2)

        assert entry("a.docx", docx(write, title)).title == expected

    def test_a_style_of_ones_own_is_what_it_is_based_on(self):
        def write(document):
            style = document.styles.add_style("Chapter", 1)
            style.base_style = document.styles["Heading 2"]
            document.add_paragraph("A chapter", style="Chapter")
            document.add_paragraph("text")

        assert markdown("a.docx", docx(write)) == "## A chapter\n\ntext"

    def test_tracked_insertions_count_and_deletions_do_not(self):
        def write(document):
            xml = (
                f"<w:p {nsdecls('w')}><w:r><w:t xml:space='preserve'>It is </w:t></w:r>"
                "<w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:del><w:r><w:delText>old</w:delText></w:r></w:del>"
                "<w:moveFrom><w:r><w:t>elsewhere</w:t></w:r></w:moveFrom></w:p>"
            )
            document.element.body.insert(0, parse_xml(xml))

        assert markdown("a.docx", docx(write)) == "It is new"

    def test_links_line_breaks_content_controls_and_text_boxes_are_text(self):
        def write(document):
            xml = (
                f"<w:sdt {nsdecls('w')}><w:sdtContent><w:p><w:hyperlink><w:r><w:t>linked</w:t></w:r></w:hyperlink>"
                "<w:r><w:br/><w:t>below</w:t></w:r>"
                "<w:r><w:drawing><w:txbxContent><w:p><w:r><w:t>boxed</w:t></w:r></w:p></w:txbxContent></w:drawing></w:r>"
                "</w:p></w:sdtContent></w:sdt>"
            )
            document.element.body.insert(0, parse_xml(xml))

        assert markdown("a.docx", docx(write)) == "boxed\n\nlinked\nbelow"

    def test_a_table_within_a_cell_loses_no_text(self):
        def write(document):
            outer = document.add_table(1, 2)
            outer.cell(0, 0).text = "outer"
            inner = outer.cell(0, 1).add_table(1, 2)
            inner.cell(0, 0).text, inner.cell(0, 1).text = "left", "right"

        assert markdown("a.docx", docx(write)) == "outer | left\nright"

    def test_without_text_it_is_a_dead_letter(self):
        assert refusal("a.docx", docx(lambda document: document.add_paragraph(" ")))[0] == "empty"

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"text",
            docx(lambda document: document)[:500],
            with_parts(docx(lambda d: d), {"word/document.xml": None}),
        ],
    )
    def test_what_is_no_word_document_is_a_dead_letter(self, body):
        kind, message = refusal("a.docx", body)
        assert (kind, "not a readable Word document" in message) == ("malformed", True)

    def test_an_encrypted_document_is_a_dead_letter_that_says_what_to_do(self):
        kind, message = refusal("a.docx", base64.b64decode("0M8R4KGxGuE=") + bytes(600))
        assert (kind, "without a password" in message) == ("malformed", True)

    def test_a_zip_bomb_is_refused_before_it_is_unpacked(self):
        bomb = with_parts(docx(lambda document: document), {"word/document.xml": b" " * 64_000_001})
        with peak_memory() as peak:
            kind, message = refusal("a.docx", bomb)
        assert (kind, "it unpacks to 64" in message, peak.megabytes < 2) == ("too_large", True, True)

    def test_a_zip_that_lies_about_its_sizes_is_refused(self):
        honest = with_parts(docx(lambda document: document), {"word/document.xml": b" " * 70_000_000})
        place = honest.rindex(b"word/document.xml") - 46
        lying = honest[: place + 24] + (100).to_bytes(4, "little") + honest[place + 28 :]
        kind, _ = refusal("a.docx", lying)
        assert kind == "malformed"

    def test_entities_leak_nothing_and_do_not_multiply(self, tmp_path):
        (tmp_path / "secret").write_text("SECRET")
        bombs = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
        leaking = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{tmp_path}/secret">]>' + PLAIN_DOCUMENT_XML.format("a &e; b")
        multiplying = f'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{bombs}]>' + PLAIN_DOCUMENT_XML.format("a &i; b")
        for xml in (leaking, multiplying):
            package = with_parts(docx(lambda document: document), {"word/document.xml": xml})
            try:
                body = entry("a.docx", package).body
            except SourceError as error:
                body = str(error)
            assert "SECRET" not in body
            assert len(body) < 500

    @pytest.mark.parametrize("within", [True, False])
    @settings(max_examples=40, deadline=None)
    @given(wrong=st.binary(min_size=1, max_size=30), place=st.integers(0, 2_000))
    def test_no_damage_makes_it_raise_anything_but_its_own_error(self, within, wrong, place):
        def damaged(whole):
            return whole[:place] + wrong + whole[place + len(wrong) :]

        xml = damaged(PLAIN_DOCUMENT_XML.format("text").encode())
        body = with_parts(WORD, {"word/document.xml": xml}) if within else damaged(WORD)
        try:
            entry("a.docx", body)
        except SourceError as error:
            assert error.kind in {"malformed", "empty", "too_large"}  # noqa: PT017


@pytest.mark.parametrize(
    "title", ["", " ", "untitled", "Untitled document 3", "2026-11-20", "report_v3.DOCX", "Document 12"]
)
def test_a_title_that_no_person_gave_is_none(title):
    assert believable_title(title) is None


@pytest.mark.parametrize("title", ["Documents of the Reformation", "1984, a novel", "Über Quellen", "資料"])
def test_a_title_that_a_person_gave_is_one(title):
    assert believable_title(title) == title


def test_an_author_is_a_name():
    assert [believable_author(name) for name in ["Admin", "unknown", "", "7", "O. Thor  Jr."]] == [
        *[None] * 4,
        "O. Thor Jr.",
    ]
