"""Typed form of `sources.yaml`: the sources, the schedules that read them, and the manners of reading."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pake_pipelines.config.frequency import Frequency, frequency_to_cron
from pake_pipelines.config.manners import Failures, Http, Parsing, Polling, Redirects
from pake_pipelines.config.section import Section
from pake_pipelines.config.source_kinds import Source

ALL_ENABLED = "all_enabled"
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,60}[a-z0-9])?")


def _slug(text: str) -> str:
    if not _SLUG.fullmatch(text):
        raise ValueError(f"{text!r} is not a slug: lower-case letters, digits and inner hyphens, at most 62")
    return text


Slug = Annotated[str, AfterValidator(_slug)]


class Schedule(Section):
    """When some sources are read (ING-01..06); `sources` may be `all_enabled`."""

    name: str = Field(min_length=1)
    sources: tuple[str, ...] | Literal["all_enabled"]
    frequency: Frequency
    enabled: bool
    priority: Literal["high", "medium", "low", "maintenance"]
    max_items_per_run: int = Field(ge=1)
    full_reprocess: bool = False

    @property
    def cron(self) -> str:
        """The schedule's five-field cron expression, in UTC."""
        return frequency_to_cron(self.frequency)


class SourcesConfig(Section):
    """The whole of `sources.yaml`. `first_day` is the first daily partition."""

    first_day: date
    max_concurrent_sources: int = Field(ge=1)
    http: Http
    polling: Polling
    redirects: Redirects
    failures: Failures
    parsing: Parsing
    authorities: dict[str, Annotated[float, Field(ge=0, le=1)]]
    sources: dict[Slug, Source]
    schedules: dict[Slug, Schedule]

    def faults(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield (key path, message) for every reference between the parts that leads nowhere."""
        for slug, source in self.sources.items():
            if source.authority not in self.authorities:
                known = ", ".join(self.authorities)
                yield ("sources", slug, "authority"), f"unknown authority {source.authority!r} (known: {known})"
        for slug, schedule in self.schedules.items():
            if schedule.sources == ALL_ENABLED:
                continue
            for name in schedule.sources:
                if name not in self.sources:
                    yield ("schedules", slug, "sources"), f"no such source: {name!r}"

    @property
    def enabled(self) -> dict[str, Source]:
        """The enabled sources by slug, in file order."""
        return {slug: source for slug, source in self.sources.items() if source.enabled}

    def read_by(self, schedule: Schedule) -> tuple[str, ...]:
        """Return the slugs of the enabled sources that `schedule` reads."""
        if schedule.sources == ALL_ENABLED:
            return tuple(self.enabled)
        return tuple(slug for slug in schedule.sources if self.sources[slug].enabled)

    @property
    def urgent(self) -> tuple[str, ...]:
        """The slugs of the enabled sources that some enabled schedule of high priority reads."""
        schedules = [one for one in self.schedules.values() if one.enabled and one.priority == "high"]
        return tuple(dict.fromkeys(slug for schedule in schedules for slug in self.read_by(schedule)))
