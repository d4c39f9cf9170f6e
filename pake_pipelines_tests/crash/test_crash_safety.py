"""A run that is killed anywhere and run again leaves what an undisturbed run leaves: nothing lost, nothing doubled."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from pake_pipelines.crash import CrashPoint
from pake_pipelines.store.database import Database
from pake_pipelines_tests.crash import snapshot
from pake_pipelines_tests.crash.plants import PLANTS
from pake_pipelines_tests.crash.snapshot import differences
from pake_pipelines_tests.crash.stage import SCENES, Outcome, Scene, Stage, outcome, run

pytestmark = pytest.mark.long

_PARTS = {"lake", "fetch", "documents", "embeddings", "duplicates", "connections", "confidence", "publish", "report"}
# all others are visited by tests beside what they belong to
OF_AN_INGESTION = [one for one in CrashPoint if one.partition(".")[0] in _PARTS]

# where each planted bug does its harm, when the sources have changed; which bodies share a transaction is open, but
# three of the five are a folder's, which come one after the other, so the third transaction holds one of them
HARMFUL = {
    "hash_before_content": [(CrashPoint.LAKE_WRITTEN, 1), (CrashPoint.FETCH_ENTRIES_WRITTEN, 1)],
    "watermark_apart": [(CrashPoint.FETCH_ENTRIES_WRITTEN, 3)],
    "marks_before_results": [(CrashPoint.DOCUMENTS_WRITTEN, 1)],
    "history_apart": [(CrashPoint.PUBLISH_NODES_WRITTEN, 1)],
}


@pytest.mark.parametrize("scene", SCENES)
def test_an_undisturbed_run_comes_by_every_crash_point(stage: Stage, scene: str) -> None:
    assert set(stage.scenes[scene].reached) == set(OF_AN_INGESTION)


async def test_every_table_is_compared_or_left_out_for_a_reason(database: Database) -> None:
    async with database.connection() as connection:
        tables = await snapshot.tables_of(connection)
    compared = {name.partition(" ")[0] for name in (*snapshot.TABLES, *snapshot.RUN_LOGS)}
    assert compared | snapshot.NOT_DATA == tables


@pytest.mark.parametrize("scene", SCENES)
def test_two_undisturbed_runs_hold_the_same(stage: Stage, scene: str) -> None:
    expected = stage.scenes[scene].expected.held
    empty = {name for name, rows in expected.items() if not rows} - snapshot.MAY_BE_EMPTY
    assert not empty, "a table without rows proves nothing"
    with stage.attempt(stage.scenes[scene]) as attempt:
        run(attempt)
        assert differences(expected, outcome(attempt).held) == {}


@pytest.mark.parametrize("point", OF_AN_INGESTION)
def test_a_killed_run_is_made_up_for_by_the_next(stage: Stage, point: CrashPoint) -> None:
    first, changed = (stage.scenes[name] for name in SCENES)
    # reports are written in one order: the last one's death is another than the first one's
    last = point.startswith("report.")
    deaths = [(first, 1), (changed, changed.reached[point] if last else min(2, changed.reached[point]))]

    def die(death: tuple[Scene, int]) -> Outcome:
        scene, reach = death
        return stage.killed_and_run_again(scene, point, reach)

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        found = list(threads.map(die, deaths))
    for (scene, reach), after in zip(deaths, found, strict=True):
        where = f"{scene.home.name}, death at reach {reach} of {point}"
        assert differences(scene.expected.held, after.held) == {}, where
        assert not claimed_twice(scene.expected, after), where


def claimed_twice(expected: Outcome, after: Outcome) -> dict[str, dict[str, int]]:
    """Return what the logs of all runs together claim beyond what one run did."""
    over = {
        log: {work: count for work, count in claims.items() if count > expected.logged[log].get(work, 0)}
        for log, claims in after.logged.items()
    }
    return {log: claims for log, claims in over.items() if claims}


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_bug_is_caught(stage: Stage, plant: str) -> None:
    scene = stage.scenes["changed"]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        found = list(threads.map(lambda death: stage.killed_and_run_again(scene, *death, plant=plant), HARMFUL[plant]))
    assert any(differences(scene.expected.held, after.held) for after in found)


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_bug_shows_only_when_the_run_dies(stage: Stage, plant: str) -> None:
    scene = stage.scenes["changed"]
    with stage.attempt(scene) as attempt:
        run(replace(attempt, plant=plant))
        assert differences(scene.expected.held, outcome(attempt).held) == {}
