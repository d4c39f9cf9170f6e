"""A document whose every text comes from somebody who wants it to be more than text."""

import math
from datetime import timedelta

from pake_pipelines.reports.document import (
    Advice,
    BarChart,
    Checklist,
    Column,
    Document,
    Figure,
    Figures,
    Item,
    Layer,
    LineChart,
    Link,
    Prose,
    Recommendation,
    Section,
    Strip,
    Strips,
    Table,
    Tag,
    Tone,
    Verdict,
)
from pake_pipelines_tests.conftest import NOW

TURNED = "\u202e"
EVIL = f"<script>alert(1)</script> **b** [l](javascript:alert(1)) | `c` {TURNED}x 😀 عربي \"'&"
HOURS = [NOW - timedelta(hours=48 - number) for number in range(72)]
WAVE = [None if 10 <= place < 14 else 50 + 20 * math.sin(place / 6) for place in range(72)]


def hostile(rows=3):
    """Return a document with all kinds of blocks, and a table of `rows` rows."""
    wave = [[one and one + shift for one in WAVE] for shift in (0, -3, 3)]
    return Document(
        "health_report",
        f"Title {EVIL}",
        NOW,
        Tone.WARN,
        f"Lead {EVIL}",
        [
            Section("texts", EVIL, [Prose(EVIL)], [EVIL]),
            Section("figures", "Figures", [Figures("more", [Figure(EVIL, EVIL, note=EVIL)])]),
            Section(
                "charts",
                "Charts",
                [
                    LineChart("line", f"Line {EVIL}", "percent", HOURS, *wave, limit=90, from_here=NOW),
                    LineChart("none", "None", "ms", HOURS, [None] * 72, [None] * 72, [math.nan] * 72),
                    BarChart("bars", EVIL, "count", HOURS[:5], [Layer(EVIL, Tone.GOOD, [1, 0, 2, 3, 1])]),
                    BarChart("flat", "Flat", "count", HOURS[:5], [Layer("none", Tone.BAD, [0] * 5)]),
                ],
            ),
            Section(
                "lists",
                "Lists",
                [
                    Strips(
                        "strips", [Strip(EVIL, [Tone.GOOD, None, Tone.BAD], Tag(EVIL, Tone.BAD), EVIL)], HOURS[0], NOW
                    ),
                    Strips("no-strips", [], HOURS[0], NOW, empty=EVIL),
                    Advice(
                        "advice",
                        [Recommendation("QA-27", Tone.BAD, EVIL, EVIL, EVIL, Link(EVIL, "javascript:alert(1)"))],
                    ),
                    Advice("no-advice", []),
                    Checklist(
                        "checks",
                        [Item(one.value, EVIL, one, EVIL, EVIL, Link(EVIL, "data:text/html,x")) for one in Verdict],
                    ),
                ],
            ),
            Section(
                "tables",
                "Tables",
                [
                    Table(
                        "big",
                        [
                            Column("text", EVIL),
                            Column("number", "Number", "bytes"),
                            Column("at", "At"),
                            Column("tag", "Tag"),
                            Column("link", "Link"),
                        ],
                        [
                            (EVIL, number * 1000, NOW, Tag(EVIL, Tone.WARN), Link(EVIL, "http://127.0.0.1:3000/x"))
                            for number in range(rows)
                        ],
                        title=EVIL,
                    ),
                    Table("numbers", [Column("n", "N", "ms")], [(math.nan,), (None,), (math.inf,), (1.5,), (True,)]),
                    Table("empty", [Column("n", "N")], [], empty=EVIL),
                ],
            ),
        ],
        since=HOURS[0],
        until=NOW,
        figures=[
            Figure("Uptime", 99.123, "percent", Tone.GOOD, at=NOW, asset="service_health"),
            Figure("Unknown", None, "ms", Tone.UNKNOWN),
            Figure("Nan", math.nan, "ms"),
        ],
        missing=[EVIL],
    )
