"""Tables at the terminal: one look for all, in which whatever stands in a cell is text and never markup."""

from collections.abc import Collection

from rich.console import JustifyMethod
from rich.style import StyleType
from rich.table import Table
from rich.text import Text


class Rows(Table):
    """A table without lines, of which some columns give way on a narrow terminal: those `folding`, else the last.

    Columns on the `right` hold numbers. Where no column has a name there is no heading.
    """

    def __init__(self, *columns: str, right: Collection[str] = (), folding: Collection[str] | None = None) -> None:
        """Begin it with the names of its columns."""
        super().__init__(box=None, header_style="bold", padding=(0, 1), pad_edge=False, show_header=any(columns))
        for place, name in enumerate(columns, start=1):
            folds = place == len(columns) if folding is None else name in folding
            justify: JustifyMethod = "right" if name in right else "left"
            self.add_column(name, justify=justify, no_wrap=not folds, overflow="fold" if folds else "ellipsis")

    def add_row(self, *cells: object, style: StyleType | None = None, end_section: bool = False) -> None:
        """Add a row; a `Text` keeps its style, anything else is written as it is, and None as nothing."""
        texts = (one if isinstance(one, Text) else Text("" if one is None else str(one)) for one in cells)
        super().add_row(*texts, style=style, end_section=end_section)
