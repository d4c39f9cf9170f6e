"""Asking one address: HEAD, GET where HEAD may not have been understood, and a name for everything that goes wrong."""

import asyncio
import shutil
import socket
import ssl
import subprocess

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.sources.http.client import open_client
from pake_pipelines.sources.http.probe import probe
from pake_pipelines_tests.site import Page
from pake_pipelines_tests.sources.conftest import manners
from pake_pipelines_tests.sources.http.test_ssrf import Names

QUICK = {"seconds": 5, "max_redirects": 5}


def by_method(asked, **statuses):
    """Return a page that answers each method with its status and notes it in `asked`."""

    async def page(request):
        asked.append(request.method)
        return web.Response(status=statuses[request.method], body=b"x" * 1000)

    return page


class NoNames(Names):
    """A resolver that says of every name what the system's says: `errno` of getaddrinfo."""

    def __init__(self, errno):
        super().__init__()
        self.errno = errno

    async def resolve(self, host, port=0, family=socket.AF_UNSPEC):
        raise socket.gaierror(self.errno, "as it would say")


@pytest.mark.parametrize("status", [200, 201, 204, 206])
async def test_a_success_of_any_kind_takes_one_request(status, client, site):
    asked = []
    site.pages["/"] = by_method(asked, HEAD=status)
    answer = await probe(client, site.url("/"), **QUICK)
    assert (answer.status, answer.trouble, answer.requests, answer.heard, asked) == (status, None, 1, True, ["HEAD"])


@pytest.mark.parametrize("status", [400, 403, 404, 405, 406, 410, 418, 500, 501, 503, 999])
async def test_what_head_is_answered_with_does_not_stand_without_a_get(status, client, site):
    asked = []
    site.pages["/"] = by_method(asked, HEAD=status, GET=200)
    answer = await probe(client, site.url("/"), **QUICK)
    assert (answer.status, answer.trouble, answer.requests, asked) == (200, None, 2, ["HEAD", "GET"])


@pytest.mark.parametrize("status", [403, 404, 410, 451, 500, 502])
async def test_an_unwelcome_status_is_an_answer(status, client, site):
    site.pages["/"] = Page(status=status)
    answer = await probe(client, site.url("/"), **QUICK)
    assert (answer.status, answer.trouble, answer.heard) == (status, None, True)


@pytest.mark.parametrize("status", [401, 451])
async def test_who_is_refused_for_what_he_is_does_not_ask_again(status, client, site):
    asked = []
    site.pages["/"] = by_method(asked, HEAD=status)
    assert (await probe(client, site.url("/"), **QUICK)).status == status
    assert asked == ["HEAD"]


async def test_get_can_come_first(client, site):
    asked = []
    site.pages["/"] = by_method(asked, GET=404)
    answer = await probe(client, site.url("/"), first="GET", **QUICK)
    assert (answer.status, answer.requests, asked) == (404, 1, ["GET"])


async def test_no_body_is_read(client, site):
    sent = []

    async def endless(request):
        answer = web.StreamResponse(status=200 if request.method == "GET" else 405)
        await answer.prepare(request)
        while request.method == "GET" and request.transport and not request.transport.is_closing():
            await answer.write(b"x" * 65536)
            sent.append(65536)
            await asyncio.sleep(0)
        return answer

    site.pages["/"] = endless
    assert (await probe(client, site.url("/"), **QUICK)).status == 200
    assert sum(sent) < 50_000_000


@pytest.mark.parametrize(("status", "headers"), [(429, {}), (429, {"Retry-After": "60"}), (503, {"Retry-After": "9"})])
async def test_a_busy_server_is_not_asked_twice_and_says_when_to_come_back(status, headers, client, site):
    site.pages["/"] = Page(status=status, headers=headers)
    answer = await probe(client, site.url("/"), **QUICK)
    assert (answer.status, answer.trouble, len(site.requests)) == (status, "busy", 1)
    assert answer.retry_at is not None


async def test_a_host_that_is_held_is_not_asked_and_not_heard(client, site):
    site.pages["/"] = Page(status=429, headers={"Retry-After": "3600"})
    await probe(client, site.url("/"), **QUICK)
    answer = await probe(client, site.url("/other"), **QUICK)
    assert (answer.status, answer.trouble, answer.heard, len(site.requests)) == (None, "busy", False, 1)


async def test_redirects_are_followed_to_where_they_end(client, site):
    site.pages |= {
        "/a": Page(status=301, headers={"Location": "b"}),
        "/b": Page(status=302, headers={"Location": "/c#part"}),
        "/c": Page(b"x"),
    }
    answer = await probe(client, site.url("/a"), **QUICK)
    assert (answer.status, answer.landed, answer.requests) == (200, site.url("/c"), 3)


async def test_a_redirect_to_nothing_is_nothing(client, site):
    site.pages["/a"] = Page(status=301, headers={"Location": "/gone"})
    answer = await probe(client, site.url("/a"), **QUICK)
    assert (answer.status, answer.trouble, answer.requests) == (404, None, 4)


async def test_a_circle_of_redirects_ends(client, site):
    site.pages |= {
        "/a": Page(status=302, headers={"Location": "/b"}),
        "/b": Page(status=302, headers={"Location": "/a"}),
    }
    answer = await probe(client, site.url("/a"), **QUICK)
    assert (answer.status, answer.trouble, len(site.requests)) == (None, "redirects", 2)


async def test_redirects_without_end_end(client, site):
    site.pages |= {f"/{n}": Page(status=302, headers={"Location": f"/{n + 1}"}) for n in range(20)}
    answer = await probe(client, site.url("/0"), **QUICK)
    assert (answer.trouble, len(site.requests)) == ("redirects", 6)


@pytest.mark.parametrize("target", ["http://10.0.0.1/", "http://localhost/", "http://[::1]/", "file:///etc/passwd"])
async def test_a_redirect_out_of_the_public_web_is_refused(target, client, site):
    site.pages["/"] = Page(status=302, headers={"Location": target})
    answer = await probe(client, site.url("/"), **QUICK)
    assert (answer.status, answer.trouble, len(site.requests)) == (None, "refused", 1)


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://192.168.0.1/x", "http://[::1]/", "http://a.org:22/",
                                 "http://me:s3cret@a.org/", "ftp://a.org/"])  # fmt: skip
async def test_what_the_guard_refuses_is_not_asked(url, guarded):
    answer = await probe(guarded, url, **QUICK)
    assert (answer.status, answer.trouble, answer.heard) == (None, "refused", False)
    assert "s3cret" not in answer.said


async def test_a_name_that_leads_into_a_private_network_is_refused(site):
    async with open_client(manners(allow_private_hosts=()), resolver=Names(inside_a_org=["10.0.0.1"])) as client:
        answer = await probe(client, "http://inside.a.org/", **QUICK)
    assert (answer.status, answer.trouble) == (None, "refused")


@pytest.mark.parametrize(("errno", "trouble"), [(socket.EAI_NONAME, "unknown_name"), (socket.EAI_AGAIN, "unreachable")])
async def test_a_name_that_nobody_knows_is_told_from_one_that_could_not_be_looked_up(errno, trouble):
    async with open_client(manners(), resolver=NoNames(errno)) as client:
        answer = await probe(client, "http://lost.a.org/", **QUICK)
    assert (answer.status, answer.trouble, answer.heard) == (None, trouble, False)


async def test_a_closed_port_is_unreachable(client):
    answer = await probe(client, "http://127.0.0.1:9/", **QUICK)
    assert (answer.status, answer.trouble, answer.heard) == (None, "unreachable", False)


async def test_who_hangs_up_on_head_is_asked_by_get(client, site):
    async def shy(request):
        if request.method == "HEAD":
            request.transport.abort()
        return web.Response(body=b"x")

    site.pages["/"] = shy
    assert (await probe(client, site.url("/"), **QUICK)).status == 200


async def test_silence_is_a_timeout_and_asked_once(client, site):
    async def silent(request):
        await asyncio.sleep(5)

    site.pages["/"] = silent
    answer = await probe(client, site.url("/"), seconds=0.2, max_redirects=5)
    assert (answer.status, answer.trouble, len(site.requests)) == (None, "timeout", 1)


async def test_all_redirects_share_one_time(client, site):
    async def slow(request):
        await asyncio.sleep(0.15)
        return web.Response(status=302, headers={"Location": f"/{int(request.path[1:]) + 1}"})

    site.pages |= {f"/{n}": slow for n in range(6)}
    answer = await probe(client, site.url("/0"), seconds=0.4, max_redirects=5)
    assert (answer.trouble, answer.heard, len(site.requests)) == ("timeout", True, 3)


async def test_what_is_no_http_is_malformed():
    async def gibberish(reader, writer):
        writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(gibberish, "127.0.0.1", 0) as server, open_client(manners()) as client:
        answer = await probe(client, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", **QUICK)
    assert (answer.status, answer.trouble, answer.heard) == (None, "malformed", True)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
async def test_a_certificate_that_nobody_vouches_for_is_named(client, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
         "-subj", "/CN=feed.example", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    async with await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0, ssl=context) as server:
        answer = await probe(client, f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/", **QUICK)
    assert (answer.status, answer.trouble, answer.heard) == (None, "insecure", True)
    assert "certificate" in answer.said


async def _probed(url):
    async with open_client(manners(allow_private_hosts=()), resolver=Names()) as client:
        return await probe(client, url, **QUICK)


odd_hosts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    [
        "a" * 300 + ".org",
        "xn--.org",
        "xn--a-.org",
        "\u00e4" * 80 + ".org",
        "a..org",
        ".org",
        "[",
        "[::1",
        "a.org:99999",
        "%",
    ]
)


@given(odd_hosts, st.text(max_size=20))
def test_no_address_whatever_raises_anything(host, rest):
    answer = asyncio.run(_probed(f"http://{host}/{rest}"))
    assert answer.status is None
    assert answer.trouble in {"refused", "unreachable", "unknown_name"}
