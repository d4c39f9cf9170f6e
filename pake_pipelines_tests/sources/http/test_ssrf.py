"""Server-side request forgery: no spelling, redirect, name or lookup leads into a network that is not public."""

import socket

import pytest
from aiohttp.abc import AbstractResolver
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from pake_pipelines.sources.http.addresses import Border, is_public
from pake_pipelines.sources.http.client import open_client
from pake_pipelines.sources.http.connections import GuardedResolver, RefusedAddressError, guarded_socket
from pake_pipelines.sources.protocol import SourceError
from pake_pipelines_tests.site import Page
from pake_pipelines_tests.sources.conftest import manners


class Names(AbstractResolver):
    """Answers each lookup of a name with the next of its lists of addresses, the last one over and over."""

    def __init__(self, **answers):
        self.answers = {name.replace("_", "."): list(lists) for name, lists in answers.items()}
        self.asked = []

    async def resolve(self, host, port=0, family=socket.AF_UNSPEC):
        self.asked.append(host)
        left = self.answers.get(host)
        if not left:
            raise OSError(f"nobody knows {host}")
        addresses = left.pop(0) if len(left) > 1 else left[0]
        if not addresses:
            raise OSError("no answer this time")
        return [
            {"hostname": host, "host": one, "port": port, "proto": 0, "flags": 0,
             "family": socket.AF_INET6 if ":" in one else socket.AF_INET}
            for one in addresses
        ]  # fmt: skip

    async def close(self):
        pass


LOOPBACK = ["127.0.0.1"]

ATTEMPTS = [
    # the address itself, and every notation that some resolver or library takes for it
    "http://127.0.0.1:{port}/", "http://127.0.0.2:{port}/", "http://0.0.0.0:{port}/", "http://0:{port}/",
    "http://2130706433:{port}/", "http://0x7f000001:{port}/", "http://0x7f.1:{port}/", "http://0X7F.0.0.1:{port}/",
    "http://0177.0.0.1:{port}/", "http://017700000001:{port}/", "http://127.1:{port}/", "http://127.0.1:{port}/",
    "http://127.0.0.1.:{port}/", "http://127.0.0.01:{port}/", "http://127%2e0%2e0%2e1:{port}/",
    "http://127.0.0.1%00.feed.example:{port}/", "http:// 127.0.0.1:{port}/", "http://\t127.0.0.1:{port}/",
    # characters that are mapped to ASCII on the way
    "http://\uff11\uff12\uff17.\uff10.\uff10.\uff11:{port}/", "http://127。0。0。1:{port}/",
    "http://①②⑦.0.0.1:{port}/", "http://ⓛocalhost:{port}/",
    # IPv6, and IPv4 inside it
    "http://[::1]:{port}/", "http://[::]:{port}/", "http://[0:0:0:0:0:0:0:1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/", "http://[::ffff:7f00:1]:{port}/", "http://[::127.0.0.1]:{port}/",
    "http://[::ffff:0:127.0.0.1]:{port}/", "http://[64:ff9b::7f00:1]:{port}/", "http://[64:ff9b:1::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/", "http://[2001:0:4136:e378:8000:63bf:80ff:fffe]:{port}/",
    "http://[fe80::1%25lo]:{port}/", "http://[fe80::1%lo]:{port}/", "http://[::1%25lo]:{port}/",
    "http://[fc00::1]:{port}/", "http://[fec0::1]:{port}/", "http://[ff02::1]:{port}/",
    # names of the machine itself, and names that lead to it
    "http://localhost:{port}/", "http://LOCALHOST:{port}/", "http://localhost.:{port}/", "http://x.localhost:{port}/",
    "http://inside.example:{port}/", "http://mapped.example:{port}/", "http://six.example:{port}/",
    "http://zero.example:{port}/", "http://metadata.example:{port}/",
    # one parser's host is another parser's user name
    "http://feed.example@127.0.0.1:{port}/", "http://feed.example:80@127.0.0.1:{port}/",
    "http://a@feed.example:80@127.0.0.1:{port}/", "http://feed.example\\@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@feed.example/", "http://feed.example &@127.0.0.1:{port}# @feed.example/",
    # other networks, other protocols, no host at all
    "http://10.0.0.1:{port}/", "http://172.16.0.1:{port}/", "http://192.168.0.1:{port}/", "http://100.64.0.1:{port}/",
    "http://169.254.169.254:{port}/latest/meta-data/", "http://224.0.0.1:{port}/", "http://255.255.255.255:{port}/",
    "ftp://127.0.0.1:{port}/", "file:///etc/passwd", "gopher://127.0.0.1:{port}/_GET", "http:///127.0.0.1:{port}/",
    "http:127.0.0.1:{port}/", "http:\\\\127.0.0.1:{port}\\", "//127.0.0.1:{port}/", "data:text/xml,<rss/>",
]  # fmt: skip


def names():
    return Names(
        start_example=[LOOPBACK],
        inside_example=[LOOPBACK],
        mapped_example=[["::ffff:127.0.0.1"]],
        six_example=[["::1"]],
        zero_example=[["0.0.0.0"]],
        metadata_example=[["169.254.169.254"]],
    )


@pytest.mark.parametrize("attempt", ATTEMPTS)
async def test_no_address_leads_to_where_it_may_not(attempt, site):
    site.pages["/"] = Page(b"secret")
    async with open_client(manners(allow_private_hosts=(), ports=(80, site.port)), resolver=names()) as client:
        with pytest.raises(SourceError) as raised:
            await client.get(attempt.format(port=site.port))
    assert raised.value.kind == "refused"
    assert site.requests == []


@pytest.mark.parametrize("attempt", [one for one in ATTEMPTS if one.isprintable()])
async def test_no_redirect_leads_to_where_it_may_not(attempt, site):
    """A target without a host is relative, and so leads back to the server that may be asked."""
    target = attempt.format(port=site.port)
    site.pages |= {"/start": Page(status=302, headers={"Location": target}), "/": Page(b"secret")}
    allowed = manners(allow_private_hosts=("start.example",), ports=(80, site.port))
    async with open_client(allowed, resolver=names()) as client:
        with pytest.raises(SourceError):
            await client.get(site.url("/start", "start.example"))
    assert {headers["Host"] for _, headers in site.requests} == {f"start.example:{site.port}"}


async def test_a_name_is_checked_at_every_lookup(site):
    site.pages["/"] = Page(b"secret")
    rebinding = Names(rebind_example=[[], LOOPBACK])
    allowed = manners(allow_private_hosts=(), ports=(site.port,), attempts=2)
    async with open_client(allowed, resolver=rebinding) as client:
        with pytest.raises(SourceError, match=r"rebind\.example leads to a network that is not public"):
            await client.get(site.url("/", "rebind.example"))
    assert rebinding.asked == ["rebind.example"] * 2
    assert site.requests == []


async def test_a_name_that_was_public_before_is_refused_once_it_is_private():
    guard = GuardedResolver(Names(rebind_example=[["93.184.216.34"], LOOPBACK]))
    assert [one["host"] for one in await guard.resolve("rebind.example")] == ["93.184.216.34"]
    with pytest.raises(RefusedAddressError):
        await guard.resolve("rebind.example")


async def test_of_several_addresses_only_the_public_ones_are_left():
    guard = GuardedResolver(Names(mixed_example=[["10.0.0.1", "93.184.216.34", "::1"]]))
    assert [one["host"] for one in await guard.resolve("mixed.example")] == ["93.184.216.34"]


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, ("127.0.0.1", 80)), (socket.AF_INET6, ("::1", 80))])
def test_the_last_word_is_spoken_on_the_address_that_is_connected_to(family, address):
    with pytest.raises(RefusedAddressError):
        guarded_socket((family, socket.SOCK_STREAM, 0, "", address))
    guarded_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("93.184.216.34", 80))).close()


async def test_an_allowed_inside_host_works_and_is_looked_up_once_for_its_connection(site):
    site.pages["/"] = Page(b"body")
    resolver = names()
    async with open_client(manners(allow_private_hosts=("Inside.Example.",)), resolver=resolver) as client:
        assert (await client.get(site.url("/", "inside.example"))).body == b"body"
    assert resolver.asked == ["inside.example"]


async def test_an_allowed_host_is_connected_to_under_its_own_name_only(site):
    site.pages["/"] = Page(b"body")
    async with open_client(manners(allow_private_hosts=("inside.example",)), resolver=names()) as client:
        await client.get(site.url("/", "inside.example"))
        for host in ("127.0.0.1", "six.example"):
            with pytest.raises(SourceError) as raised:
                await client.get(site.url("/", host))
            assert raised.value.kind == "refused"
    assert len(site.requests) == 1


async def test_an_allowance_for_one_request_does_not_last_for_the_next(site):
    """The resolver remembers names for some seconds; the allowance must not be remembered with them."""
    site.pages |= {"/": Page(status=302, headers={"Location": site.url("/secret")}), "/secret": Page(b"secret")}
    async with open_client(manners(allow_private_hosts=("inside.example",)), resolver=names()) as client:
        with pytest.raises(SourceError):
            await client.get(site.url("/", "inside.example"))
    assert site.asked("/secret") == []


async def test_the_refusal_says_how_to_allow_it(guarded):
    with pytest.raises(SourceError, match="allow_private_hosts"):
        await guarded.get("http://127.0.0.1/")
    with pytest.raises(SourceError, match=r"http\.ports"):
        await guarded.get("http://feed.example:22/")


@pytest.mark.parametrize("port", [0, 21, 22, 25, 6379, 11211])
async def test_only_the_configured_ports_are_asked(port, guarded):
    with pytest.raises(SourceError, match=f"port {port} is not open"):
        await guarded.get(f"http://feed.example:{port}/")


async def test_a_configured_proxy_may_be_inside_and_literal_addresses_are_refused_all_the_same(site):
    site.pages["/feed"] = Page(b"by proxy")
    behind = manners(allow_private_hosts=(), proxy=site.url(""))
    async with open_client(behind, resolver=Names()) as client:
        assert (await client.get("http://feed.example/feed")).body == b"by proxy"
        with pytest.raises(SourceError) as raised:
            await client.get("http://169.254.169.254/feed")
    assert raised.value.kind == "refused"
    assert [headers["Host"] for headers in site.asked("/feed")] == ["feed.example"]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "240.0.0.1", "192.0.2.1", "192.0.0.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1",
        "fd12::1", "fec0::1", "ff02::1", "100::1", "2001:db8::1", "3fff::1", "5f00::1", "::ffff:10.0.0.1",
        "::127.0.0.1", "::8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808",
        "2002:7f00:1::1", "2002:c0a8:101::1", "2001:0:4136:e378:8000:63bf:80ff:fffe", "fe80::1%eth0",
        "2606:2800:220:1::1%eth0", "0177.0.0.1", "127.1", "no address", "",
    ],
)  # fmt: skip
def test_an_address_that_leads_into_a_private_network_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::"],
)
def test_an_address_of_the_open_internet_is_public(address):
    assert is_public(address)


@given(st.ip_addresses(v=4).filter(lambda ip: not ip.is_global or ip.is_multicast), st.booleans())
def test_no_private_address_is_public_when_it_is_carried_in_ipv6(ip, mapped):
    assert not is_public(f"::ffff:{ip}" if mapped else f"64:ff9b::{ip}")


@pytest.mark.parametrize("url", ["https://feed.example/", "http://93.184.216.34:80/x", "https://münchen.example/feed",
                                 "http://[2606:2800:220:1::1]/", "https://feed_1.example./"])  # fmt: skip
def test_usual_addresses_are_admitted(url):
    assert Border.of(manners()).refusal(URL(url)) is None
