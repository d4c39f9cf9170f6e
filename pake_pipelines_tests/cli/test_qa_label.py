"""`pake qa label` keeps a person's word at once, shows no score, and takes labels made elsewhere all or not at all."""

import getpass
import json
import os
import re
import select
import subprocess
import termios
import time
from importlib import import_module

import pytest
import typer

from pake_pipelines_tests.cli.scored import Base
from pake_pipelines_tests.cli.stack import PAKE

LABELS = "SELECT entry_id, actor, good, note, weight, decision_score FROM quality_labels ORDER BY entry_id, actor"
AUDIT = "SELECT actor, action, details FROM audit_events ORDER BY event_id"


@pytest.fixture
def base(connected, database_url):
    return Base(database_url, 40)


@pytest.fixture(scope="module")
def untouched(module_database_url):
    """The same for all tests that store nothing."""
    return Base(module_database_url, 40)


@pytest.fixture
def press(connected, monkeypatch):
    """Return a function that runs `pake qa label` and presses keys; a key may be an exception to be raised."""

    def run(keys, *arguments):
        waiting = list(keys)

        def pressed():
            key = waiting.pop(0)
            if isinstance(key, str):
                return key
            raise key

        # the package's attribute of this name is the command, not its module
        monkeypatch.setattr(import_module("pake_pipelines.cli.qa.label"), "_attended", lambda: True)
        monkeypatch.setattr(typer, "getchar", pressed)
        done = connected.pake("qa", "label", "--actor", "anna", *arguments)
        assert not waiting, "the command ended before all keys were pressed"
        return done

    return run


def shown(done):
    """Return the numbers of the items that were shown, in order."""
    return [int(number) for number in re.findall(r"^Item (\d+)\s*$", done.stdout, re.MULTILINE)]


def test_each_answer_is_stored_with_the_weight_of_the_sample_and_the_score_of_the_moment(base, press):
    done = press("gbs", "--sample", "3")
    assert done.code == 0, done.stderr
    first, second, _ = shown(done)
    expected = {base.ids[first]: (True, base.scores[first]), base.ids[second]: (False, base.scores[second])}
    held = base.ask(LABELS)
    assert {one["entry_id"]: (one["good"], one["decision_score"]) for one in held} == expected
    assert {one["actor"] for one in held} == {"anna"}
    assert sum(one["weight"] for one in held) == pytest.approx(40 * 2 / 3, abs=1)
    assert "you labelled 2 items: 1 good, 1 bad" in done.stdout


def test_neither_score_nor_verdict_is_shown(base, press):
    done = press("q", "--sample", "5")
    (number,) = shown(done)
    assert "1 of 5" in done.stdout
    assert f"{base.source(number).title()}, 2026-11-2" in done.stdout
    assert f"https://{base.source(number)}.example/{number}" in done.stdout
    assert not re.search(r"score|confidence|verdict|verified|pending|0\.\d", done.stdout)


def test_long_texts_are_cut_and_o_shows_them_whole(base, press):
    done = press("oq")
    (number,) = shown(done)
    before, after = done.stdout.split("characters in all)")
    assert f"Here item {number} ends." not in before
    assert f"Here item {number} ends." in after


@pytest.mark.parametrize("key", ["q", KeyboardInterrupt(), EOFError()], ids=["quit", "ctrl-c", "ctrl-d"])
def test_stopping_loses_nothing_and_the_next_sitting_goes_on_with_others(base, press, key):
    first = press(["g", "b", key], "--sample", "10")
    assert first.code == 0
    assert len(base.ask(LABELS)) == 2
    second = press("gq", "--sample", "10")
    assert not set(shown(first)[:2]) & set(shown(second))
    assert len(base.ask(LABELS)) == 3


def test_undo_takes_the_last_answer_back_and_asks_again(base, press):
    done = press("gubq", "--sample", "10")
    first, following, again, last = shown(done)
    assert (first, following) == (again, last)
    (held,) = base.ask(LABELS)
    assert (held["entry_id"], held["good"]) == (base.ids[first], False)


def test_undo_goes_back_over_what_was_skipped_and_says_when_there_is_nothing(base, press):
    done = press("usuuq", "--sample", "10")
    assert done.stdout.count("there is nothing to undo yet") == 2
    assert len(set(shown(done))) == 2
    assert base.ask(LABELS) == []


def test_a_key_that_means_nothing_is_asked_about_again(base, press):
    press(["x", "\x1b[A", "G"], "--sample", "1")
    assert [one["good"] for one in base.ask(LABELS)] == [True]


def test_a_seed_shows_the_same_items_and_another_one_others(base, press):
    first, again, other = (shown(press("ssssssss", "--sample", "8", "--seed", seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_all_asks_about_every_item_once(base, press):
    assert sorted(shown(press("g" * 40, "--all"))) == list(range(40))
    assert {one["weight"] for one in base.ask(LABELS)} == {1.0}
    done = press("", "--all")
    assert done.code == 1
    assert "there is no scored item without a label of anna" in done.stderr


def test_a_sitting_is_one_event_of_the_audit(base, press):
    press("ggbuq", "--seed", "5")
    press("q")
    assert base.ask(AUDIT) == [
        {"actor": "anna", "action": "labels.session", "details": {"good": 2, "bad": 0, "seed": 5}}
    ]


def test_an_empty_base_is_said(connected, press):
    done = press("")
    assert done.code == 1
    assert "there is no scored item" in done.stderr


def test_without_a_person_at_the_terminal_it_says_what_to_do(connected):
    done = connected.pake("qa", "label")
    assert done.code == 1
    assert "nobody is at this terminal" in done.stderr
    assert "--file" in done.stderr


def as_lines(given):
    return "\n".join(map(json.dumps, given)).encode()


def test_labels_made_elsewhere_are_stored_by_item_or_version(base, connected):
    given = [*base.lines(range(3)), {"entry_id": base.ids[5], "good": 0, "note": "a\x00 note", "more": 1}]
    (connected.home / "labels.jsonl").write_bytes(as_lines(given) + b"\n\n")
    done = connected.pake("qa", "label", "--file", "labels.jsonl", "--actor", "ben")
    assert done.code == 0, done.stderr
    held = {one["entry_id"]: (one["actor"], one["good"], one["note"]) for one in base.ask(LABELS)}
    assert held == {base.ids[n]: ("ben", base.good[n], None) for n in range(3)} | {
        base.ids[5]: ("ben", False, "a note")
    }
    (event,) = base.ask(AUDIT)
    assert event["action"] == "labels.import"


def test_labels_come_from_stdin_and_are_of_who_is_at_the_terminal(base, connected):
    done = connected.pake("qa", "label", "--file", "-", stdin=as_lines(base.lines([0])))
    assert done.code == 0, done.stderr
    assert [one["actor"] for one in base.ask(LABELS)] == [getpass.getuser()]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"not json", "line 2: Invalid JSON"),
        (b"[]", "line 2: Input should be"),
        (b'{"good": true}', "line 2: either pake_id or entry_id is needed"),
        (b'{"entry_id": 1, "pake_id": "00000000-0000-0000-0000-000000000000", "good": true}', "line 2: either"),
        (b'{"entry_id": 1}', "line 2: good: Field required"),
        (b'{"entry_id": 1, "good": "yes"}', "line 2: good: Input should be a valid boolean"),
        (b'{"entry_id": 99999999999999999999, "good": true}', "line 2: entry_id"),
        (b'{"entry_id": 999999, "good": true}', "line 2: there is no version 999999"),
        (b'{"pake_id": "00000000-0000-0000-0000-000000000000", "good": true}', "line 2: there is no item 0000"),
        (b'{"pake_id": "FIRST", "good": false}', "line 2: the same item as in line 1"),
        (b"\xff\xfe", "line 2: "),
        (b'{"entry_id": 1, "good": true, "note": "\\ud800"}', "line 2: "),
        (b"[" * 100_000, "line 2: "),
    ],
    ids=["text", "list", "unnamed", "named-twice", "no-label", "word", "huge", "no-version", "no-item", "twice",
         "bytes", "surrogate", "deep"],
)  # fmt: skip
def test_one_wrong_line_is_named_and_nothing_is_stored(untouched, terminal, line, said):
    terminal.environment(PAKE_DATABASE_URL=untouched.url)
    given = as_lines(untouched.lines([0])) + b"\n" + line.replace(b"FIRST", untouched.pake_id(0).encode())
    done = terminal.pake("qa", "label", "--file", "-", stdin=given)
    assert done.code == 1
    assert said in done.stderr
    assert "1 line cannot be used, so none was" in done.stderr
    assert untouched.ask(LABELS) == []
    assert untouched.ask(AUDIT) == []


def test_a_file_that_is_missing_or_empty_is_a_clear_error(connected):
    assert "No such file" in connected.pake("qa", "label", "--file", "nowhere.jsonl").stderr
    assert "no lines" in connected.pake("qa", "label", "--file", "-").stderr


def test_at_a_real_terminal_one_key_is_one_answer(base, connected):
    """In a process of its own on a pseudo-terminal: raw keys, and a Ctrl-C in the middle."""
    master, slave = os.openpty()
    process = subprocess.Popen(
        [*PAKE, "qa", "label", "--sample", "5"], stdin=slave, stdout=slave, stderr=slave, cwd=connected.home,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    )  # fmt: skip
    os.close(slave)
    try:
        for key in (b"g", b"b", b"\x03"):
            _read_until(master, b"quit")
            _wait_until_raw(master)
            os.write(master, key)
        said = _read_until(master, b"you labelled 2 items: 1 good, 1 bad")
        assert b"Traceback" not in said
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        os.close(master)
    assert sorted(one["good"] for one in base.ask(LABELS)) == [False, True]


def _read_until(master, text, seconds=60):
    said, deadline = b"", time.monotonic() + seconds
    while text not in said:
        assert time.monotonic() < deadline, said.decode(errors="replace")
        if select.select([master], [], [], 0.5)[0]:
            said += os.read(master, 65536)
    return said


def _wait_until_raw(master, seconds=60):
    """Wait until single keys are read: turning that on discards what was typed before."""
    deadline = time.monotonic() + seconds
    while termios.tcgetattr(master)[3] & termios.ICANON:
        assert time.monotonic() < deadline
        time.sleep(0.01)
