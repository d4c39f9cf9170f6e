"""What an audit of the configuration finds."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault: by which rule, how grave, where, what it is, and what to do. Never holds a secret's value."""

    rule: str
    severity: Literal["error", "warning"]
    where: str
    message: str
    way_out: str
