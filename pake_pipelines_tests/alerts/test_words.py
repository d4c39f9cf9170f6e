"""A report's Markdown in words: rows are lines, what was escaped is as it was written, and no mark is left."""

import pytest

from pake_pipelines.alerts.words import words


@pytest.mark.parametrize(
    ("markdown", "said"),
    [
        ("**Good.** All\nserve.\n\nAs of now.", "Good. All serve.\n\nAs of now."),
        ("## What to do\n\n> Missing: a\n> Missing: b", "WHAT TO DO\n\nMissing: a\nMissing: b"),
        (
            "- **Do it** `pake run` now\n- [Disk](http://h/x) is full",
            "- Do it: `pake run` now\n- Disk (http://h/x) is full",
        ),
        (r"log\_cleanup \*\*x\*\* \[l\](javascript:1) \\**b**", "log_cleanup **x** [l](javascript:1) \\b"),
        ("- **Done.** It is\n\n\n\n- **So** (A-1): b", "- Done. It is\n\n- So (A-1): b"),
        ("a &lt;script> &amp;lt; R&amp;D", "a <script> &lt; R&D"),
    ],
    ids=["paragraphs", "headings", "lists", "escapes", "items", "entities"],
)
def test_marks_go_and_words_stay(markdown, said):
    assert words(markdown) == said


@pytest.mark.parametrize(
    ("heads", "rule", "row", "line"),
    [
        ("figure | value |", "---|---|---", "Uptime | 99 % | of a day", "- Uptime: 99 %; of a day"),
        (" | now |", "---|---|---", "Shop | **down** |", "- Shop: down"),
        (
            "service | status | up, 24 h",
            "---|---|--:",
            r"Shop \| Bar | fine | 99 %",
            "- Shop | Bar; status: fine; up, 24 h: 99 %",
        ),
        ("source | new | why", "---|--:|---", "feed | - | at rest", "- feed; why: at rest"),
        ("verified | pending | rejected", "--:|--:|--:", "12 | 3 | 0", "- verified: 12; pending: 3; rejected: 0"),
        (" | item | evidence", "---|---|---", "✓ pass | Backups | proven", "- ✓ pass: Backups; proven"),
        ("only", "---", "one", "- one"),
    ],
    ids=["figures", "strips", "names", "nothing to say", "numbers", "checklist", "one column"],
)
def test_a_row_of_a_table_is_a_line_that_can_be_read_alone(heads, rule, row, line):
    assert words(f"| {heads} |\n|{rule}|\n| {row} |\n\n3 more on the page.") == f"{line}\n\n3 more on the page."
