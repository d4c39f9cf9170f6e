"""The configured secrets: their values, and every form in which such a value may stand in a text.

They are read from the environment: variables whose name says that they hold a secret, variables that the
configuration names (`know_variables`), and passwords inside addresses. `know` adds what comes from elsewhere. The
environment is looked at again whenever it has changed, which costs some 15 microseconds.
"""

import base64
import html
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from pake_pipelines.redaction.names import is_secret_key, is_secret_variable

# shorter ones stand in many words: hiding those would hide nothing and spoil every sentence
SHORTEST: Final = 6
_SHORTEST_LINE: Final = 16
_SHORTEST_PATH: Final = 20
# words of our own sentences; as a password each is hidden where it is used as one, by the patterns
_PLAIN: Final = frozenset({
    "password", "secret", "postgres", "postgresql", "dagster", "default", "localhost", "127.0.0.1", "changeme",
    "enabled", "disabled", "required", "production", "development", "staging", "optional", "unknown",
})  # fmt: skip


class _Credentials(str):
    """`user:password`, as Basic authorisation sends it encoded; written out, the password in it is hidden alone."""

    __slots__ = ()


_variables: set[str] = set()
_others: set[str] = set()
_forms: tuple[object, tuple[str, ...]] = (None, ())


def know_variables(names: Iterable[str]) -> None:
    """Have the values of the environment variables `names` hidden, whatever their names say."""
    _variables.update(names)


def know(secret: str) -> None:
    """Have `secret` hidden: a value, or an address with a password in it (only the password is secret then)."""
    _others.update(_of_address(secret) if "://" in secret else [secret])


def forms() -> tuple[str, ...]:
    """Return every text to hide, longest first."""
    global _forms  # noqa: PLW0603  # one set of secrets per process, exchanged as a whole
    state = (tuple(os.environ.items()), len(_variables), len(_others))
    if _forms[0] != state:
        values = {*secret_values(os.environ, _variables), *_others}
        _forms = (state, tuple(sorted({form for one in values for form in _forms_of(one)}, key=len, reverse=True)))
    return _forms[1]


def secret_values(environ: Mapping[str, str], named: Iterable[str] = ()) -> Iterator[str]:
    """Yield the secret values in `environ`; `named` are variables that hold one although their name does not say so."""
    wanted = frozenset(named)
    for name, value in environ.items():
        if "://" in value:
            yield from _of_address(value)
        if name in wanted or is_secret_variable(name):
            yield from _of_secret(value.strip())


def _of_secret(value: str) -> Iterator[str]:
    address = _split(value)
    # what an address has in front of its path is where it leads, and no secret
    yield from [value, address[1]] if address else [value]
    lines = value.splitlines()
    if len(lines) > 1:
        yield from (line.strip() for line in lines if len(line.strip()) >= _SHORTEST_LINE)


def _split(value: str) -> tuple[str, str] | None:
    scheme, separator, rest = value.partition("://")
    host, slash, path = rest.partition("/")
    return (f"{scheme}{separator}{host}", slash + path) if slash and len(path) >= _SHORTEST_PATH else None


def _of_address(value: str) -> Iterator[str]:
    try:
        address = urlsplit(value)
        password, username = address.password, address.username
    except ValueError:
        return
    if password:
        yield from (password, unquote(password))
        yield _Credentials(f"{username}:{password}")
    yield from (given for name, given in parse_qsl(address.query) if is_secret_key(name))


def _forms_of(value: str) -> Iterator[str]:
    if len(value) < SHORTEST or value.lower() in _PLAIN:
        return
    if isinstance(value, _Credentials):
        yield from (one for one in _encoded(value) if len(one) >= SHORTEST)
        return
    escaped = html.escape(value)
    percent = quote(value, safe="")
    candidates = (
        value, quote(value), percent, percent.lower(), quote_plus(value), json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1], escaped, html.escape(value, quote=False),
        escaped.replace("&quot;", "&#34;").replace("&#x27;", "&#39;"), *_encoded(value),
    )  # fmt: skip
    yield from (one for one in candidates if len(one) >= SHORTEST)


def _encoded(value: str) -> Iterator[str]:
    """Yield what of base64 is the same whatever stands around `value`, as in Basic authorisation (user:password)."""
    raw = value.encode(errors="surrogateescape")
    for before in range(3):
        padded = bytes(before) + raw
        first = -(-before * 8 // 6)
        whole = base64.b64encode(padded).decode()[first : len(padded) * 8 // 6]
        yield from (whole, whole.replace("+", "-").replace("/", "_"))
