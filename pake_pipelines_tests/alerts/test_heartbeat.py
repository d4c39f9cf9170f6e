"""The ping of the dead-man's switch: at its rhythm, bounded, and never in the way of anything."""

import logging
import time
from datetime import timedelta

import pytest

from pake_pipelines.alerts.heartbeat import NAME, beat
from pake_pipelines.config.alerting import Heartbeat
from pake_pipelines.config.loading import load_monitoring
from pake_pipelines.store import monitor_ticks
from pake_pipelines_tests.alerts.post_office import break_off, hang
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.site import Page


@pytest.fixture
def ping(database, tmp_path, site):
    config = load_monitoring(tmp_path)

    async def ping(now=NOW, environ=None, **changes):
        heartbeat = Heartbeat(**{"allow_private": True, "timeout_seconds": 0.5} | changes)
        alerting = config.alerting.model_copy(update={"heartbeat": heartbeat})
        given = {"PAKE_HEARTBEAT_URL": site.url("/ping/s3cret")} if environ is None else environ
        return await beat(database, config.model_copy(update={"alerting": alerting}), given, lambda: now)

    return ping


async def memory(database):
    async with database.connection() as connection:
        return await monitor_ticks.read(connection, NAME)


async def test_a_ping_goes_out_once_in_its_time(ping, site, database):
    site.pages["/ping/s3cret"] = Page(b"OK")
    states = [(await ping(NOW + timedelta(seconds=seconds))).state for seconds in (0, 30, 59, 60, 90, 125)]
    assert states == ["sent", "early", "early", "sent", "early", "sent"]
    assert len(site.requests) == 3
    assert (await memory(database)).memory == {"error": None}


@pytest.mark.parametrize("environ", [{}, {"PAKE_HEARTBEAT_URL": " "}])
async def test_without_its_variable_it_is_off_and_leaves_no_trace(environ, ping, site, database):
    assert (await ping(environ=environ)).state == "off"
    assert await memory(database) is None


@pytest.mark.parametrize(
    ("page", "said"),
    [(Page(status=500), "500"), (Page(status=404), "404"), (hang, "0.5 s"), (break_off, ""),
     (Page(status=302, headers={"Location": "/"}), "redirects")],
    ids=["500", "404", "hanging", "closed", "redirect"],
)  # fmt: skip
async def test_a_ping_that_fails_is_told_and_raises_nothing(page, said, ping, site, database, caplog):
    caplog.set_level(logging.DEBUG)
    site.pages["/ping/s3cret"] = page
    started = time.monotonic()
    found = await ping()
    assert time.monotonic() - started < 10
    assert (found.state, said in found.error) == ("failed", True)
    assert (await memory(database)).memory == {"error": found.error}
    logged = [one.getMessage() for one in caplog.records if one.name != "aiohttp.access"]
    assert "s3cret" not in found.error + "".join(logged)
    site.pages["/ping/s3cret"] = Page(status=204)
    assert (await ping(NOW + timedelta(seconds=60))).state == "sent"


async def test_a_clock_that_is_set_back_does_not_stop_it(ping, site):
    site.pages["/ping/s3cret"] = Page(b"OK")
    await ping()
    assert (await ping(NOW - timedelta(days=1))).state == "sent"


@pytest.mark.parametrize("url", ["no address", "http://127.0.0.1:1/x"])
async def test_an_address_that_may_not_be_asked_is_told(url, ping):
    found = await ping(environ={"PAKE_HEARTBEAT_URL": url}, allow_private=False)
    assert found.state == "failed"
