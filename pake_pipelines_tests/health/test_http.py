"""An http probe judges the status and a bounded part of the body, and tells of nothing secret."""

import asyncio
import gzip
import tracemalloc

import pytest

from pake_pipelines.config.services import HttpService
from pake_pipelines.health.probes import http
from pake_pipelines.health.probes.http import Body, judge
from pake_pipelines.model.health import HealthStatus
from pake_pipelines_tests.health.conftest import free_port, hangs_up, never_answers, says, serving

HEALTHY, DEGRADED, UNHEALTHY = HealthStatus.HEALTHY, HealthStatus.DEGRADED, HealthStatus.UNHEALTHY
UNKNOWN, NOT_CONFIGURED = HealthStatus.UNKNOWN, HealthStatus.NOT_CONFIGURED


def web(port, **options):
    return HttpService(url=f"http://127.0.0.1:{port}/health", **options)


def answer(status=200, body=b"all is well", headers=b""):
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n%b\r\n%b" % (status, len(body), headers, body)


@pytest.mark.parametrize(
    ("status", "options", "expected", "detail"),
    [
        (200, {}, HEALTHY, "status 200"),
        (204, {}, HEALTHY, "status 204"),
        (302, {}, HEALTHY, "status 302"),
        (399, {}, HEALTHY, "status 399"),
        (400, {}, UNHEALTHY, "status 400"),
        (500, {}, UNHEALTHY, "status 500"),
        (200, {"expect_status": 204}, UNHEALTHY, "status 200, expected 204"),
        (401, {"expect_status": 401}, HEALTHY, "status 401"),
        (200, {"expect_text": "is well"}, HEALTHY, "status 200"),
        (200, {"expect_text": "is ill"}, UNHEALTHY, "status 200 without the expected text"),
        (500, {"expect_text": "is well"}, UNHEALTHY, "status 500"),
    ],
)
async def test_it_is_healthy_below_400_or_as_expected(probed, status, options, expected, detail):
    body = b"" if status == 204 else b"all is well"
    async with serving(says(answer(status, body))) as port:
        sample = await probed(web(port, **options))
    assert (sample.status, sample.detail, sample.http_status) == (expected, detail, status)
    assert sample.response_ms > 0


async def test_a_redirect_is_an_answer_and_is_not_followed(probed):
    asked = []

    async def redirect(reader, writer):
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer(302, b"", b"Location: /elsewhere\r\n"))
        await writer.drain()

    async with serving(redirect) as port:
        sample = await probed(web(port))
    assert (sample.status, len(asked)) == (HEALTHY, 1)
    assert "elsewhere" not in sample.detail


@pytest.mark.parametrize("ends", [True, False], ids=["10 MB", "endless"])
async def test_a_huge_body_is_not_read_further_than_its_bound(probed, ends):
    """Memory stays far below the 10 MB that are offered."""
    sent = 0

    async def huge(reader, writer):
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not ends or sent < 10_000_000:
            writer.write(b"x" * 100_000)
            await writer.drain()
            sent += 100_000

    async with serving(huge) as port:
        await probed(web(port), max_body_bytes=1000)
        tracemalloc.start()
        try:
            plain = await probed(web(port), max_body_bytes=1000)
            looked_for = await probed(web(port, expect_text="all is well"), max_body_bytes=1000)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert plain.status is HEALTHY
    assert plain.detail == "status 200, its body goes on after 1000 bytes and was not read further"
    assert looked_for.status is UNKNOWN
    assert looked_for.detail == "status 200, the expected text is not in the first 1000 bytes of more"
    assert peak < 3_000_000


async def test_a_text_within_the_bound_of_a_longer_body_is_found(probed):
    async with serving(says(answer(body=b"all is well" + b"." * 5000))) as port:
        sample = await probed(web(port, expect_text="all is well"), max_body_bytes=1000)
    assert sample.status is HEALTHY


async def test_endless_headers_end_with_a_clear_state(probed):
    async def headers(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-More: %b\r\n" % (b"x" * 1000))
            await writer.drain()

    async with serving(headers) as port:
        sample = await probed(web(port), timeout_seconds=2)
    assert sample.status is UNHEALTHY


async def test_a_compressed_body_is_not_unpacked(probed):
    bomb = gzip.compress(b"all is well" * 1_000_000)
    async with serving(says(answer(body=bomb, headers=b"Content-Encoding: gzip\r\n"))) as port:
        plain = await probed(web(port))
        looked_for = await probed(web(port, expect_text="all is well"))
    assert plain.status is HEALTHY
    assert (looked_for.status, "compressed" in looked_for.detail) == (UNKNOWN, True)


@pytest.mark.parametrize(
    ("behaviour", "detail"),
    [
        pytest.param(hangs_up, "it closed the connection without an answer", id="hangs up"),
        pytest.param(says(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), "it broke off its answer", id="half"),
        pytest.param(says(b"220 mail.example ESMTP\r\n\r\n"), "its answer is not HTTP", id="no HTTP"),
        pytest.param(never_answers, "no answer within 0.2 s", id="silent"),
        pytest.param(
            says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", then_waits=True),
            "no answer within 0.2 s",
            id="half open",
        ),
    ],
)
async def test_a_service_that_does_not_answer_properly_is_unhealthy(probed, behaviour, detail):
    async with serving(behaviour) as port:
        sample = await probed(web(port, timeout_seconds=0.2))
    assert (sample.status, sample.detail, sample.response_ms) == (UNHEALTHY, detail, None)


async def test_a_port_that_nobody_listens_on_is_unhealthy(probed):
    sample = await probed(web(free_port()))
    assert (sample.status, sample.detail) == (UNHEALTHY, "no connection: connection refused")


async def test_a_host_without_an_address_is_unhealthy(probed):
    sample = await probed(HttpService(url="http://nothing.invalid/"))
    assert sample.status in {UNHEALTHY, UNKNOWN}
    assert sample.detail.startswith(("its host has no address", "its host cannot be looked up"))


async def test_an_encrypted_address_of_a_plain_server_is_unhealthy(probed):
    async def plain(reader, writer):
        await reader.read(1)
        writer.write(answer())
        await writer.drain()

    async with serving(plain) as port:
        sample = await probed(HttpService(url=f"https://127.0.0.1:{port}/"))
    assert sample.status is UNHEALTHY
    assert sample.detail.startswith("no encrypted connection")


async def test_a_slow_answer_is_degraded(probed):
    async def slow(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.1)
        writer.write(answer())
        await writer.drain()

    async with serving(slow) as port:
        sample = await probed(web(port, slow_ms=50))
        in_time = await probed(web(port, slow_ms=5000))
    assert sample.status is DEGRADED
    assert sample.response_ms >= 100
    assert sample.detail == f"status 200, but takes {sample.response_ms:.0f} ms, more than 50 ms"
    assert (sample.http_status, in_time.status) == (200, HEALTHY)


async def test_a_bearer_token_goes_along(probed):
    asked = []

    async def answers(reader, writer):
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer())
        await writer.drain()

    async with serving(answers) as port:
        sample = await probed(web(port, bearer_env="TOKEN"), environ={"TOKEN": "s3cret-token"})
    assert sample.status is HEALTHY
    assert b"Authorization: Bearer s3cret-token\r\n" in asked[0]


@pytest.mark.parametrize("missing", ["ADDRESS", "TOKEN", "OTHER"])
async def test_a_variable_that_is_not_set_means_that_it_is_not_configured(probed, missing):
    service = HttpService(url_env="ADDRESS", bearer_env="TOKEN", requires_env=("OTHER",))
    environ = {"ADDRESS": "http://127.0.0.1:1/", "TOKEN": "t", "OTHER": "o", missing: ""}
    sample = await probed(service, environ=environ)
    assert (sample.status, sample.detail) == (NOT_CONFIGURED, f"not set: {missing}")


SECRETS = ("hook-host", "p4ssw0rd", "tok3n-in-path", "qu3ry")


@pytest.mark.parametrize(
    "address",
    [
        "http://user:p4ssw0rd@hook-host.invalid/tok3n-in-path?key=qu3ry",
        "http://user:p4ssw0rd/tok3n-in-path@hook-host:qu3ry",
        "http://hook-host:tok3n-in-path/qu3ry/p4ssw0rd",
        "ftp://hook-host/p4ssw0rd/tok3n-in-path/qu3ry",
        "hook-host p4ssw0rd tok3n-in-path qu3ry",
        "http:///hook-host/p4ssw0rd/tok3n-in-path?qu3ry",
    ],
)
async def test_an_address_from_a_variable_never_shows(probed, address):
    sample = await probed(HttpService(url_env="ADDRESS"), environ={"ADDRESS": address}, timeout_seconds=3)
    assert sample.status in {UNHEALTHY, UNKNOWN}
    assert not [secret for secret in SECRETS if secret in str(sample)]


async def test_an_error_of_the_probe_itself_is_unknown_with_its_cause(probed, monkeypatch):
    async def broken(service, surroundings):
        raise RuntimeError("our own mistake")

    monkeypatch.setattr(http, "probe", broken)
    sample = await probed(web(1))
    assert (sample.status, sample.detail) == (UNKNOWN, "the probe itself failed: RuntimeError: our own mistake")


async def test_such_an_error_does_not_repeat_what_a_variable_holds(probed, monkeypatch):
    async def broken(service, surroundings):
        raise ValueError("Port could not be cast to integer value as 'p4ss'")

    monkeypatch.setattr(http, "probe", broken)
    sample = await probed(HttpService(url_env="ADDRESS"), environ={"ADDRESS": "http://host:p4ss/w0rd"})
    assert (sample.status, sample.detail) == (UNKNOWN, "the probe itself failed: ValueError")


def test_a_text_is_looked_for_in_the_charset_of_the_body():
    service = HttpService(url="http://a.example/", expect_text="größer")
    body = Body("alles größer".encode("latin-1"), goes_on=False, charset="latin-1")
    assert judge(service, 200, body).status is HEALTHY
    unheard_of = Body("alles größer".encode(), goes_on=False, charset="klingon")
    assert judge(service, 200, unheard_of).status is HEALTHY
