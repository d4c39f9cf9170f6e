"""The daemon killed with SIGKILL at every crash point of a script: nothing is lost, at most one message comes twice."""

import pytest

from pake_pipelines_tests.alerts.harness import promises
from pake_pipelines_tests.alerts.harness.corpus import KILLED
from pake_pipelines_tests.alerts.harness.killing import deaths, play_and_kill

pytestmark = pytest.mark.long


@pytest.mark.parametrize("script", KILLED, ids=lambda script: script.name)
async def test_alerts_survive_a_kill_at_every_crash_point(stage, script):
    for death in await deaths(stage, script):
        promises.kept(await play_and_kill(stage, script, death), copies=1)
