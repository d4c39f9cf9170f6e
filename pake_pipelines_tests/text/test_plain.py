"""Plain text: Markdown without its marks, and nothing else lost."""

import pytest

from pake_pipelines.text.plain import plain_text


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("# Head\n\nOne word.", "Head\n\nOne word."),
        ("- one\n  - two\n    more", "one\ntwo\nmore"),
        ("> > said", "said"),
        ("```\n# x  = 1\n  - y\n```", "# x  = 1\n  - y"),
        ("see [the paper](https://x.example/a) now", "see the paper now"),
        ("1. first\n2. second", "1. first\n2. second"),
        ("2 * 3 * 4 and #hash and a - b", "2 * 3 * 4 and #hash and a - b"),
        ("", ""),
    ],
)
def test_marks_go_and_words_stay(markdown: str, plain: str) -> None:
    assert plain_text(markdown) == plain
