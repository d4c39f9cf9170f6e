"""Addresses as people may see them: without what only the server should know."""

import re
from typing import Final
from urllib.parse import unquote_plus

from pake_pipelines.redaction import MASK, redact

_LONGEST: Final = 500
_USERINFO: Final = re.compile(r"(?<=//)[^/?#\s]*@")
_PARAMETER: Final = re.compile(r"(?<=[?&;#])([^=&;#?]+)=([^&;#]*)")
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SECRETS: Final = (
    "token", "key", "secret", "password", "passwd", "passphrase", "pass", "pwd", "auth", "authorization", "sig",
    "signature", "hmac", "credential", "credentials", "session", "sid", "jwt", "bearer", "code",
)  # fmt: skip
_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e\xa1-\ud7ff\ue000-\U0010ffff]")


def shown(url: str) -> str:
    """Return `url` for messages and logs: credentials and parameters with secret-looking names masked, and cut.

    A name looks secret when one of its words ends like one: `api_key`, `accessToken`, `X-Amz-Signature`, `oauth`.
    Control characters become U+FFFD, so that no address can forge a line of a log.
    """
    masked = redact(_PARAMETER.sub(_masked, _USERINFO.sub(f"{MASK}@", url)))
    printable = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", masked)
    return printable if len(printable) <= _LONGEST else f"{printable[:_LONGEST]}…"


def _masked(parameter: re.Match[str]) -> str:
    name, value = parameter.groups()
    return f"{name}={MASK}" if value and _looks_secret(unquote_plus(name)) else parameter.group()


def _looks_secret(name: str) -> bool:
    return any(word.lower().endswith(_SECRETS) for word in _WORD.findall(name))
