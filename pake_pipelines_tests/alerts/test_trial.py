"""A test message says what would become of any other."""

import pytest

from pake_pipelines.alerts.trial import try_channel
from pake_pipelines.config.alerting import LogChannel, SlackChannel
from pake_pipelines_tests.alerts.post_office import PostOffice, Receiver, hang, hook
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.site import Page


@pytest.fixture
def attempt(database, tmp_path, site):
    channels = {
        "log": LogChannel(kind="log"), "hook": hook(site, timeout_seconds=2), "slack": SlackChannel(kind="slack"),
        "off": LogChannel(kind="log", enabled=False),
    }  # fmt: skip
    office = PostOffice(database, tmp_path, channels)

    async def attempt(name):
        return await try_channel(name, office.config.alerting, office.settings, {}, NOW)

    attempt.office = office
    return attempt


async def test_a_test_message_says_that_it_is_one_and_passes_by_the_outbox(attempt, site):
    site.pages["/hook"] = receiver = Receiver()
    found = await attempt("hook")
    assert (found.state, found.said) == ("sent", "")
    assert (receiver.taken[0]["kind"], receiver.taken[0]["severity"]) == ("test", "info")
    assert await attempt.office.listed() == []
    assert (await attempt("log")).state == "sent"
    assert "nothing is wrong" in attempt.office.logged[0]["title"]


@pytest.mark.parametrize(
    ("page", "state", "said"),
    [(Page(status=404), "refused", "404"), (Page(status=503), "failed", "503"), (hang, "failed", "2 s")],
    ids=["404", "503", "hanging"],
)
async def test_what_goes_wrong_is_said(page, state, said, attempt, site):
    site.pages["/hook"] = page
    found = await attempt("hook")
    assert (found.state, said in found.said) == (state, True)


async def test_what_is_missing_is_said(attempt):
    assert (await attempt("slack")).said == "the environment variable SLACK_WEBHOOK_URL is not set"
    assert (await attempt("off")).state == "not_configured"
    with pytest.raises(KeyError):
        await attempt("nobody")
