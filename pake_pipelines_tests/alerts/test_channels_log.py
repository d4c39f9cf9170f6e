"""The log: a whole line of JSON per message, also with several writers, and never half of one."""

import asyncio
import json
import logging
import resource
import subprocess
import sys

import pytest

from pake_pipelines.alerts.channels.log import Log
from pake_pipelines.alerts.channels.protocol import ChannelError
from pake_pipelines_tests.alerts.messages import message, resolve

WRITER = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from pake_pipelines.alerts.channels.log import Log
from pake_pipelines.model.alert import Message, MessageKind, Severity
async def main():
    for number in range(10):
        key, now = f"{sys.argv[2]}-{number}", datetime.now(UTC)
        said = Message(key, MessageKind.TEST, "g", "t", Severity.INFO, now, body="x" * 20_000)
        await Log(Path(sys.argv[1])).send(said, ())
asyncio.run(main())
"""


async def test_a_message_is_a_line_of_json_and_a_line_of_the_sensors_log(tmp_path, caplog):
    caplog.set_level(logging.INFO, "pake_pipelines.alerts")
    log = Log(tmp_path / "logs" / "alerts.jsonl")
    await log.send(message(body="two\nlines"), ())
    await log.send(resolve(), ())
    fire, over = map(json.loads, (tmp_path / "logs" / "alerts.jsonl").read_text().splitlines())
    assert (fire["key"], fire["firing"][0]["alert_id"], over["kind"]) == ("fire-1", "alert-1", "resolve")
    assert [(one.levelname, one.message) for one in caplog.records] == [
        ("CRITICAL", "PAKE+ Alert [CRITICAL]: redis: redis is down"),
        ("INFO", "PAKE+ Alert [RESOLVED]: redis: redis is down"),
    ]
    assert (tmp_path / "logs" / "alerts.jsonl").stat().st_mode & 0o777 == 0o600


def test_writers_at_the_same_time_do_not_mix_their_lines(tmp_path):
    path = tmp_path / "alerts.jsonl"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, path, name]) for name in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    keys = [json.loads(line)["key"] for line in path.read_text().splitlines()]
    assert sorted(keys) == sorted(f"{name}-{number}" for name in "ab" for number in range(10))


async def test_a_line_that_does_not_fit_leaves_no_half_and_is_told(tmp_path):
    path = tmp_path / "alerts.jsonl"
    await Log(path).send(message(), ())
    whole = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 100, limits[1]))
    try:
        with pytest.raises(ChannelError) as raised:
            await Log(path).send(message("fire-2"), ())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not raised.value.permanent
    assert path.read_bytes() == whole


async def test_a_place_that_cannot_be_written_to_is_tried_again(tmp_path):
    (tmp_path / "logs").write_text("a file")
    with pytest.raises(ChannelError, match="logs") as raised:
        await asyncio.wait_for(Log(tmp_path / "logs" / "alerts.jsonl").send(message(), ()), 5)
    assert not raised.value.permanent
