"""Scripts played undisturbed: exactly the messages that are written there, each in its time."""

import pytest

from pake_pipelines_tests.alerts.harness import promises
from pake_pipelines_tests.alerts.harness.corpus import SHORT
from pake_pipelines_tests.alerts.harness.corpus_long import DAY_WITHOUT_CHANNEL, FLAPPING, STORM


@pytest.mark.parametrize("script", [*SHORT, STORM, DAY_WITHOUT_CHANNEL], ids=lambda script: script.name)
async def test_alert_script(stage, script):
    promises.as_written(await stage.play(script))


@pytest.mark.parametrize("script", SHORT, ids=lambda script: script.name)
async def test_alert_script_with_two_daemons_at_once_tells_the_same(stage, script):
    promises.as_written(await stage.play(script, daemons=2))


@pytest.mark.parametrize("script", SHORT, ids=lambda script: script.name)
async def test_two_daemons_whose_clocks_are_apart_tell_every_alert_once(stage, script):
    promises.kept(await stage.play(script, daemons=2, apart=1), copies=script.duplicates)


async def test_alerts_of_a_service_that_alternates_every_minute_for_hours_are_at_most_four_messages(stage):
    played = await stage.play(FLAPPING, restarts=range(97, 1_000_000, 97))
    assert 2 <= len(played.received) <= 4
    assert played.received[0].kind == "fire"
    assert played.received[-1].kind == "resolve"
