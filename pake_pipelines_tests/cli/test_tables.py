"""Tables fit a terminal, are whole in a pipe, and what stands in them is text."""

import io
import sys

import pytest
from rich.text import Text

from pake_pipelines.cli.console import console
from pake_pipelines.cli.tables import Rows

NAME, CAUSE = "a-source-with-a-name-of-40-characters-ok", ("words of a cause that goes on " * 5).strip()


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def printed(monkeypatch):
    """Return a function that prints to a stream and returns the lines."""

    def run(rows, stream, columns=""):
        monkeypatch.setenv("TERM", "dumb")  # 80 columns, no colours
        monkeypatch.setenv("COLUMNS", columns)
        monkeypatch.setattr(sys, "stdout", stream)
        console().print(rows)
        return stream.getvalue().splitlines()

    return run


@pytest.fixture
def rows():
    table = Rows("source", "items", "cause", right={"items"})
    table.add_row(NAME, 7, CAUSE)
    table.add_row("b", None, "short")
    return table


def test_a_pipe_gets_whole_lines_that_end_where_their_text_ends(printed, rows):
    assert printed(rows, io.StringIO()) == [
        f"{'source':40}  items  cause",
        f"{NAME}      7  {CAUSE}",
        f"{'b':40}         short",
    ]


def test_a_terminal_gets_what_fits_and_only_the_last_column_gives_way(printed, rows):
    lines = printed(rows, Terminal())
    assert len(lines) > 4
    assert max(map(len, lines)) <= 80
    assert sum(NAME in line for line in lines) == 1


def test_columns_says_how_wide_a_pipe_is(printed, rows):
    assert max(map(len, printed(rows, io.StringIO(), "100"))) <= 100


def test_those_that_fold_are_named_and_the_others_stay_whole(printed):
    table = Rows("what", "when", folding={"what"})
    table.add_row(CAUSE, "2026-11-22 12:00")
    assert sum("2026-11-22 12:00" in line for line in printed(table, Terminal())) == 1


def test_cells_are_text_and_never_markup_and_none_is_empty(printed):
    table = Rows("", "")
    table.add_row("[/red] [bold]x[/]", Text("styled", "red"))
    table.add_row(None, 3)
    assert printed(table, io.StringIO()) == ["[/red] [bold]x[/]  styled", f"{'':17}  3"]
