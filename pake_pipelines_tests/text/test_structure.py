"""Structure: what counts as a paragraph, a heading and a list item."""

import pytest
from hypothesis import given, settings

from pake_pipelines.model.document import Structure
from pake_pipelines.text.structure import measure_structure
from pake_pipelines_tests.text.strategies import any_text


@pytest.mark.parametrize(
    ("markdown", "paragraphs", "headings", "list_items"),
    [
        ("", 0, 0, 0),
        ("one\nparagraph", 1, 0, 0),
        ("one\n\ntwo", 2, 0, 0),
        ("# T\ntext under it\n\n## U", 1, 2, 0),
        ("- a\n- b\n  goes on\n\n1. c", 0, 0, 3),
        ("- a\n\nparagraph after", 1, 0, 1),
        ("> quoted", 1, 0, 0),
        ("> - quoted item", 0, 0, 1),
        ("```\n# no heading\n- no item\n```\n\ntext", 1, 0, 0),
        ("#hashtag and -dash", 1, 0, 0),
    ],
)
def test_blocks_are_counted(markdown: str, paragraphs: int, headings: int, list_items: int) -> None:
    assert measure_structure(markdown) == Structure(paragraphs, headings, list_items)


@settings(deadline=None)
@given(any_text)
def test_no_text_has_more_blocks_than_lines(text: str) -> None:
    found = measure_structure(text)
    assert 0 <= found.paragraphs + found.headings + found.list_items <= len(text.split("\n"))
