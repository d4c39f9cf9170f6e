"""What a play is measured by: the messages that its script expects, and the promises that hold whatever goes wrong."""

from collections import Counter
from collections.abc import Iterable, Sequence

from pake_pipelines_tests.alerts.harness.play import Played
from pake_pipelines_tests.alerts.harness.receiver import Received
from pake_pipelines_tests.alerts.harness.script import Expected


class BrokenPromiseError(AssertionError):
    """A promise was not kept."""


def as_written(played: Played) -> None:
    """Raise BrokenPromiseError unless exactly the expected messages came in, each in its time."""
    first = _first_copies(played.received)
    want = sorted(played.script.expects, key=lambda one: (one.channel, one.earliest))
    got = sorted(first, key=lambda one: (one.channel, one.at))
    if len(want) != len(got) or not all(_is(one, other) for one, other in zip(want, got, strict=True)):
        raise BrokenPromiseError(_told_apart(played, "other messages than expected"))
    kept(played, copies=played.script.duplicates)


def kept(played: Played, *, copies: int) -> None:
    """Raise BrokenPromiseError unless every channel was told each episode's fire once and then its resolve once.

    On each channel a message may come in again with the same key, `copies` times in all. Nothing may be left over.
    """
    first = _first_copies(played.received)
    for channel in {one.channel for one in first}:
        messages = [one for one in first if one.channel == channel]
        if sum(one.channel == channel for one in played.received) - len(messages) > copies:
            raise BrokenPromiseError(_told_apart(played, f"more than {copies} duplicates by {channel}"))
        _once_each(played, messages)
    if played.waiting:
        raise BrokenPromiseError(_told_apart(played, f"{played.waiting} messages were never sent"))
    if wrong := _told(played.script.expects) ^ _told(first):
        raise BrokenPromiseError(_told_apart(played, f"not told, or told without being expected: {sorted(wrong)}"))


def _once_each(played: Played, messages: Sequence[Received]) -> None:
    fired: Counter[str] = Counter()
    resolved: Counter[str] = Counter()
    for one in messages:
        if one.kind in {"fire", "escalation"}:
            fired.update(alert for alert in one.fired_ids if one.kind == "fire" or not fired[alert])
        for alert in one.resolved_ids:
            if not fired[alert]:
                raise BrokenPromiseError(_told_apart(played, "a resolve without a fire"))
            resolved[alert] += 1
    if set(fired.values()) | set(resolved.values()) > {1}:
        raise BrokenPromiseError(_told_apart(played, "an episode that was told twice"))
    if fired.keys() != resolved.keys():
        raise BrokenPromiseError(_told_apart(played, "an episode of which the fire or the resolve was lost"))


def _first_copies(received: Iterable[Received]) -> list[Received]:
    return list({one.key: one for one in reversed(list(received))}.values())[::-1]


def _told(messages: Iterable[Expected | Received]) -> set[tuple[str, str, str]]:
    fires = {(one.channel, "fire", name) for one in messages if one.kind == "fire" for name in one.firing}
    return fires | {(one.channel, "resolve", name) for one in messages for name in one.resolved}


def _is(want: Expected, got: Received) -> bool:
    return want.earliest <= got.at <= want.latest and (
        (want.channel, want.kind, want.resolved, want.held_back) == (got.channel, got.kind, got.resolved, got.held_back)
    ) and want.firing == got.firing  # fmt: skip


def _told_apart(played: Played, fault: str) -> str:
    want = "\n    ".join(map(str, played.script.expects))
    got = "\n    ".join(map(str, played.received))
    return f"{played.script.name}: {fault}\n  expected\n    {want}\n  received\n    {got}"
