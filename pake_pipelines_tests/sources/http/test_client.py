"""The one way out: polite, bounded in time and size, and honest about what went wrong."""

import asyncio
import gzip
import shutil
import ssl
import subprocess
from base64 import b64decode
from datetime import UTC, datetime, timedelta

import brotli
import pytest
from aiohttp import web

from pake_pipelines.sources.http.client import open_client
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
    asked = site.asked("/")
    assert (asked[1]["If-None-Match"], asked[1]["If-Modified-Since"]) == (etag, modified)
    assert not {"If-None-Match", "If-Modified-Since"} & set(asked[0])


async def test_an_unchanged_page_keeps_the_validators_that_it_does_not_renew(client, site):
    async def unchanged(request):
        return web.Response(status=304, headers={"Last-Modified": "newer", "Cache-Control": "max-age=600"})

    site.pages["/"] = unchanged
    answer = await client.get(site.url("/"), etag='"1"', last_modified="older")
    assert (answer.etag, answer.last_modified) == ('"1"', "newer")
    assert answer.fresh_until == answer.received_at + timedelta(minutes=10)


async def test_headers_are_found_in_any_case_and_repeated_lists_are_joined(client, site):
    async def repeated(request):
        answer = web.Response(body=b"x")
        answer.headers.extend(
            [("Cache-Control", "public"), ("cache-control", "max-age=60"), ("X-Rate", "7"), ("X-Rate", "8")]
        )
        return answer

    site.pages["/"] = repeated
    answer = await client.get(site.url("/"))
    assert (answer.headers["x-rate"], answer.headers["CACHE-CONTROL"]) == ("7", "public, max-age=60")
    assert answer.fresh_until == answer.received_at + timedelta(minutes=1)


async def test_headers_of_our_own_stay_with_the_server_they_are_meant_for(site):
    other = f"http://localhost:{site.port}"
    site.pages |= {
        "/a": Page(status=302, headers={"Location": "/b"}),
        "/b": Page(status=302, headers={"Location": f"{other}/c"}),
        "/c": Page(status=302, headers={"Location": site.url("/d")}),
        "/d": Page(b"end"),
    }
    async with open_client(manners(allow_private_hosts=("127.0.0.1", "localhost"))) as client:
        await client.get(site.url("/a"), headers={"Authorization": "Bearer s3cret"})
    assert [(path, headers.get("Authorization")) for path, headers in site.requests] == [
        ("/a", "Bearer s3cret"), ("/b", "Bearer s3cret"), ("/c", None), ("/d", None),
    ]  # fmt: skip


async def test_a_form_is_posted_once_with_its_credentials(client, site):
    posted = []

    async def token(request):
        posted.append((request.method, dict(await request.post()), request.headers["Authorization"]))
        return web.json_response({"access_token": "t"})

    site.pages["/token"] = token
    answer = await client.post_form(site.url("/token"), {"grant_type": "client_credentials"}, auth=("me", "sé:cret"))
    assert answer.body == b'{"access_token": "t"}'
    [(method, fields, authorization)] = posted
    assert (method, fields) == ("POST", {"grant_type": "client_credentials"})
    assert b64decode(authorization.removeprefix("Basic ")).decode() == "me:sé:cret"


async def test_a_form_is_neither_repeated_nor_sent_on(site):
    site.pages |= {"/moved": Page(status=307, headers={"Location": "/token"}), "/broken": Page(status=500)}
    async with open_client(manners(attempts=3)) as client:
        for path, kind in (("/moved", "refused"), ("/broken", "http_status")):
            with pytest.raises(SourceError) as raised:
                await client.post_form(site.url(path), {"password": "s3cret"}, auth=("me", "s3cret"))
            assert (raised.value.kind, "s3cret" in str(raised.value)) == (kind, False)
    assert [path for path, _ in site.requests] == ["/moved", "/broken"]


async def test_a_busy_server_says_when_to_come_back_and_is_left_alone_until_then(site):
    site.pages |= {
        "/": Page(status=429, headers={"Retry-After": "3600"}),
        "/other": Page(b"x"),
    }
    async with open_client(manners(attempts=3)) as client:
        first = await refused(client, site.url("/"))
        second = await refused(client, site.url("/other"))
    assert (first.kind, first.status, first.transient) == ("busy", 429, True)
    assert timedelta(minutes=59) < first.retry_at - datetime.now(UTC) <= timedelta(hours=1)
    assert (second.kind, second.retry_at, second.transient) == ("busy", first.retry_at, True)
    assert len(site.requests) == 1


async def test_an_overloaded_server_that_names_a_time_is_not_asked_again(site):
    site.pages["/"] = Page(status=503, headers={"Retry-After": "120"})
    async with open_client(manners(attempts=3)) as client:
        error = await refused(client, site.url("/"))
    assert (error.kind, error.status, len(site.requests)) == ("busy", 503, 1)


async def test_a_reader_can_have_a_host_left_alone(client, site):
    site.pages["/"] = Page(b"x")
    until = datetime.now(UTC) + timedelta(hours=1)
    await client.hold(site.url("/any"), until)
    error = await refused(client, site.url("/"))
    assert (error.kind, error.retry_at, site.requests) == ("busy", until, [])


async def test_requests_to_one_host_never_overlap_and_those_to_several_do(site):
    under_way, most = {"127.0.0.1": 0, "localhost": 0}, {"127.0.0.1": 0, "localhost": 0, "both": 0}

    async def counted(request):
        host = request.host.partition(":")[0]
        under_way[host] += 1
        most[host] = max(most[host], under_way[host])
        most["both"] = max(most["both"], sum(under_way.values()))
        await asyncio.sleep(0.02)
        under_way[host] -= 1
        return web.Response(body=b"x")

    site.pages["/"] = counted
    async with open_client(manners(allow_private_hosts=tuple(under_way))) as client:
        await asyncio.gather(*(client.get(site.url("/", host)) for host in under_way for _ in range(4)))
    assert most == {"127.0.0.1": 1, "localhost": 1, "both": 2}


async def test_waiting_for_a_turn_does_not_count_against_the_deadline(site):
    async def slow(request):
        await asyncio.sleep(0.15)
        return web.Response(body=b"x")

    site.pages["/"] = slow
    async with open_client(manners(total_seconds=0.4)) as client:
        answers = await asyncio.gather(*(client.get(site.url("/")) for _ in range(5)))
    assert [answer.body for answer in answers] == [b"x"] * 5


async def test_a_cloudflare_challenge_is_named(client, site):
    site.pages["/"] = Page(status=403, headers={"cf-mitigated": "challenge"})
    assert "Cloudflare challenge" in str(await refused(client, site.url("/")))


@pytest.mark.parametrize("path", ["/missing?token=s3cret", "/x/../loop?api_key=s3cret&page=2", "/slow?sig=s3cret"])
async def test_no_message_shows_a_secret_of_the_address(path, site):
    async def never(request):
        await asyncio.sleep(5)

    site.pages |= {"/loop": Page(status=302, headers={"Location": "/loop?access_token=s3cret"}), "/slow": never}
    async with open_client(manners(total_seconds=0.2)) as client:
        error = await refused(client, site.url(path))
    assert "s3cret" not in str(error)
    assert "***" in str(error)


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
    assert (answer.body, answer.url, answer.moved_to) == (b"end", site.url("/5"), None)


async def test_a_chain_of_permanent_redirects_says_where_it_moved(client, site):
    site.pages |= {
        "/0": Page(status=301, headers={"Location": "/1"}),
        "/1": Page(status=308, headers={"Location": "/2#part"}),
        "/2": Page(b"end"),
    }
    assert (await client.get(site.url("/0"))).moved_to == site.url("/2")
    assert (await client.get(site.url("/2"))).moved_to is None


async def test_a_moved_page_that_has_not_changed_is_known_to_have_moved(client, site):
    site.pages |= {"/": Page(status=301, headers={"Location": "/new"}), "/new": Page(b"x", headers={"ETag": '"1"'})}
    answer = await client.get(site.url("/"), etag='"1"')
    assert (answer.status, answer.moved_to) == (304, site.url("/new"))


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
    ("encoding", "compress"), [("gzip", gzip.compress), ("br", brotli.compress), ("identity", bytes)]
)
async def test_a_compressed_body_is_asked_for_and_read_up_to_the_limit(encoding, compress, client, site):
    site.pages["/"] = Page(compress(b"y" * 1_000_000), headers={"Content-Encoding": encoding})
    assert len((await client.get(site.url("/"))).body) == 1_000_000
    assert site.asked("/")[0]["Accept-Encoding"] == "gzip, deflate, br"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, "http_status"), (403, "http_status"), (401, "http_status"), (204, "http_status"), (304, "http_status"),
     (301, "http_status"), (410, "gone"), (429, "busy"), (500, "http_status"), (503, "http_status"),
     (408, "http_status")],
)  # fmt: skip
async def test_no_answer_is_a_reason_to_ask_again_at_once(status, kind, site):
    site.pages["/"] = Page(status=status)
    async with open_client(manners(attempts=2)) as client:
        error = await refused(client, site.url("/"))
    assert (error.kind, error.status, str(status) in str(error)) == (kind, status, True)
    assert len(site.requests) == 1


async def test_a_second_attempt_that_succeeds_is_a_success(site):
    async def once_broken(request):
        if len(site.requests) == 1:
            request.transport.abort()
        return web.Response(body=b"well")

    site.pages["/"] = once_broken
    async with open_client(manners(attempts=2)) as client:
        assert (await client.get(site.url("/"))).body == b"well"


async def test_a_closed_port_is_unreachable_and_named(client):
    error = await refused(client, "http://127.0.0.1:9/feed")
    assert (error.kind, "http://127.0.0.1:9/feed" in str(error)) == ("unreachable", True)


async def test_a_name_that_nobody_knows_is_unreachable(client):
    assert (await refused(client, "http://no-such-host.invalid/")).kind == "unreachable"


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
