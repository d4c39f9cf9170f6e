"""What is to be done with the files of the lake's directory of a day.

A body that no row refers to is what a crash between its writing and its row leaves. It is set aside under another name
first, and goes a day later: whoever found it there in the meantime and wrote a row gets it back.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from pake_pipelines.store.lake import LakeFile

_STAMP: Final = "%Y%m%dT%H%M%SZ"
_ASIDE: Final = re.compile(r"(?P<path>.+\.zst)\.unclaimed-(?P<stamp>\d{8}T\d{6}Z)")

Deed = Literal["set_aside", "put_back", "remove"]


@dataclass(frozen=True, slots=True)
class LakeStep:
    """What is to be done with a file; `target` is its new path, unless it is removed."""

    deed: Deed
    path: str
    bytes: int
    target: str = ""


@dataclass(frozen=True, slots=True)
class LakeDay:
    """Steps of a day, the bodies that a row refers to and that are not there, and how many bodies there are."""

    steps: Sequence[LakeStep]
    missing: Sequence[str]
    bodies: int


def plan_day(files: Sequence[LakeFile], claimed: Collection[str], now: datetime, grace: timedelta) -> LakeDay:
    """Decide on the `files` of a day; rows refer to the paths `claimed`. What is younger than `grace` stays."""
    there = {one.path for one in files}
    steps = [step for one in files if (step := _step(one, claimed, there, now, grace)) is not None]
    back = {step.target for step in steps if step.deed == "put_back"}
    bodies = sum(one.path.endswith(".zst") for one in files)
    return LakeDay(steps, sorted(set(claimed) - there - back), bodies)


def _step(
    file: LakeFile, claimed: Collection[str], there: Collection[str], now: datetime, grace: timedelta
) -> LakeStep | None:
    if aside := _ASIDE.fullmatch(file.path):
        if aside["path"] in claimed and aside["path"] not in there:
            return LakeStep("put_back", file.path, file.bytes, aside["path"])
        since = datetime.strptime(aside["stamp"], _STAMP).replace(tzinfo=UTC)
        return LakeStep("remove", file.path, file.bytes) if now - since >= grace else None
    if now - file.written_at < grace or file.path in claimed:
        return None
    if file.path.endswith(".tmp"):
        return LakeStep("remove", file.path, file.bytes)
    if file.path.endswith(".zst"):
        return set_aside(file, now)
    return None


def set_aside(file: LakeFile, now: datetime) -> LakeStep:
    """Return the step that puts a body out of the way."""
    return LakeStep("set_aside", file.path, file.bytes, f"{file.path}.unclaimed-{now.strftime(_STAMP)}")
