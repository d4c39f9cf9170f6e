"""Commands in backticks stay code in Markdown where that is harmless; everything else is text and nothing else."""

import pytest

from pake_pipelines.reports.strangers import coded, spoken


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("`pake backup list` shows it", "`pake backup list` shows it"),
        ("a_b and `pake run log_cleanup`", "a\\_b and `pake run log_cleanup`"),
        ("one ` alone", "one \\` alone"),
        ("`a|b` in a table", "\\`a\\|b\\` in a table"),
        ("`<script>`", "\\`&lt;script>\\`"),
        ("`http://evil.example`", "\\`http:\u2060//evil.example\\`"),
        ("``", "\\`\\`"),
    ],
    ids=["a command", "text and a command", "one backtick", "a bar", "markup", "an address", "nothing"],
)
def test_only_harmless_code_stays_code(text, said):
    assert spoken(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("`pake run` shows it", "<code>pake run</code> shows it"),
        ("one ` alone <b>", "one ` alone &lt;b&gt;"),
        ("`<script>` & more", "<code>&lt;script&gt;</code> &amp; more"),
    ],
    ids=["a command", "one backtick", "markup"],
)
def test_on_a_page_code_is_code_and_the_rest_is_escaped(text, said):
    assert str(coded(text)) == said
