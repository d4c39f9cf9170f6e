"""The harness proves itself: bugs that alert tools have had, planted one at a time, are each caught by a script."""

import pytest

from pake_pipelines_tests.alerts.harness import promises
from pake_pipelines_tests.alerts.harness.corpus import (
    CLOCK_BACK,
    IN_A_ROW,
    MERGE,
    PARENT,
    RESOLVE,
    RESOLVE_RETRY,
    RETRY,
    TIMEOUT,
    UNKNOWN,
)
from pake_pipelines_tests.alerts.harness.corpus_long import STORM
from pake_pipelines_tests.alerts.harness.killing import deaths, play_and_kill
from pake_pipelines_tests.alerts.harness.plants import PLANTS
from pake_pipelines_tests.alerts.harness.play import EVERYWHERE

# how each is caught: by a script alone, with restarts, with two daemons, or with kills
_ALONE = {
    "claim_before_send": RETRY,
    "resolve_on_unknown": UNKNOWN,
    "counter_reset": IN_A_ROW,
    "no_inhibition": PARENT,
    "failed_resolve_dropped": RESOLVE_RETRY,
    "no_idempotency_key": TIMEOUT,
    "clock_believed": CLOCK_BACK,
}
_BY_RESTARTS = {"told_in_memory": RESOLVE}
_BY_TWO_DAEMONS = {"leases_ignored": MERGE, "everybody_evaluates": IN_A_ROW}
_BY_KILLS = {"claim_before_send": RESOLVE, "told_apart": RESOLVE}


@pytest.mark.parametrize(("plant", "script"), _ALONE.items(), ids=_ALONE)
async def test_planted_bug_of_alerts_is_caught_by_a_script(stage, monkeypatch, plant, script):
    PLANTS[plant](monkeypatch)
    with pytest.raises(promises.BrokenPromiseError):
        promises.as_written(await stage.play(script))


async def test_a_storm_catches_missing_inhibition_of_alerts(stage, monkeypatch):
    PLANTS["no_inhibition"](monkeypatch)
    with pytest.raises(promises.BrokenPromiseError):
        promises.as_written(await stage.play(STORM))


@pytest.mark.parametrize(("plant", "script"), _BY_RESTARTS.items(), ids=_BY_RESTARTS)
async def test_planted_bug_of_alerts_is_caught_by_restarts(stage, monkeypatch, plant, script):
    PLANTS[plant](monkeypatch)
    promises.as_written(await stage.play(script))
    with pytest.raises(promises.BrokenPromiseError):
        promises.as_written(await stage.play(script, restarts=EVERYWHERE))


@pytest.mark.parametrize(("plant", "script"), _BY_TWO_DAEMONS.items(), ids=_BY_TWO_DAEMONS)
async def test_planted_bug_of_alerts_is_caught_by_two_daemons(stage, monkeypatch, plant, script):
    PLANTS[plant](monkeypatch)
    promises.as_written(await stage.play(script))
    with pytest.raises(promises.BrokenPromiseError):
        promises.as_written(await stage.play(script, daemons=2))


@pytest.mark.parametrize(("plant", "script"), _BY_KILLS.items(), ids=_BY_KILLS)
async def test_planted_bug_of_alerts_is_caught_by_kills(stage, plant, script):
    for death in await deaths(stage, script):
        played = await play_and_kill(stage, script, death, plant)
        try:
            promises.kept(played, copies=1)
        except promises.BrokenPromiseError:
            return
    pytest.fail(f"{plant} was not noticed")


def test_every_planted_bug_is_looked_for():
    assert {*_ALONE, *_BY_RESTARTS, *_BY_TWO_DAEMONS, *_BY_KILLS} == set(PLANTS)
