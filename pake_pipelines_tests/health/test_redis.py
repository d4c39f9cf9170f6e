"""A redis probe sends PING and INFO; a server that is not one, or keeps silent, is told apart."""

import asyncio
import threading

import pytest
from fakeredis import TcpFakeServer

from pake_pipelines.config.services import RedisService
from pake_pipelines.health.probes.redis import facts_of
from pake_pipelines.model.health import HealthStatus
from pake_pipelines_tests.health.conftest import free_port, hangs_up, never_answers, serving

HEALTHY, DEGRADED, UNHEALTHY = HealthStatus.HEALTHY, HealthStatus.DEGRADED, HealthStatus.UNHEALTHY

INFO = (
    b"# Server\r\nredis_version:7.4.1\r\nuptime_in_seconds:86400\r\n# Clients\r\nconnected_clients:3\r\n"
    b"# Memory\r\nused_memory_human:1.50M\r\n# Stats\r\ntotal_commands_processed:1234\r\n"
)


def redis(port, **options):
    return RedisService(host="127.0.0.1", port=port, **options)


def speaks(pong, info=None):
    """Return a server of the Redis protocol with these answers to PING and INFO."""

    async def answer(reader, writer):
        while line := await reader.readline():
            words = []
            for _ in range(int(line[1:])):
                length = int((await reader.readline())[1:])
                words.append((await reader.readexactly(length + 2))[:-2].upper())
            writer.write({b"PING": pong, b"INFO": info}.get(words[0], b"+OK\r\n"))
            await writer.drain()

    return answer


async def test_a_server_that_answers_is_healthy_and_tells_of_itself(probed):
    async with serving(speaks(b"+PONG\r\n", b"$%d\r\n%b\r\n" % (len(INFO), INFO))) as port:
        sample = await probed(redis(port))
    assert (sample.status, sample.detail) == (HEALTHY, "answers PING")
    assert sample.response_ms > 0
    assert sample.facts == {
        "version": "7.4.1",
        "memory_usage": "1.50M",
        "connected_clients": 3,
        "total_commands_processed": 1234,
        "uptime_seconds": 86400,
    }


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_it_speaks_with_an_implementation_that_is_not_ours(probed):
    server = TcpFakeServer(("127.0.0.1", 0), server_type="redis")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        sample = await probed(redis(server.server_address[1]))
        by_address = await probed(
            RedisService(url_env="CACHE"), environ={"CACHE": f"redis://127.0.0.1:{server.server_address[1]}/0"}
        )
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()
    assert (sample.status, by_address.status) == (HEALTHY, HEALTHY)


@pytest.mark.parametrize(
    ("behaviour", "status", "detail"),
    [
        pytest.param(speaks(b"-NOAUTH Authentication required.\r\n"), UNHEALTHY, "it refuses us", id="password"),
        pytest.param(speaks(b"-LOADING Redis is loading the dataset in memory\r\n"), DEGRADED, "memory", id="loading"),
        pytest.param(speaks(b"+PONG\r\n", b"-NOPERM no permissions\r\n"), HEALTHY, "tells nothing", id="no INFO"),
        pytest.param(speaks(b"+PANG\r\n"), UNHEALTHY, "something else", id="PANG"),
        pytest.param(speaks(b"$10000000\r\n" + b"x" * 10_000_000 + b"\r\n"), UNHEALTHY, "65536 bytes", id="10 MB"),
        pytest.param(speaks(b"$%d\r\n" % 10**12), UNHEALTHY, "65536 bytes", id="says that it sends a terabyte"),
        pytest.param(speaks(b"+" + b"x" * 10_000_000), UNHEALTHY, "65536 bytes", id="an endless line"),
        pytest.param(speaks(b"*%d\r\n" % 10**9 + b"+x\r\n" * 100_000), UNHEALTHY, "65536 bytes", id="endless list"),
        pytest.param(speaks(b"+PONG\r\n", b"$%d\r\n" % 10**12), UNHEALTHY, "65536 bytes", id="endless INFO"),
        pytest.param(speaks(b"HTTP/1.1 400 Bad Request\r\n\r\n"), UNHEALTHY, "not Redis's", id="web server"),
        pytest.param(hangs_up, UNHEALTHY, "it closed the connection", id="hangs up"),
        pytest.param(never_answers, UNHEALTHY, "no answer", id="silent"),
    ],
)
async def test_every_other_answer_has_a_clear_state(probed, behaviour, status, detail):
    async with serving(behaviour) as port:
        sample = await probed(redis(port, timeout_seconds=1 if behaviour is not never_answers else 0.2))
    assert (sample.status, detail in sample.detail) == (status, True), sample.detail


async def test_a_port_that_refuses_is_unhealthy(probed):
    sample = await probed(redis(free_port()))
    assert (sample.status, sample.detail) == (UNHEALTHY, "no connection: connection refused")


@pytest.mark.parametrize(
    "address",
    ["rediss://default:p4ssw0rd@cache-host.invalid:6379", "cache-host p4ssw0rd", "redis://cache-host:p4ssw0rd/1"],
)
async def test_an_address_from_a_variable_never_shows(probed, address):
    sample = await probed(RedisService(url_env="CACHE"), environ={"CACHE": address}, timeout_seconds=3)
    assert sample.status in {UNHEALTHY, HealthStatus.UNKNOWN}
    assert "cache-host" not in str(sample)
    assert "p4ssw0rd" not in str(sample)


def test_facts_that_a_server_does_not_tell_are_left_out():
    assert facts_of({"connected_clients": 1, "used_memory_human": ["odd"]}) == {"connected_clients": 1}
