"""How the uptime of all services together is judged and told, without passing over what nobody watched."""

from typing import Final

from pake_pipelines.reports.amounts import amount
from pake_pipelines.reports.document import Tone
from pake_pipelines.reports.health.figures import OverallUptime

_WELL: Final = 0.99
_ENOUGH: Final = 0.95
MOST_OF_IT: Final = 0.9


def uptime_tone(share: float | None) -> Tone:
    """Return how an uptime is to be judged."""
    if share is None:
        return Tone.UNKNOWN
    return Tone.GOOD if share >= _WELL else Tone.WARN if share >= _ENOUGH else Tone.BAD


def uptime_words(found: OverallUptime) -> str:
    """Return a part of a sentence; where not most of the time was watched it says how much was."""
    if found.share is None:
        return "uptime is not known"
    seen = (
        "" if found.seen is None or found.seen >= MOST_OF_IT else f" that was watched ({100 * found.seen:.0f} % of it)"
    )
    return f"services were up {amount(found.share, 'share')} of the time{seen}"
