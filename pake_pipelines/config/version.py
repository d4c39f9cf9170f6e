"""Versions of results: a short hash of the code and the rules that made them."""

import hashlib

from pydantic import BaseModel


def version_of(code: str, *parts: BaseModel | str) -> str:
    """Return 16 hex digits over a code version and the rules it works by; a stage redoes what another version made."""
    said = [code, *(part if isinstance(part, str) else part.model_dump_json() for part in parts)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]
