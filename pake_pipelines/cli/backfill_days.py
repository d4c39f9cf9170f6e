"""The days of an ingestion: which ones are asked for, and what came of each. Pure decisions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from pake_pipelines.cli.dagster_api import Made, RunState

DONE: Final = "done"
_SOURCE: Final = "source/"
_ENDED_AS: Final = {"FAILURE": "failed", "CANCELED": "cancelled"}


def chosen_days(
    first_day: date, today: date, *, only: date | None, since: date | None, until: date | None
) -> list[date]:
    """Return the days asked for, oldest first: one day, or all from `since` to `until`; today where nothing is said.

    Raises ValueError, with a sentence for people, when the wishes contradict each other or name a day without a
    partition; these go from `first_day` to `today`.
    """
    if only and (since or until):
        raise ValueError("--date names one day, --from and --to name a range: give one or the other")
    if until and not since:
        raise ValueError("--to is the end of a range: name its first day with --from")
    first, last = (since, until or today) if since else (only or today, only or today)
    for day in (first, last):
        if not first_day <= day <= today:
            raise ValueError(
                f"{day} has no partition: days go from {first_day} (first_day in configs/sources.yaml) "
                f"to {today} (today, UTC)"
            )
    if first > last:
        raise ValueError(f"--from {first} is later than --to {last}")
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


@dataclass(frozen=True, slots=True)
class SourceOutcome:
    """What came of one source on one day: `outcome` is ok, unchanged, failed, skipped or unread; `cause` why not ok.

    `left_over` counts items beyond the run's limit; running the day again brings them. `replayed` tells that the
    archive answered, because the source cannot be asked for its past.
    """

    outcome: str
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    left_over: int = 0
    replayed: bool = False
    cause: str | None = None

    @property
    def read(self) -> bool:
        """Whether the source was read."""
        return self.outcome in {"ok", "unchanged"}


@dataclass(frozen=True, slots=True)
class DayOutcome:
    """What came of one day: done, partly done, failed, cancelled or not started; `items` is what its partition holds.

    `error` is what ended its run, where something did.
    """

    day: str
    status: str
    run_id: str | None
    sources: Mapping[str, SourceOutcome]
    items: int | None = None
    error: str | None = None

    def total(self, count: str) -> int:
        """Return the sum of one of the counts over all sources."""
        return sum(getattr(source, count) for source in self.sources.values())

    @property
    def causes(self) -> list[str]:
        """Why the day is not done: what kept sources from being read, and what ended the run where that is not it."""
        causes = [f"{slug}: {one.cause}" for slug, one in self.sources.items() if not one.read and one.cause]
        said_already = len(causes) == len(self.sources)
        return causes if said_already or not self.error else [*causes, self.error]

    @property
    def replayed(self) -> list[str]:
        """The sources that the archive answered for."""
        return [slug for slug, one in self.sources.items() if one.replayed]


def what_came_of(day: str, slugs: Sequence[str], run: RunState | None) -> DayOutcome:
    """Return what came of `day` for the sources `slugs`; `run` is its newest run, over, or None without one."""
    if run is None:
        return DayOutcome(day, "not started", None, {slug: SourceOutcome("unread") for slug in slugs})
    made = {one.asset: one for one in run.made}
    sources = {slug: _source(slug, made, run.failed_checks) for slug in slugs}
    nodes = made.get("knowledge_nodes")
    return DayOutcome(
        day,
        _ENDED_AS.get(run.status) or (DONE if all(one.read for one in sources.values()) else "partly done"),
        run.run_id,
        sources,
        int(nodes.numbers["dagster/partition_row_count"]) if nodes else None,
        run.error,
    )


def _source(slug: str, made: Mapping[str, Made], failed_checks: Mapping[str, str]) -> SourceOutcome:
    key = f"{_SOURCE}{slug}"
    if key in made:
        return _read(made[key])
    skipped: Mapping[str, Any] = made["entries"].facts.get("sources_skipped", {}) if "entries" in made else {}
    if slug in skipped:
        return SourceOutcome("skipped", cause=skipped[slug])
    if key in failed_checks:
        return SourceOutcome("failed", cause=failed_checks[key])
    return SourceOutcome("unread")


def _read(made: Made) -> SourceOutcome:
    return SourceOutcome(
        str(made.facts.get("outcome", "ok")),
        new=int(made.numbers.get("new", 0)),
        updated=int(made.numbers.get("updated", 0)),
        unchanged=int(made.numbers.get("unchanged", 0)),
        left_over=int(made.numbers.get("skipped", 0)),
        replayed=bool(made.facts.get("replayed_from_archive")),
    )
