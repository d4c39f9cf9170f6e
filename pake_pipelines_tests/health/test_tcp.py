"""A tcp probe connects; what this machine itself lacks says nothing about the service."""

import errno
import resource
import socket
import ssl

import pytest

from pake_pipelines.config.services import TcpService
from pake_pipelines.health.probes import reaching
from pake_pipelines.model.health import HealthStatus
from pake_pipelines_tests.health.conftest import free_port, never_answers, serving


def port(number, **options):
    return TcpService(host="127.0.0.1", port=number, **options)


async def test_a_port_that_accepts_connections_is_healthy(probed):
    async with serving(never_answers) as number:
        sample = await probed(port(number))
    assert (sample.status, sample.detail) == (HealthStatus.HEALTHY, "accepts connections")
    assert sample.response_ms > 0


async def test_a_port_that_refuses_is_unhealthy(probed):
    sample = await probed(port(free_port()))
    assert (sample.status, sample.detail) == (HealthStatus.UNHEALTHY, "no connection: connection refused")


async def test_a_name_with_several_addresses_that_all_refuse_is_unhealthy(probed):
    sample = await probed(TcpService(host="localhost", port=free_port()))
    assert (sample.status, sample.detail) == (HealthStatus.UNHEALTHY, "no connection: connection refused")


async def test_a_port_that_never_accepts_is_unhealthy_after_its_time(probed):
    """Its queue is full: the kernel leaves further connections unanswered."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        number = listening.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", number))
        sample = await probed(port(number, timeout_seconds=0.3))
        for one in waiting:
            one.close()
    assert (sample.status, sample.detail) == (HealthStatus.UNHEALTHY, "no answer within 0.3 s")


async def test_without_a_descriptor_of_our_own_it_is_unknown(probed):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with serving(never_answers) as number:
        with socket.socket() as probe:
            lowest = probe.fileno()
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
        try:
            sample = await probed(port(number))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (sample.status, sample.detail) == (
        HealthStatus.UNKNOWN,
        "cannot be asked from here: too many open files",
    )


UNHEALTHY, UNKNOWN = HealthStatus.UNHEALTHY, HealthStatus.UNKNOWN


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        pytest.param(OSError(errno.ECONNRESET, "x"), UNHEALTHY, "no connection: connection reset by peer", id="reset"),
        pytest.param(OSError(errno.EHOSTUNREACH, "x"), UNHEALTHY, "no connection: no route to host", id="no route"),
        pytest.param(OSError(errno.ENETUNREACH, "x"), UNKNOWN, "network is unreachable", id="no network"),
        pytest.param(OSError(errno.EMFILE, "x"), UNKNOWN, "too many open files", id="no descriptors"),
        pytest.param(TimeoutError(), UNHEALTHY, "no answer in time", id="timeout"),
        pytest.param(OSError("no number"), UNHEALTHY, "no connection: OSError", id="no number"),
        pytest.param(
            OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 1), [Errno 99] x"),
            UNHEALTHY,
            "no connection: connection refused",
            id="several",
        ),
        pytest.param(socket.gaierror(socket.EAI_AGAIN, "Try again"), UNKNOWN, "does not answer", id="no resolver"),
        pytest.param(socket.gaierror(socket.EAI_NONAME, "Not known"), UNHEALTHY, "no address: Not known", id="no name"),
        pytest.param(ssl.SSLError(1, "x"), UNHEALTHY, "no encrypted connection", id="no TLS"),
    ],
)
def test_an_error_is_the_services_unless_this_machine_lacks_something(error, status, detail):
    answer = reaching.failed(error)
    assert answer.status is status
    assert detail in answer.detail
