"""Lines of log files are counted by their level field, and by nothing else."""

import gzip
import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines.reports.document import Tone
from pake_pipelines.reports.log.figures import Logs, compared
from pake_pipelines.reports.log.files import read_logs
from pake_pipelines.reports.log.lines import MOST_GROUPS, alike, shown, stamp, tally
from pake_pipelines.reports.log.sections import document
from pake_pipelines.store.audit_statistics import ActorCount, AuditTotals

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)


def line(at=NOW - HOUR, level="error", event="it broke", component="pake_pipelines.x", **rest):
    fields = {"timestamp": stamp(at), "level": level, "component": component, "event": event, **rest}
    return json.dumps(fields, separators=(",", ":")).encode()


def counted(*lines):
    found = tally(NOW - 2 * WEEK, NOW - WEEK, NOW)
    for one in lines:
        found.count(one)
    return found


def test_a_line_counts_by_its_level_whatever_its_words_say():
    found = counted(
        line(level="info", event="0 errors, no warning, error=none"), line(level="warning", event="all is well")
    )
    assert dict(found.days) == {("2026-11-22", "info"): 1, ("2026-11-22", "warning"): 1}


def test_the_text_form_has_a_level_field_too_and_its_tracebacks_are_no_lines():
    found = counted(
        b"2026-11-22T10:00:00.000+00:00 ERROR pake_pipelines.x: it broke run_id='1'",
        b"    | Traceback (most recent call last):",
        b"    | ValueError: error",
    )
    assert dict(found.days) == {("2026-11-22", "error"): 1}
    assert (found.below, found.other) == (2, 0)


@pytest.mark.parametrize(
    "broken",
    [
        b"ERROR something that another program prints",
        b'{"timestamp":"2026-11-22T10:00:00.000+00:00","level":"error","component":"x","event":"cut o',
        b'{"level":"error","event":"without a time"}',
        b'{"timestamp":"2026-11-31T10:00:00.000+00:00","level":"error","component":"x","event":"no such day"}',
        b"\xff\xfe\x00",
    ],
    ids=["foreign", "cut", "timeless", "dayless", "bytes"],
)
def test_what_is_no_line_of_ours_is_counted_apart(broken):
    found = tally(NOW - 5 * WEEK, NOW - WEEK, NOW + WEEK * 4)
    found.count(broken)
    assert (found.other, sum(found.days.values())) == (1, 0)


def test_lines_of_another_time_count_for_nothing_and_those_of_the_week_before_apart():
    found = counted(line(NOW - 15 * timedelta(days=1)), line(NOW + HOUR), line(NOW - WEEK - HOUR), line())
    assert (found.outside, found.before["error"], sum(found.days.values())) == (2, 1, 1)


def test_messages_that_differ_in_numbers_names_and_addresses_are_one():
    first = "GET https://a.example/x?1: 503 after 12.5 s, 'arxiv', /srv/data/1/a.bin, me@example.org, run 9f1c2e7b"
    second = "GET https://b.example/y: 504 after 3 s, 'inbox', /srv/lake/22, you@example.net, run 77aa01bc"
    assert alike(first) == alike(second)
    found = counted(*(line(event=one) for one in (first, second, "something else")))
    assert sorted(group.lines for group in found.groups.values()) == [1, 2]


def test_the_kind_of_an_error_tells_its_messages_apart():
    found = counted(line(error="ValueError"), line(error="OSError"), line(error="OSError"))
    assert sorted(group.said for group in found.groups.values()) == ["OSError: it broke", "ValueError: it broke"]


def test_a_message_is_shown_without_secrets_even_where_the_log_had_one():
    assert "hunter2" not in shown("no login with password=hunter2secret at https://me:hunter2@example.org/")


def test_no_flood_of_different_messages_takes_memory_and_each_line_still_counts():
    words = ("".join(chr(97 + int(digit)) for digit in str(number)) for number in range(MOST_GROUPS + 50))
    found = counted(*(line(event=word) for word in words))
    assert (len(found.groups), found.ungrouped) == (MOST_GROUPS, 50)
    assert found.days["2026-11-22", "error"] == MOST_GROUPS + 50


def write(path, lines, written=NOW, *, packed=False):
    path.parent.mkdir(parents=True, exist_ok=True)
    data = b"".join(one + b"\n" for one in lines)
    path.write_bytes(gzip.compress(data) if packed else data)
    os.utime(path, (written.timestamp(),) * 2)


def read(logs, **given):
    return read_logs(logs, NOW - 2 * WEEK, NOW - WEEK, NOW, **given)


def test_files_that_were_renamed_and_packed_are_read_and_copies_and_foreign_ones_are_not(tmp_path):
    write(tmp_path / "application.log", [line()])
    write(tmp_path / "application.log.2026-11-20", [line(NOW - 48 * HOUR)] * 2, NOW - 47 * HOUR)
    write(tmp_path / "application.log.2026-11-14.gz", [line(NOW - 9 * 24 * HOUR)] * 4, NOW - 8 * 24 * HOUR, packed=True)
    write(tmp_path / "security" / "security.log", [line(level="warning")])
    write(tmp_path / "errors.log", [line()] * 9)
    write(tmp_path / "postgres.log", [line()] * 9)
    write(tmp_path / "application.log.2026-10-01.gz", [b"too old to be opened"], NOW - 50 * 24 * HOUR)
    (tmp_path / "audit.log").symlink_to(tmp_path / "errors.log")
    found = read(tmp_path)
    assert (found.tally.before["error"], sum(found.tally.days.values()), found.tally.other) == (4, 4, 0)
    assert (found.read, len(found.files)) == (found.bytes, 4)
    assert found.whole_since == NOW - 9 * 24 * HOUR


def test_of_files_that_are_too_large_the_newest_lines_are_read_and_the_rest_is_told(tmp_path):
    lines = [line(NOW - hours * HOUR, event="x" * 500) for hours in range(200, 0, -1)]
    write(tmp_path / "application.log", lines)
    write(tmp_path / "application.log.2026-11-14.gz", lines, NOW - 200 * HOUR, packed=True)
    found = read(tmp_path, most_bytes=60_000)
    assert found.read <= 60_000 < found.bytes
    seen = sum(found.tally.days.values())
    assert 90 < seen < 110
    assert found.whole_since == NOW - seen * HOUR
    assert found.tally.other == 0


def test_a_line_without_an_end_takes_no_memory_for_all_of_it(tmp_path):
    write(tmp_path / "application.log", [b"x" * 5_000_000, line()])
    assert (read(tmp_path).tally.other, sum(read(tmp_path).tally.days.values())) == (1, 1)


def test_a_file_that_cannot_be_unpacked_is_told_of_and_stops_no_other(tmp_path):
    write(tmp_path / "application.log", [line()])
    (tmp_path / "audit.log.2026-11-20.gz").write_bytes(gzip.compress(line() * 9)[:-12])
    found = read(tmp_path)
    assert [bool(one.fault) for one in sorted(found.files, key=lambda one: one.file.name)] == [False, True]
    assert found.tally.days["2026-11-22", "error"] >= 1


def logs(reading, *actors):
    done = AuditTotals(len(actors), {})
    people = [ActorCount(one, 1, 1, NOW) for one in actors]
    return Logs(NOW, done, AuditTotals(0, {}), (), people, reading, (), {}, None, "")


def test_no_error_in_a_part_of_the_lines_is_not_known_to_be_good(tmp_path):
    quiet = [line(NOW - hours * HOUR, level="info", event="x" * 500) for hours in range(100, 0, -1)]
    write(tmp_path / "application.log", quiet)
    assert document(logs(read(tmp_path))).tone is Tone.GOOD
    assert document(logs(read(tmp_path, most_bytes=20_000))).tone is Tone.UNKNOWN
    write(tmp_path / "application.log", [*quiet, line()])
    assert document(logs(read(tmp_path, most_bytes=20_000))).tone is Tone.NOTICE


@pytest.mark.parametrize(
    ("actors", "said"),
    [
        ((), "nobody did anything that is audited."),
        (("lea",), "1 audited action by 1 person."),
        (("pake", "dagster"), "2 audited actions by the project itself."),
        (("lea", "tom", "pake"), "3 audited actions by 2 people and the project itself."),
    ],
    ids=["none", "one", "itself", "both"],
)
def test_the_first_sentence_says_how_many_errors_there_are_and_who_did_how_much(tmp_path, actors, said):
    write(tmp_path / "application.log", [line()])
    made = logs(read(tmp_path), *actors)
    assert document(made).lead == f"1 error line in 7 days; {said}"


def test_without_files_nothing_is_known(tmp_path):
    found = read(tmp_path / "missing")
    assert (found.files, found.whole_since, found.read) == ((), None, 0)


@pytest.mark.parametrize(
    ("now", "before", "word", "tone"),
    [
        (0, 0, "none", Tone.GOOD), (12, 10, "as before", Tone.PLAIN), (3, 0, "as before", Tone.PLAIN),
        (40, 10, "more errors", Tone.WARN), (30, 0, "more errors", Tone.WARN), (10, 40, "fewer errors", Tone.GOOD),
        (1300, 1000, "as before", Tone.PLAIN),
    ],
    ids=["none", "chance", "a-few", "many", "new", "fewer", "not-half-as-many-again"],
)  # fmt: skip
def test_more_errors_than_the_week_before_are_told_where_chance_would_not_do(now, before, word, tone):
    found = compared(now, 7, before, 7)
    assert (found.word, found.tone) == (word, tone)


def test_numbers_are_compared_by_day_and_not_at_all_without_a_day_to_compare_with():
    assert compared(40, 7, 10, 1.75).word == "as before"
    assert compared(40, 7, 10, 0.5).tone is Tone.UNKNOWN
