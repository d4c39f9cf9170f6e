"""What a service's variables hold never stands in a sample: not whole, and not in part."""

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

from pake_pipelines.config.services import AnyService, HttpService, PostgresService, RedisService
from pake_pipelines.redaction import MASK, redact

_LONGEST: Final = 500
# shorter parts stand in many words, and hiding them hides nothing
_SHORTEST_PART: Final = 4


def address_variable(service: AnyService) -> str | None:
    """Return the name of the variable that holds the service's address, None where it has none."""
    return service.url_env if isinstance(service, HttpService | PostgresService | RedisService) else None


def has_secret_address(service: AnyService) -> bool:
    """Return whether an error may repeat a part of a secret address; which part, nobody knows."""
    return address_variable(service) is not None or isinstance(service, PostgresService)


def variables(service: AnyService) -> tuple[str, ...]:
    """Return the names of all variables without which `service` is not configured, each once."""
    bearer = service.bearer_env if isinstance(service, HttpService) else None
    named = (*service.requires_env, address_variable(service), bearer)
    return tuple(dict.fromkeys(name for name in named if name))


def shown(text: str, service: AnyService, environ: Mapping[str, str]) -> str:
    """Return `text` in one line, at most 500 characters, without anything that the service's variables hold."""
    for secret in sorted(set(_secrets(service, environ)), key=len, reverse=True):
        text = text.replace(secret, MASK)
    # a database takes no NUL and a terminal should get no escape sequences
    printable = re.sub(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\U0010ffff]+", " ", redact(text))
    line = " ".join(printable.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _secrets(service: AnyService, environ: Mapping[str, str]) -> Iterator[str]:
    for name in variables(service):
        value = environ.get(name, "")
        yield from (part for part in (value, *_parts(value)) if len(part) >= _SHORTEST_PART)


def _parts(value: str) -> Iterator[str]:
    try:
        address = urlsplit(value)
    except ValueError:
        return
    if address.netloc:
        _, _, server = address.netloc.rpartition("@")
        password = address.password or ""
        yield from (address.netloc, server, address.hostname or "", address.username or "", password, unquote(password))
        yield from (address.path, address.path.strip("/"), address.query, address.fragment)
