"""What apprise speaks to: asked in a thread that nobody waits for, with an address that nobody sees."""

import asyncio
import logging
import time

import pytest
from aiohttp import web

from pake_pipelines.alerts.channels.opening import open_channel
from pake_pipelines.alerts.channels.protocol import ChannelError
from pake_pipelines.config.alerting import AppriseChannel, LogChannel
from pake_pipelines.settings import Settings
from pake_pipelines_tests.alerts.messages import message, resolve
from pake_pipelines_tests.alerts.post_office import PostOffice, hang


def opened(tmp_path, url):
    return open_channel("it", AppriseChannel(kind="apprise", url_env="URL"), Settings(home=tmp_path), {"URL": url})


async def test_a_message_arrives_with_its_title_text_and_type(tmp_path, site):
    taken = []

    async def take(request):
        taken.append(await request.json())
        return web.Response()

    site.pages["/s3cret"] = take
    for one in (message(), resolve()):
        assert await opened(tmp_path, f"json://127.0.0.1:{site.port}/s3cret").send(one, ()) is None
    assert [(one["title"], one["type"]) for one in taken] == [
        ("PAKE+ Alert [CRITICAL]: redis", "failure"), ("PAKE+ Alert [RESOLVED]: redis", "success"),
    ]  # fmt: skip
    assert "Alert ID: alert-1" in taken[0]["message"]


async def test_a_service_that_does_not_take_it_is_asked_again_and_no_address_is_shown(tmp_path, site, caplog):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ChannelError, match="it answers 404") as raised:
        await opened(tmp_path, f"json://me:s3cret@127.0.0.1:{site.port}/s3cret").send(message(), ())
    assert not raised.value.permanent
    logged = [one.getMessage() for one in caplog.records if one.name != "aiohttp.access"]
    assert "s3cret" not in "".join([str(raised.value), *logged])


@pytest.mark.parametrize("url", ["nonsense", "s3cret://x", "json://"])
async def test_an_address_that_apprise_does_not_understand_is_refused_for_good(url, tmp_path):
    with pytest.raises(ChannelError, match="does not understand") as raised:
        await opened(tmp_path, url).send(message(), ())
    assert raised.value.permanent


def test_a_service_that_hangs_holds_up_neither_the_round_nor_the_end_of_the_loop(database_url, tmp_path, site):
    from pake_pipelines.store.database import open_database

    site.pages["/hangs"] = hang

    async def main():
        channels = {
            "slow": AppriseChannel(kind="apprise", url_env="URL", timeout_seconds=9),
            "log": LogChannel(kind="log"),
        }
        async with open_database(database_url) as database:
            environ = {"URL": f"json://127.0.0.1:{site.port}/hangs?rto=8"}
            office = PostOffice(database, tmp_path, channels, environ)
            await office.put("slow", message())
            await office.put("log", message())
            return await office.deliver(seconds=3)

    started = time.monotonic()
    done = asyncio.run(main())
    assert time.monotonic() - started < 7
    assert (done.channels["log"].sent, done.channels["slow"].put_off) == (1, 1)
