"""No address, name or redirect leads into a private network unless the configuration allows its host."""

import pytest

from pake_pipelines.sources.http import is_public, open_client
from pake_pipelines.sources.protocol import SourceError
from pake_pipelines_tests.site import Page
from pake_pipelines_tests.sources.conftest import manners

SPELLINGS = [
    "127.0.0.1", "localhost", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "0", "0.0.0.0",
    "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "127.0.0.1.", "LOCALHOST",
]  # fmt: skip


@pytest.mark.parametrize("host", SPELLINGS)
async def test_no_spelling_of_loopback_is_connected_to(host, guarded, site):
    site.pages["/"] = Page(b"secret")
    with pytest.raises(SourceError) as raised:
        await guarded.get(site.url("/", host))
    assert raised.value.kind in {"refused", "unreachable"}
    assert site.requests == []


@pytest.mark.parametrize("host", [host for host in SPELLINGS if host.lower() != "localhost"])
async def test_no_redirect_leads_to_loopback(host, site):
    target = f"http://{host}:{site.port}/secret"
    site.pages |= {"/": Page(status=302, headers={"Location": target}), "/secret": Page(b"secret")}
    async with open_client(manners(allow_private_hosts=("localhost",))) as client:
        with pytest.raises(SourceError):
            await client.get(site.url("/", "localhost"))
    assert site.asked("/secret") == []
    assert len(site.requests) == 1


async def test_an_allowed_host_is_connected_to_under_its_own_name_only(guarded, site):
    site.pages["/"] = Page(b"body")
    async with open_client(manners(allow_private_hosts=("localhost",))) as client:
        assert (await client.get(site.url("/", "localhost"))).body == b"body"
        with pytest.raises(SourceError) as raised:
            await client.get(site.url("/", "127.0.0.1"))
    assert raised.value.kind == "refused"


async def test_the_refusal_says_how_to_allow_it(guarded, site):
    with pytest.raises(SourceError, match="allow_private_hosts"):
        await guarded.get(site.url("/"))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1",
        "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:c0a8:101::1",
        "2001:0:4136:e378:8000:63bf:80ff:fffe", "fe80::1%eth0",
    ],
)  # fmt: skip
def test_an_address_that_leads_into_a_private_network_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_an_address_of_the_open_internet_is_public(address):
    assert is_public(address)
