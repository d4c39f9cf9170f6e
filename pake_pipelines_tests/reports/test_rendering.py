"""A document is rendered as page, Markdown, JSON and CSV: words stay words, all is bounded, unknown is unknown."""

import csv
import io
import json
import math
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from pake_pipelines.reports.document import (
    Checklist,
    Column,
    Document,
    Figure,
    Item,
    LineChart,
    Link,
    Section,
    Strip,
    Strips,
    Table,
    Tag,
    Tone,
    Verdict,
)
from pake_pipelines.reports.rendering import csv_tables, html, json_text, markdown
from pake_pipelines.reports.rendering import page as rendering_page
from pake_pipelines.reports.rendering.page import runs_of
from pake_pipelines.reports.rendering.values import href, said
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.reports.hostile import EVIL, HOURS, TURNED, WAVE, hostile
from pake_pipelines_tests.reports.test_render import Page

DAGSTER = "http://127.0.0.1:3000"
EMPTY = Document("health_report", "Health report", NOW, Tone.UNKNOWN, "Nothing was measured yet.", [])


@pytest.fixture(scope="module")
def page():
    return html(hostile(), dagster=DAGSTER)


@pytest.fixture(scope="module")
def large():
    return hostile(2_000)


def table_of(*rows, key="t"):
    columns = [Column(f"c{place}", f"C{place}") for place in range(len(rows[0]))]
    return replace(EMPTY, sections=[Section("s", "S", [Table(key, columns, rows)])])


def test_no_markup_of_a_stranger_reaches_the_page(page):
    parsed = Page(page)
    assert parsed.open == []
    assert not {"script", "img", "iframe", "link"} & set(parsed.tags)
    assert not [name for name, _ in parsed.attributes if name.startswith("on")]
    assert page.count("&lt;script&gt;alert(1)") > 20
    assert TURNED not in page


def test_a_page_fetches_nothing_and_leads_only_to_pages_of_the_web_and_files(page):
    links = {value for name, value in Page(page).attributes if name in {"href", "src", "xlink:href", "action"}}
    assert {one for one in links if not one.startswith("#")} == {
        f"{DAGSTER}/assets/service_health", "http://127.0.0.1:3000/x",
    }  # fmt: skip
    assert "@import" not in page
    assert "http-equiv" not in page


def test_ids_are_unique_and_every_reference_has_its_target(page):
    ids = [value for name, value in Page(page).attributes if name == "id"]
    assert len(ids) == len(set(ids))
    references = re.findall(r"url\(#([^)]+)\)", page)
    references += [value[1:] for name, value in Page(page).attributes if name.endswith("href") and value[0] == "#"]
    assert set(references) <= set(ids)


def test_the_same_document_is_rendered_the_same(page):
    assert html(hostile(), dagster=DAGSTER) == page


def test_charts_are_small_and_take_their_colours_from_the_page(page):
    charts = re.findall(r"<svg.*?</svg>", page)
    assert len(charts) == 2
    assert all(len(one) < 15_000 for one in charts)
    assert "#0102" not in page
    assert "stroke-dasharray" in charts[0]  # the forecast and the limit


def test_a_week_of_minutes_is_drawn_small_and_keeps_its_extremes():
    times = [NOW - timedelta(minutes=10_080 - minute) for minute in range(10_080)]
    means = [50.0 + minute % 7 for minute in range(10_080)]
    means[2_000] = 400.0
    chart = LineChart("m", "M", "ms", times, means, means, means)
    (svg,) = re.findall(r"<svg.*?</svg>", html(replace(EMPTY, sections=[Section("s", "S", [chart])])))
    assert len(svg) < 15_000
    assert "300 ms" in svg, "the axis reaches the one high reading"


def test_less_than_two_readings_make_no_line_but_a_sentence(page):
    assert "Fewer than two readings" in page
    assert "Nothing in this time" in page


def test_thousands_of_rows_make_a_page_and_a_text_of_bounded_size(large):
    page, text = html(large), markdown(large)
    assert len(page.encode()) < 200_000
    assert "1,950 more, in the JSON and CSV" in page
    assert len(text.encode()) <= 30_000
    assert "on the page" in text


def test_wide_tables_shrink_until_the_page_can_be_mailed(monkeypatch):
    words = "word " * 40
    wide = [Column(f"c{place}", f"C{place}") for place in range(12)]
    document = replace(EMPTY, sections=[Section("s", "S", [Table("t", wide, [[words] * 12] * 50)])])
    assert rendering_page.MOST_BYTES == 1_000_000
    for most, more in ((200_000, 0), (100_000, 25), (50_000, 45)):
        monkeypatch.setattr(rendering_page, "MOST_BYTES", most)
        text = html(document)
        assert len(text.encode()) <= most
        assert (f"{more} more, in the JSON and CSV" in text) is bool(more)
    assert len(markdown(document, 5_000).encode()) <= 5_000


def test_json_and_csv_have_every_row_and_json_reads_back(large):
    held = json.loads(json_text(large))
    rows = held["sections"]["tables"]["blocks"]["big"]["rows"]
    assert len(rows) == 2_000
    assert rows[7]["number"] == 7000
    assert rows[7]["text"] == EVIL
    assert datetime.fromisoformat(rows[7]["at"]) == NOW
    read = list(csv.reader(io.StringIO(csv_tables(large)["big"])))
    assert len(read) == 2_001
    assert read[0] == ["text", "number", "at", "tag", "link"]
    assert read[8][1:3] == ["7000", NOW.isoformat()]


def test_json_says_what_is_known_and_null_for_the_rest():
    held = json.loads(json_text(hostile()), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert (held["name"], held["status"], held["timestamp"]) == ("health_report", "warn", NOW.isoformat())
    assert held["figures"]["uptime"]["value"] == 99.123
    assert held["figures"]["nan"]["value"] is None
    assert [row["n"] for row in held["sections"]["tables"]["blocks"]["numbers"]["rows"]] == [
        None,
        None,
        None,
        1.5,
        True,
    ]
    line = held["sections"]["charts"]["blocks"]["line"]
    assert (line["limit"], line["forecast_from"], len(line["points"])) == (90, NOW.isoformat(), 72)
    checks = held["sections"]["lists"]["blocks"]["checks"]
    assert checks["counts"] == {"pass": 1, "fail": 1, "unknown": 1, "manual": 1}
    assert checks["items"][0]["link"]["href"] is None
    assert held["missing"] == [EVIL]


def test_blocks_and_figures_of_the_same_key_are_all_kept():
    twice = [Table("t", [Column("a", "A")], [(number,)]) for number in (1, 2)]
    document = replace(EMPTY, sections=[Section("s", "S", twice)], figures=[Figure("Up", 1), Figure("up", 2)])
    held = json.loads(json_text(document))
    assert [one["rows"][0]["a"] for one in held["sections"]["s"]["blocks"].values()] == [1, 2]
    assert [one["value"] for one in held["figures"].values()] == [1, 2]
    assert set(csv_tables(document)) == {"figures", "t", "t_2"}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=1", " =1", "＝1"], ids=ascii)  # noqa: RUF001
def test_no_text_in_a_csv_is_a_formula(text):
    (_, (cell, tag, number)) = csv.reader(io.StringIO(csv_tables(table_of((text, Tag(text, Tone.BAD), -1)))["t"]))
    assert cell == f"'{text}"
    assert tag == f"'{text}"
    assert number == "-1"


def test_markdown_of_a_stranger_is_text_in_one_line(large):
    text = markdown(replace(large, sections=large.sections[:4]))
    assert "<script" not in text
    assert TURNED not in text
    assert not re.search(r"(?<!\\)\[l", text)
    assert "javascript:" not in re.sub(r"\\\[l\\\]\(javascript:alert\(1\)\)", "", text)
    for line in text.splitlines():
        if line.startswith("| "):
            assert line.endswith(" |")


def test_a_checklist_says_in_words_how_each_item_came_out(page):
    text = markdown(hostile())
    for words in ("✓ pass", "✗ fail", "? unknown", "✎ by hand"):
        assert words in page
        assert words in text


def test_what_has_passed_needs_nothing_done():
    items = [Item(one.value, "Says", one, "Seen", "Do it") for one in (Verdict.PASS, Verdict.FAIL)]
    document = replace(EMPTY, sections=[Section("s", "S", [Checklist("c", items)])])
    for text in (html(document), markdown(document)):
        assert text.count("Do it") == 1


def test_an_empty_document_is_a_readable_report_in_every_form():
    text = html(EMPTY)
    assert Page(text).open == []
    assert "Nothing was measured yet." in text
    assert "not known" in text
    assert markdown(EMPTY).startswith("**Not known.** Nothing was measured yet.")
    assert json.loads(json_text(EMPTY))["sections"] == {}
    assert csv_tables(EMPTY) == {}


def test_half_a_surrogate_pair_does_no_harm():
    document = replace(table_of(("half \ud800 pair",)), lead="half \ud800")
    json.loads(json_text(document).encode())
    for text in (html(document), markdown(document), csv_tables(document)["t"]):
        text.encode()


def test_a_secret_of_the_environment_is_in_no_form(monkeypatch):
    monkeypatch.setenv("SOME_PASSWORD", "violet_<unicorn>&'")
    document = table_of(("violet_<unicorn>&' said", "x" * 150 + " violet_<unicorn>&'"))
    assert "unicorn" not in html(document) + markdown(document) + json_text(document) + csv_tables(document)["t"]


def test_moments_are_shown_in_utc_and_with_the_year_where_it_is_another():
    east = timezone(timedelta(hours=2))
    text = html(table_of((datetime(2025, 3, 1, 1, 30, tzinfo=east), datetime(2026, 1, 1, 1, 30, tzinfo=east), NOW)))
    assert ">28 Feb 2025 23:30</time>" in text
    assert ">31 Dec 2025 23:30</time>" in text
    assert ">22 Nov 12:00</time>" in text


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (None, "ms", "unknown"),
        (math.nan, "percent", "unknown"),
        (True, "", "yes"),
        (1_234_567, "count", "1,234,567"),
        (0.25, "", "0.25"),
        (12.5, "apples", "12.5 apples"),
        (90, "d", "90 d"),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "", "02 Jan 2026 03:04"),
        (date(2026, 1, 2), "", "02 Jan 2026"),
        (Tag("failed", Tone.BAD), "", "failed"),
    ],
    ids=str,
)
def test_a_value_is_read_with_its_unit(value, unit, shown):
    assert said(value, unit) == shown


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "//evil.example/x", "file:///etc/passwd",
        "/etc/passwd", 'http://x/"onclick=', "http://x/<b>", "vbscript:x", "java\nscript:alert(1)", "",
    ],
    ids=ascii,
)  # fmt: skip
def test_other_addresses_are_no_links(address):
    assert href(Link("x", address)) is None


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:3000/assets/a/b?x=1#y", "https://docs.example/a_(b)", "kept/health-1.html", "a.html#b"],
)
def test_pages_of_the_web_and_files_beside_the_report_are_links(address):
    assert href(Link("x", address)) == address


def test_a_strip_is_drawn_as_stretches_of_one_tone():
    strip = Strip("s", [Tone.GOOD, Tone.GOOD, None, Tone.BAD], Tag("down", Tone.BAD))
    assert runs_of(strip) == [("good", 2), ("unseen", 1), ("bad", 1)]
    document = replace(EMPTY, sections=[Section("s", "S", [Strips("s", [strip] * 1000, HOURS[0], NOW)])])
    text = html(document)
    assert text.count('class="strip"') == 500
    assert "500 more" in text


def test_a_line_says_in_words_what_it_shows():
    chart = LineChart("l", "Disk", "percent", HOURS, WAVE, WAVE, WAVE, limit=90, from_here=NOW)
    text = markdown(replace(EMPTY, sections=[Section("s", "S", [chart])]))
    none = markdown(replace(EMPTY, sections=[Section("s", "S", [replace(chart, means=[math.nan] * 72)])]))
    assert "Disk: not known, limit 90 %." in none
    assert re.search(r"Disk: from \d+.* % to \d+.* %, at last .* %, forecast .* % by .*, limit 90 %\.", text)
