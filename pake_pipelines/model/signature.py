"""Signatures: what is kept of a text or title to find those that resemble it."""

from dataclasses import dataclass
from typing import Literal

SignatureKind = Literal["words", "characters", "title"]


@dataclass(frozen=True, slots=True)
class Signature:
    """The MinHash of a text or title: little-endian uint32, 128 or 24 of them; its id follows from its content."""

    signature_id: int
    kind: SignatureKind
    minhash: bytes
