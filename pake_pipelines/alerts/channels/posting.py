"""Posting JSON by the guarded client, to an address that may be a secret as a whole: no error shows more than its host.

Private networks are refused unless the configuration of the channel allows its address; redirects are not followed;
the answer's body is not read.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from pake_pipelines.alerts.channels.protocol import ChannelError
from pake_pipelines.config.manners import Http, Rate

if TYPE_CHECKING:
    from yarl import URL

    from pake_pipelines.sources.protocol import SourceError

_LONGEST_WAIT: Final = timedelta(hours=6)
# how often a channel is asked is decided by its courier
_UNBOUNDED: Final = Rate(requests_per_minute=6000, burst=100)
_LEAST_PERMANENT: Final = 400
_LEAST_TEMPORARY: Final = 500
_TEMPORARY: Final = frozenset({408, 425, 429})


async def post_json(
    url: str, body: bytes, *, headers: Mapping[str, str], seconds: float, allow_private: bool = False
) -> None:
    """POST `body` to `url` within `seconds`; any 2xx is a success.

    Raises ChannelError: permanent for what the server refuses for good (4xx except 408, 425 and 429) and for addresses
    that are not asked, with what Retry-After says, up to 6 hours.
    """
    from pake_pipelines.sources.http.client import open_client
    from pake_pipelines.sources.protocol import SourceError

    address = parsed(url)
    try:
        async with open_client(
            manners(address, seconds, allow_private=allow_private), max_wait=_LONGEST_WAIT
        ) as client:
            await client.post_json(url, body, headers=headers)
    except SourceError as error:
        fault = fault_of(error, address)
    else:
        return
    # outside of the handler, so that no traceback shows the address by way of the original error
    raise fault


def manners(address: "URL", seconds: float, *, allow_private: bool) -> Http:
    """Return the manners for asking one configured address, once."""
    from pake_pipelines.sources.http.addresses import host_of

    return Http(
        user_agent="PAKE-alerts/1",
        connect_seconds=seconds,
        read_seconds=seconds,
        total_seconds=seconds,
        max_bytes=65_536,
        max_redirects=0,
        attempts=1,
        ports=(address.port,) if address.port else (),
        allow_private_hosts=(host_of(address),) if allow_private else (),
        rate=_UNBOUNDED,
        rates={},
    )


def place(address: "URL") -> str:
    """Return what may be shown of an address: its scheme, host and port."""
    port = "" if address.is_default_port() or address.port is None else f":{address.port}"
    return f"{address.scheme}://{address.host}{port}/***"


def parsed(url: str) -> "URL":
    """Return `url` as an address of the web. Raises ChannelError when it is none."""
    from yarl import URL

    try:
        address = URL(url)
    except ValueError:
        address = URL()
    if address.scheme not in {"http", "https"} or not address.host:
        raise ChannelError("the configured address is not a web address", permanent=True)
    return address


def fault_of(error: "SourceError", address: "URL") -> ChannelError:
    """Return what an error of the guarded client means, without the rest of the address."""
    _, _, said = str(error).partition(": ")
    permanent = error.kind == "refused" if error.status is None else _is_permanent(error.status)
    wait = None if error.retry_at is None else max(0.0, (error.retry_at - datetime.now(UTC)).total_seconds())
    said = (said or error.kind).replace("http.allow_private_hosts", "allow_private")
    return ChannelError(f"{place(address)}: {said}", permanent=permanent, retry_after=wait)


def _is_permanent(status: int) -> bool:
    return _LEAST_PERMANENT <= status < _LEAST_TEMPORARY and status not in _TEMPORARY
