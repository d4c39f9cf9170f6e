"""The idempotency key of a message in a form that every header takes."""

import hashlib
import re
from typing import Final

_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")


def identifier(key: str) -> str:
    """Return `key` if it is short and plain, else a digest of it; the same key always gives the same."""
    return key if _PLAIN.fullmatch(key) else f"msg_{hashlib.sha256(key.encode()).hexdigest()[:40]}"
