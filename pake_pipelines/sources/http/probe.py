"""Whether there is something at an address: HEAD, and GET where HEAD may not have been understood; no body is read.

Many servers answer HEAD wrongly (405, 403, 404, 500) for what they do have, so no such answer stands without a GET.
"""

from dataclasses import replace
from typing import Final

from pake_pipelines.model.link import LinkAnswer, Method, Trouble
from pake_pipelines.sources.http.answers import InsecureError, Redirect, UnknownNameError
from pake_pipelines.sources.http.client import HttpClient
from pake_pipelines.sources.protocol import SourceError

# refused for whom we are or how often we come, which another method does not change
_FINAL: Final = frozenset({401, 407, 429, 451})
_MISUNDERSTOOD: Final = frozenset({"malformed", "unreachable"})
_HEARD: Final = frozenset({"insecure", "malformed"})
_TROUBLES: Final[dict[str, Trouble]] = {
    "refused": "refused",
    "unreachable": "unreachable",
    "timeout": "timeout",
    "malformed": "malformed",
    "busy": "busy",
}


async def probe(
    client: HttpClient, url: str, *, seconds: float, max_redirects: int, first: Method = "HEAD"
) -> LinkAnswer:
    """Ask for `url` by `first`, and by GET if that was HEAD and its answer says little. Raises nothing.

    Each of the two has `seconds` with all its redirects; waiting for a host's turn is not counted.
    """
    answer = await _follow(client, url, first, seconds, max_redirects)
    if first == "GET" or not _says_little(answer):
        return answer
    again = await _follow(client, url, "GET", seconds, max_redirects)
    return replace(again, requests=answer.requests + again.requests, heard=answer.heard or again.heard)


def _says_little(answer: LinkAnswer) -> bool:
    if answer.trouble is not None:
        return answer.trouble in _MISUNDERSTOOD
    return answer.status is not None and answer.status >= 300 and answer.status not in _FINAL


async def _follow(client: HttpClient, url: str, method: Method, seconds: float, max_redirects: int) -> LinkAnswer:
    here, seen = url, {url}
    for requests in range(1, max_redirects + 2):
        try:
            answer, seconds = await client.look(here, method, seconds)
        except SourceError as error:
            return _fault(error, here, requests)
        if not isinstance(answer, Redirect):
            return LinkAnswer(answer.status, None, "", here, requests, heard=True)
        here = answer.target
        if here in seen:
            return LinkAnswer(None, "redirects", "it redirects in a circle", here, requests, heard=True)
        seen.add(here)
    return LinkAnswer(None, "redirects", f"more than {max_redirects} redirects", here, requests, heard=True)


def _fault(error: SourceError, here: str, requests: int) -> LinkAnswer:
    # the message begins with method and address, which whoever shows it knows
    said = str(error).partition(": ")[2] or str(error)
    trouble = _trouble(error)
    heard = error.status is not None or requests > 1 or trouble in _HEARD
    return LinkAnswer(error.status, trouble, said, here, requests, heard, error.retry_at)


def _trouble(error: SourceError) -> Trouble | None:
    match error:
        case UnknownNameError():
            return "unknown_name"
        case InsecureError():
            return "insecure"
    return _TROUBLES.get(error.kind)  # an unwelcome status is an answer and no trouble
