"""`pake sources enable|disable` change one source in the file, and `enable` ends what the pipeline decided itself."""

import asyncio

from pake_pipelines.store import sources
from pake_pipelines.store.database import open_database
from pake_pipelines.store.sources import SourceRow, SourceState
from pake_pipelines_tests.conftest import NOW

BASE = """sources:
  blog:   # mine
    name: Blog
    kind: feed
    url: https://blog.example/feed
  notes:
    {name: Notes, kind: folder, path: notes, tags: [a]}
"""


def test_disabling_says_why_and_enabling_restores_the_file(terminal):
    terminal.configure(BASE)
    for slug in ("blog", "notes"):
        done = terminal.pake("sources", "disable", slug, "--because", "it is: noisy")
        assert (done.code, f"{slug} is disabled: it is: noisy" in done.stdout) == (0, True)
        assert terminal.config.sources[slug].disabled_because == "it is: noisy"
        assert terminal.pake("sources", "enable", slug).code == 0
        assert terminal.file.read_text() == BASE


def test_a_dry_run_changes_nothing(terminal):
    terminal.configure(BASE)
    done = terminal.pake("sources", "disable", "blog", "--dry-run")
    assert (done.code, "+     enabled: false" in done.stdout) == (0, True)
    assert terminal.file.read_text() == BASE


def test_without_a_database_enabling_says_what_it_could_not_do(terminal):
    terminal.configure(BASE)
    done = terminal.pake("sources", "enable", "blog")
    assert done.code == 0
    assert "failures of the past were not cleared: the embedded PostgreSQL is not running" in done.stderr


def test_an_unknown_source_is_a_clear_error(terminal):
    terminal.configure(BASE)
    for command in ("enable", "disable"):
        done = terminal.pake("sources", command, "nowhere")
        assert (done.code, "no source 'nowhere'" in done.stderr) == (1, True)


def test_a_source_that_is_not_complete_stays_disabled(terminal):
    text = "sources: {a: {name: A, kind: folder, enabled: false, disabled_because: no folder yet}}\n"
    terminal.configure(text)
    done = terminal.pake("sources", "enable", "a")
    assert (done.code, "a folder needs a path" in done.stderr) == (1, True)
    assert terminal.file.read_text() == text


async def _stop(url):
    async with open_database(url) as database, database.transaction() as connection:
        row = SourceRow("blog", "Blog", "feed", "https://blog.example/feed", 0.2, "unknown", True, None)
        await sources.sync_sources(connection, [row])
        stopped = SourceState(
            consecutive_failures=9, last_error="410", rests=1, resting_until=NOW, disabled_because="410"
        )
        await sources.save_standings(connection, {"blog": stopped})


async def _state(url):
    async with open_database(url) as database, database.connection() as connection:
        return await sources.load_state(connection, "blog")


def test_enabling_ends_a_rest_and_a_stop_that_the_pipeline_decided(connected, database_url):
    connected.configure(BASE)
    asyncio.run(_stop(database_url))
    done = connected.pake("sources", "enable", "blog")
    assert (done.code, done.stderr) == (0, "")
    assert "is asked again with the next visit" in done.stdout
    state = asyncio.run(_state(database_url))
    assert (state.consecutive_failures, state.resting_until, state.disabled_because) == (0, None, None)
    assert connected.file.read_text() == BASE
    assert "blog was enabled already" in connected.pake("sources", "enable", "blog").stdout
