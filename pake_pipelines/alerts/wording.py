"""How messages about alerts are worded."""

from collections.abc import Iterable, Sequence
from typing import Final

from pake_pipelines.model.alert import MessageKind, Severity, is_gone
from pake_pipelines.model.episode import Episode

_BEGINNINGS: Final = {MessageKind.REPEAT: "still: ", MessageKind.ESCALATION: "nobody has acknowledged: "}


def in_order(episodes: Iterable[Episode]) -> list[Episode]:
    """Return `episodes` as they stand in a message: the gravest first, then the oldest."""
    return sorted(episodes, key=lambda one: (-one.severity.rank, one.started_at, one.rule, one.summary, one.alert_id))


def gravest(episodes: Iterable[Episode]) -> Severity:
    """Return how grave the gravest of at least one episode is."""
    return max((one.severity for one in episodes), key=lambda severity: severity.rank)


def common_labels(episodes: Sequence[Episode]) -> dict[str, str]:
    """Return the labels that all of at least one episode have with the same value."""
    first, *others = episodes
    return {
        label: value
        for label, value in first.labels.items()
        if all(one.labels.get(label) == value for one in others)
    }  # fmt: skip


def outcome(reasons: Iterable[str | None]) -> str:
    """Return what became of alerts that have ended for `reasons`; of a series that is gone nobody knows that."""
    gone = [is_gone(one) for one in reasons]
    return "no longer measured" if gone and all(gone) else "resolved"


def title(kind: MessageKind, firing: Sequence[Episode], resolved: Sequence[Episode], *, held_back: int) -> str:
    """Return the title of a message: what it is about, and how much of it there is."""
    behind = f" ({held_back} more held back behind it)" if held_back else ""
    ended = outcome(one.resolved_because for one in resolved)
    if kind is MessageKind.RESOLVE:
        still = f" ({len(firing)} still firing)" if firing else ""
        return f"{ended}: {named(resolved)}{still}"
    flaps = all(one.flapping for one in firing)
    beginning = "" if flaps and kind is MessageKind.REPEAT else _BEGINNINGS.get(kind, "")
    beginning += "changes again and again: " if flaps else ""
    over = f" ({len(resolved)} {ended})" if resolved else ""
    return f"{beginning}{named(firing)}{behind}{over}"


def named(episodes: Sequence[Episode]) -> str:
    """Return what at least one episode is called in a line."""
    first, *others = episodes
    return first.summary if not others else f"{first.summary} and {len(others)} more"
