"""`pake sources list` says of every source how it stands and why."""

import asyncio
from datetime import timedelta

import pytest

from pake_pipelines.cli.sources.listing import State, state_of
from pake_pipelines.config.source_kinds import FolderSource
from pake_pipelines.store import runs, sources
from pake_pipelines.store.database import open_database
from pake_pipelines.store.runs import VisitRow
from pake_pipelines.store.sources import SourceRow, SourceState
from pake_pipelines_tests.conftest import NOW, TODAY

SOURCE = FolderSource(name="A", kind="folder", path="x")
WELL = {
    "source": "a", "outcome": "ok", "ended_because": None, "consecutive_failures": 0, "last_error": None,
    "resting_until": None, "wait_until": None,
}  # fmt: skip
SOON, PAST = NOW + timedelta(hours=2), NOW - timedelta(hours=2)


@pytest.mark.parametrize(
    ("visit", "state"),
    [
        (None, State("never read")),
        ({**WELL, "outcome": None}, State("never read")),
        (WELL, State("ok")),
        ({**WELL, "outcome": "unchanged", "resting_until": PAST, "wait_until": PAST}, State("ok")),
        (
            {**WELL, "consecutive_failures": 1, "last_error": "no answer"},
            State("failing", "once: no answer"),
        ),
        (
            {**WELL, "consecutive_failures": 7, "last_error": "no answer", "resting_until": SOON},
            State("resting", "until 22 Nov 14:00 UTC, failed 7 times: no answer"),
        ),
        (
            {**WELL, "consecutive_failures": 7, "last_error": "no answer", "resting_until": PAST},
            State("failing", "7 times: no answer"),
        ),
        (
            {**WELL, "wait_until": SOON},
            State("waiting", "until 22 Nov 14:00 UTC, because the server asks for it"),
        ),
        (
            {**WELL, "ended_because": "the server says 410 Gone", "consecutive_failures": 1, "last_error": "x"},
            State("disabled", "the server says 410 Gone; `pake sources enable a` tries it again"),
        ),
    ],
)
def test_a_state_is_a_word_and_its_reason(visit, state):
    assert state_of(SOURCE, visit, NOW) == state


def test_what_the_configuration_disables_counts_before_everything_else():
    off = FolderSource(name="A", kind="folder", enabled=False, disabled_because="no folder yet")
    assert state_of(off, {**WELL, "consecutive_failures": 7}, NOW) == State("disabled", "no folder yet")


BASE = """sources:
  good: {name: Good, kind: folder, path: notes}
  bad: {name: Bad, kind: feed, url: 'https://bad.example/feed'}
  off: {name: Spare, kind: mailbox, enabled: false, disabled_because: 'a [bold]reason[/bold]'}
"""


def test_without_a_database_states_are_unknown_and_reasons_are_not(terminal):
    terminal.configure(BASE)
    done = terminal.pake("sources", "list")
    assert done.code == 0
    assert "what came of visits is unknown: the embedded PostgreSQL is not running" in done.stderr
    assert [line.split()[:3] for line in done.stdout.splitlines()[1:]] == [
        ["good", "folder", "unknown"],
        ["bad", "feed", "unknown"],
        ["off", "mailbox", "disabled:"],
    ]
    assert "a [bold]reason[/bold]" in done.stdout


async def _visited(url):
    async with open_database(url) as database, database.transaction() as connection:
        rows = [SourceRow(slug, slug, "feed", slug, 0.5, "news", True, None) for slug in ("good", "bad")]
        await sources.sync_sources(connection, rows)
        await sources.save_standings(
            connection,
            {
                "good": SourceState(checked_at=NOW, succeeded_at=NOW),
                "bad": SourceState(checked_at=NOW, consecutive_failures=3, last_error="GET x: no answer"),
            },
        )
        visits = [
            VisitRow("r", slug, TODAY, NOW, NOW, outcome, 1, 1, 0, 0, 0, error)
            for slug, outcome, error in (("good", "ok", None), ("bad", "failed", "GET x: no answer"))
        ]
        await runs.record_visits(connection, visits)


def test_states_come_with_the_last_success_and_the_items(connected, database_url):
    connected.configure(BASE)
    asyncio.run(_visited(database_url))
    done = connected.pake("sources", "list")
    assert (done.code, done.stderr) == (0, "")
    good, bad, off = (" ".join(line.split()) for line in done.stdout.splitlines()[1:])
    assert good == "good folder 0 22 Nov 12:00 UTC ok"
    assert bad == "bad feed 0 failing 3 times: GET x: no answer"
    assert off.startswith("off mailbox 0 disabled: a")


def test_programs_get_configuration_state_and_last_visit(connected, database_url):
    connected.configure(BASE)
    asyncio.run(_visited(database_url))
    good, bad, off = connected.pake("sources", "list", "--json").json
    assert (good["slug"], good["kind"], good["address"], good["items"]) == ("good", "folder", "notes", 0)
    assert (good["state"], good["last_visit"]["new"]) == ({"word": "ok", "why": ""}, 1)
    assert (bad["state"]["word"], bad["last_visit"]["consecutive_failures"]) == ("failing", 3)
    assert (off["state"]["word"], off["last_visit"]) == ("disabled", None)
