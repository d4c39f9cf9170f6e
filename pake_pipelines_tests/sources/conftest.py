"""What the tests of this room share: a client that may speak to loopback, and one that may not."""

import pytest

from pake_pipelines.config.manners import Http
from pake_pipelines.sources.http.client import open_client

BRISK = {"requests_per_minute": 60_000, "burst": 1000}


def manners(**changes):
    usual = {
        "user_agent": "test", "connect_seconds": 5, "read_seconds": 5, "total_seconds": 10, "max_bytes": 1_000_000,
        "max_redirects": 5, "attempts": 1, "ports": (80, 443), "allow_private_hosts": ("127.0.0.1",), "rate": BRISK,
        "rates": {},
    }  # fmt: skip
    return Http(**usual | changes)


@pytest.fixture
async def client():
    async with open_client(manners()) as opened:
        yield opened


@pytest.fixture
async def guarded():
    async with open_client(manners(allow_private_hosts=())) as opened:
        yield opened
