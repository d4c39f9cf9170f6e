from dataclasses import dataclass
from datetime import datetime
@dataclass(frozen=True, slots=True)
class Point:
    at: datetime
    value: float | None
