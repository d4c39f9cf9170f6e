"""The structure of a Markdown text, counted."""

from pake_pipelines.model.document import Structure
from pake_pipelines.text.prose import FENCE, HEADING, LIST_ITEM


def measure_structure(markdown: str) -> Structure:
    """Return how many paragraphs, headings and list items `markdown` has.

    A paragraph is a run of lines that are neither heading nor list item, ended by a blank line or by one of those;
    fenced code counts as none of the three. Setext headings and indented code count as paragraphs.
    """
    paragraphs = headings = list_items = 0
    fence = ""
    in_paragraph = in_item = False
    for line in markdown.split("\n"):
        opening = FENCE.match(line)
        if opening and (not fence or opening[1] == fence):
            fence, in_paragraph = ("" if fence else opening[1]), False
        elif fence:
            continue
        elif HEADING.match(line):
            headings, in_paragraph, in_item = headings + 1, False, False
        elif LIST_ITEM.match(line):
            list_items, in_paragraph, in_item = list_items + 1, False, True
        elif not line.strip():
            in_paragraph = False
        elif not in_paragraph and not (in_item and line.startswith("  ")):  # indented lines continue the item
            paragraphs, in_paragraph, in_item = paragraphs + 1, True, False
    return Structure(paragraphs=paragraphs, headings=headings, list_items=list_items)
