"""A sender that is killed at any point loses nothing, and sends at most one message twice, with the same key."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines.crash import VARIABLE, CrashPoint
from pake_pipelines_tests.alerts.messages import message, resolve
from pake_pipelines_tests.alerts.post_office import PostOffice, Receiver, hook

POINTS = [point for point in CrashPoint if point.startswith("delivery.")]


@pytest.mark.parametrize("point", POINTS)
async def test_a_killed_sender_loses_nothing_and_doubles_at_most_one(point, database, database_url, tmp_path, site):
    receiver = site.pages["/hook"] = Receiver()
    office = PostOffice(database, tmp_path, {"hook": hook(site)})
    office.now = datetime.now(UTC)
    await office.put("hook", message(), resolve(), message("other", group="other"))
    command = [sys.executable, "-m", "pake_pipelines_tests.alerts.sender", database_url, tmp_path, site.url("/hook")]
    died = await asyncio.to_thread(subprocess.run, command, env={**os.environ, VARIABLE: point}, timeout=60)
    assert died.returncode == -signal.SIGKILL
    assert receiver.keys == ([] if point is CrashPoint.DELIVERY_CLAIMED else ["fire-1"])
    office.now = datetime.now(UTC)
    await office.deliver()
    assert ("resolve-1" in receiver.keys) == (point is CrashPoint.DELIVERY_MARKED), "it waits for its fire"
    office.now += timedelta(seconds=61)
    await office.deliver()
    expected = Counter(["fire-1", "resolve-1", "other"])
    twice = Counter(receiver.keys) - expected
    assert not expected - Counter(receiver.keys)
    assert twice == (Counter(["fire-1"]) if point is CrashPoint.DELIVERY_SENT else Counter())
    keys = [headers["Idempotency-Key"] for headers in receiver.headers]
    assert keys == receiver.keys
    assert receiver.keys.index("resolve-1") > max(n for n, key in enumerate(receiver.keys) if key == "fire-1")
