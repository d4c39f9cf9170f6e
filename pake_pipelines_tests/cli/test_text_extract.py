"""`pake text extract` shows what the pipeline would keep of a file, and fails in words."""

import json
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from pake_pipelines.cli.text.extract import extract
from pake_pipelines.cli.text.kinds import Kind, kind_of
from pake_pipelines.config.loading import load_quality
from pake_pipelines.settings import get_settings
from pake_pipelines_tests.sources.files.documents import docx, pdf

SENTENCE = "The committee has published a report on storage, and it says that batteries must grow. "
PARAGRAPHS = [f"{n}. {SENTENCE * 3}".strip() for n in range(3)]
PAGE = (
    "<!DOCTYPE html><html><head><title>Storage must grow</title><meta name='author' content='Ada Lovelace'>"
    "<meta property='article:published_time' content='2026-11-20T08:00:00Z'></head>"
    "<body><nav><a href='/'>Menu</a></nav><article><h1>Storage must grow</h1>"
    + "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    + "<h2>Caf\u00e9</h2><p>Plenty of it.</p></article></body></html>"
)


@pytest.fixture
def pake(terminal, monkeypatch):
    """The command alone, in a project."""
    app = typer.Typer()
    app.command()(extract)
    monkeypatch.chdir(terminal.home)
    monkeypatch.setenv("PAKE_HOME", str(terminal.home))

    def run(*arguments, stdin=b""):
        get_settings.cache_clear()
        load_quality.cache_clear()
        done = CliRunner().invoke(app, [str(one) for one in arguments], input=stdin)
        lines = [json.loads(line) for line in done.stdout.splitlines()] if "--json" in arguments else []
        return SimpleNamespace(code=done.exit_code, stdout=done.stdout, lines=lines)

    return SimpleNamespace(run=run, home=terminal.home)


def test_a_page_comes_with_title_author_date_and_its_main_content_as_plain_text(pake):
    (pake.home / "a.html").write_text(PAGE, "utf-8")
    done = pake.run("a.html", "--json")
    (found,) = done.lines
    assert done.code == 0
    assert found == {
        "file": "a.html",
        "kind": "html",
        "title": "Storage must grow",
        "author": "Ada Lovelace",
        "date": "2026-11-20T08:00:00+00:00",
        "text": "\n\n".join([*PARAGRAPHS, "Caf\u00e9", "Plenty of it."]),
        "characters": found["characters"],
        "problems": [],
        "error": None,
    }
    assert found["characters"] == len(found["text"])


def test_markdown_keeps_the_structure(pake):
    (pake.home / "a.html").write_text(PAGE, "utf-8")
    (found,) = pake.run("a.html", "--format", "markdown", "--json").lines
    assert "\n\n## Caf\u00e9\n\n" in found["text"]


KINDS = {
    "a.pdf": (pdf("Words of a paper."), "pdf", "Words of a paper."),
    "a.docx": (docx(lambda document: document.add_paragraph("Words of a letter.")), "docx", "Words of a letter."),
    "a.md": (b"# Note\n\n- one\n- two", "markdown", "Note\n\none\ntwo"),
    "a.txt": ("Caf\u00e9 <b>".encode("cp1252"), "text", "Caf\u00e9 <b>"),
    "latin.html": (
        "<meta charset=utf-8><p>Caf\u00e9 \u201cla\u201d".encode("cp1252"),
        "html",
        "Caf\u00e9 \u201cla\u201d",
    ),
    "utf.html": ("<meta charset=iso-8859-1><p>Caf\u00e9 \u00c1".encode(), "html", "Caf\u00e9 \u00c1"),
    "twice.html": ("<p>It\u00e2\u20ac\u2122s".encode(), "html", "It\u2019s"),
}


def test_every_kind_of_file_is_read(pake):
    for name, (body, _, _) in KINDS.items():
        (pake.home / name).write_bytes(body)
    done = pake.run(*KINDS, "--json")
    assert {one["file"]: (one["kind"], one["text"], one["error"]) for one in done.lines} == {
        name: (kind, text, None) for name, (_, kind, text) in KINDS.items()
    }


def test_stdin_is_read_and_a_fragment_kept_whole(pake):
    (found,) = pake.run("-", "--json", stdin=b"<p>One</p><ul><li>two</li></ul>").lines
    assert (found["file"], found["kind"], found["text"]) == ("-", "html", "One\n\ntwo")


def test_what_cannot_be_read_is_an_error_beside_the_others_and_the_end_is_1(pake):
    for name, body in {
        "a.html": PAGE.encode(),
        "b.pdf": b"%PDF-1.7 torn",
        "c.docx": b"PK\x03\x04",
        "d.html": b"",
    }.items():
        (pake.home / name).write_bytes(body)
    done = pake.run("absent.html", "b.pdf", "c.docx", "d.html", "a.html", "--json")
    assert done.code == 1
    assert [(one["file"], one["error"] is None) for one in done.lines] == [
        ("absent.html", False),
        ("b.pdf", False),
        ("c.docx", False),
        ("d.html", False),
        ("a.html", True),
    ]


def test_a_page_that_cannot_be_searched_says_so(pake):
    (pake.home / "a.html").write_bytes(b"<html><body>" + b"<div>" * 5_000 + b"deep words")
    (found,) = pake.run("a.html", "--json").lines
    assert "deep words" in found["text"]
    assert "too large or too deep to search: converted whole" in found["problems"]


def test_a_text_is_cut_where_the_pipeline_cuts_it(pake):
    (pake.home / "configs" / "quality.yaml").write_text("ingest: {max_content_length: 200}")
    (pake.home / "a.html").write_text(PAGE, "utf-8")
    (found,) = pake.run("a.html", "--json").lines
    assert len(found["text"]) <= 200
    assert found["problems"] == ["longer than 200 characters: cut there"]


def test_people_see_the_text_below_its_title(pake):
    (pake.home / "a.html").write_text(PAGE, "utf-8")
    done = pake.run("a.html")
    assert done.stdout.index("Storage must grow") < done.stdout.index("The committee")
    assert "Ada Lovelace" in done.stdout


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"%PDF-1.4", Kind.PDF),
        (b"PK\x03\x04", Kind.DOCX),
        (b"\xef\xbb\xbf<!DOCTYPE html>", Kind.HTML),
        ("\n<html>".encode("utf-16"), Kind.HTML),
        (b"words <p>and markup", Kind.HTML),
        (b"a < b", Kind.TEXT),
        (b"", Kind.TEXT),
    ],
)
def test_without_a_suffix_the_beginning_tells_the_kind(body, kind):
    assert kind_of("stdin", body) is kind
