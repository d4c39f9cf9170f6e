"""The one way out: polite, bounded in time and size, and honest about what went wrong."""

import asyncio
import gzip
import shutil
import ssl
import subprocess
import tracemalloc
import zlib

import pytest
from aiohttp import web

from pake_pipelines.sources.http import open_client
from pake_pipelines.sources.protocol import SourceError
from pake_pipelines_tests.site import Page
from pake_pipelines_tests.sources.conftest import manners


async def refused(client, url):
    with pytest.raises(SourceError) as raised:
        await client.get(url)
    return raised.value


async def test_validators_of_any_form_go_back_as_they_came(client, site):
    etag, modified = 'W/"a,b \\"c', "not even a date"
    site.pages["/"] = Page(b"body", headers={"ETag": etag, "Last-Modified": modified})
    first = await client.get(site.url("/"))
    again = await client.get(site.url("/"), etag=first.etag, last_modified=first.last_modified)
    assert (first.status, first.body, first.etag, first.last_modified) == (200, b"body", etag, modified)
    assert (again.status, again.body) == (304, b"")


async def test_a_request_says_who_asks_and_nothing_else_of_us(client, site, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    site.pages["/"] = Page(b"body", headers={"Set-Cookie": "seen=1"})
    await client.get(site.url("/"))
    await client.get(site.url("/"))
    asked = site.asked("/")
    assert set(asked[1]) <= {"Host", "User-Agent", "Accept-Encoding", "Accept", "Connection"}
    assert asked[1]["User-Agent"] == "test"


async def test_a_proxy_named_by_the_environment_is_not_used(site, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    site.pages["/"] = Page(b"body")
    async with open_client(manners()) as client:
        assert (await client.get(site.url("/"))).body == b"body"


async def test_five_redirects_are_followed_and_relative_ones_too(client, site):
    site.pages |= {
        f"/{n}": Page(status=code, headers={"Location": f"{n + 1}"}) for n, code in enumerate((301, 302, 303, 307, 308))
    }
    site.pages["/5"] = Page(b"end")
    answer = await client.get(site.url("/0"))
    assert (answer.body, answer.url) == (b"end", site.url("/5"))


async def test_a_sixth_redirect_is_refused(client, site):
    site.pages |= {f"/{n}": Page(status=302, headers={"Location": f"/{n + 1}"}) for n in range(6)}
    error = await refused(client, site.url("/0"))
    assert (error.kind, "more than 5 redirects" in str(error)) == ("refused", True)


async def test_a_redirect_loop_ends(client, site):
    site.pages["/"] = Page(status=302, headers={"Location": "/"})
    assert (await refused(client, site.url("/"))).kind == "refused"
    assert len(site.requests) == 6


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://feed.example/", "gopher://x/", "data:,x"])
async def test_a_redirect_to_anything_but_the_web_is_refused(target, client, site):
    site.pages["/"] = Page(status=302, headers={"Location": target})
    assert (await refused(client, site.url("/"))).kind == "refused"


async def test_credentials_that_a_redirect_brings_along_are_not_used(client, site):
    site.pages |= {
        "/": Page(status=302, headers={"Location": f"http://me:s3cret@127.0.0.1:{site.port}/end"}),
        "/end": Page(b"x"),
    }
    error = await refused(client, site.url("/"))
    assert error.kind == "refused"
    assert "s3cret" not in str(error)
    assert site.asked("/end") == []


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"x" * 1_000_001, None),
        (gzip.compress(b"\0" * 300_000_000, 9), "gzip"),
        (zlib.compress(b"\0" * 50_000_000, 9), "deflate"),
    ],
    ids=["plain", "gzip bomb", "deflate bomb"],
)
async def test_a_body_is_cut_off_at_the_limit_after_decompression(body, encoding, client, site):
    site.pages["/"] = Page(body, headers={"Content-Encoding": encoding} if encoding else {})
    tracemalloc.start()
    try:
        error = await refused(client, site.url("/"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (error.kind, "larger than 1000000 bytes" in str(error)) == ("too_large", True)
    assert peak < 100_000_000


async def test_a_compressed_body_within_the_limit_is_read(client, site):
    site.pages["/"] = Page(gzip.compress(b"y" * 900_000), headers={"Content-Encoding": "gzip"})
    assert len((await client.get(site.url("/"))).body) == 900_000


async def test_a_body_that_is_not_what_its_encoding_says_is_unreachable(client, site):
    site.pages["/"] = Page(b"plain", headers={"Content-Encoding": "gzip"})
    assert (await refused(client, site.url("/"))).kind == "unreachable"


async def test_a_server_that_never_ends_runs_into_the_timeout(site):
    async def drip(request):
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b".")
            await asyncio.sleep(0.05)

    site.pages["/"] = drip
    async with open_client(manners(total_seconds=0.5)) as client:
        error = await refused(client, site.url("/"))
    assert (error.kind, "within 0.5 s" in str(error)) == ("timeout", True)


@pytest.mark.parametrize(("status", "asked"), [(404, 1), (403, 1), (410, 1), (200, 1), (500, 2), (503, 2), (429, 2)])
async def test_only_a_fault_that_may_pass_is_tried_again(status, asked, site):
    site.pages["/"] = Page(status=status)
    async with open_client(manners(attempts=2)) as client:
        if status == 200:
            await client.get(site.url("/"))
        else:
            error = await refused(client, site.url("/"))
            assert (error.kind, str(status) in str(error)) == ("http_status", True)
    assert len(site.requests) == asked


async def test_a_second_attempt_that_succeeds_is_a_success(site):
    async def once_broken(request):
        return web.Response(status=500 if len(site.requests) == 1 else 200, body=b"well")

    site.pages["/"] = once_broken
    async with open_client(manners(attempts=2)) as client:
        assert (await client.get(site.url("/"))).body == b"well"


async def test_a_closed_port_is_unreachable_and_named(client):
    error = await refused(client, "http://127.0.0.1:9/feed")
    assert (error.kind, "http://127.0.0.1:9/feed" in str(error)) == ("unreachable", True)


async def test_a_name_that_nobody_knows_is_unreachable(client):
    assert (await refused(client, "http://no-such-host.invalid/")).kind == "unreachable"


async def test_a_server_that_does_not_speak_http_is_unreachable(client):
    async def babble(reader, writer):
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert (await refused(client, f"http://127.0.0.1:{port}/")).kind == "unreachable"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
async def test_a_certificate_that_nobody_vouches_for_is_refused_with_the_cause(client, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
         "-subj", "/CN=feed.example", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    async with await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0, ssl=context) as server:
        error = await refused(client, f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert error.kind == "unreachable"
    assert "certificate" in str(error)
