"""How often and when a task runs (MNT-15, MNT-16): less often where all is well, in quiet hours where it can wait."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.analytics.windows import Window

_WAITS: Final = timedelta(days=1)  # what runs more often than daily would miss its turns


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a task runs now and why; `at` is when it will where it does not."""

    run: bool
    reason: str
    at: datetime | None


def adaptive_interval(
    interval: timedelta,
    performance_score: float | None,
    *,
    shortest: timedelta,
    longest: timedelta,
    slower_above: float,
    faster_below: float,
    slower_factor: float,
    faster_factor: float,
) -> timedelta:
    """Return the interval that a performance score (0 to 1) asks for, between `shortest` and `longest` (MNT-16).

    Above one bound it is longer by a factor, below the other shorter; an unknown score (None, nan) changes nothing.
    """
    asked = interval
    if performance_score is not None and performance_score > slower_above:
        asked = interval * slower_factor
    elif performance_score is not None and performance_score < faster_below:
        asked = interval / faster_factor
    return max(shortest, min(longest, asked))


def due_decision(
    now: datetime, last_run: datetime | None, interval: timedelta, window: Window | None, *, latest_by: timedelta
) -> Decision:
    """Return whether a task runs at `now` that last began at `last_run` and shall run every `interval`.

    What runs daily or less often waits for the quiet window, but no longer than `latest_by` after it is due; in the
    window it runs once, as soon as it would be due before the next one. A task that never ran does not wait.
    """
    if last_run is None:
        return Decision(True, "it never ran", None)
    due = min(last_run, now) + interval
    if window is None or interval < _WAITS:
        return Decision(True, "it is due", None) if now >= due else Decision(False, "it is not due", due)
    deadline = due + latest_by
    if now >= deadline:
        return Decision(True, "it is overdue and waits for no quiet window", None)
    start = window.start_before(now)
    following = window.start_after(now)
    if window.contains(now) and last_run < start and due < following:
        return Decision(True, "it is due and the window is quiet", None)
    while due >= window.start_after(following):
        following = window.start_after(following)
    waiting = "it is due and waits for the quiet window" if now >= due else "it is not due"
    return Decision(False, waiting, min(following, deadline))
