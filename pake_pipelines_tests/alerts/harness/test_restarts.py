"""A restart between any two steps of a script: nothing but PostgreSQL knows anything, and nobody sees a difference."""

import pytest

from pake_pipelines_tests.alerts.harness import promises
from pake_pipelines_tests.alerts.harness.corpus import RESOLVE, SHORT
from pake_pipelines_tests.alerts.harness.corpus_long import DAY_WITHOUT_CHANNEL, STORM
from pake_pipelines_tests.alerts.harness.daemon import beats
from pake_pipelines_tests.alerts.harness.play import EVERYWHERE

# a process lives for so many steps: every place between two steps is a cut of one of as many plays
_STEPS_OF_A_LIFE = 2


@pytest.mark.parametrize("script", SHORT, ids=lambda script: script.name)
async def test_alert_script_with_a_restart_between_any_two_steps_tells_the_same(stage, script):
    for first in range(_STEPS_OF_A_LIFE):
        promises.as_written(await stage.play(script, restarts=EVERYWHERE[first::_STEPS_OF_A_LIFE]))


async def test_alert_script_with_one_restart_only_tells_the_same_wherever_it_is(stage):
    for cut in range(1, len(list(beats(RESOLVE)))):
        promises.as_written(await stage.play(RESOLVE, restarts={cut}))


@pytest.mark.parametrize("script", [*SHORT, STORM, DAY_WITHOUT_CHANNEL], ids=lambda script: script.name)
async def test_alert_script_with_a_restart_between_all_steps_tells_the_same(stage, script):
    promises.as_written(await stage.play(script, restarts=EVERYWHERE))
