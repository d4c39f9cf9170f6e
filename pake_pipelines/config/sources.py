"""Typed form of `sources.yaml`: the sources, the schedules that read them, and the manners of reading."""

import re
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from pake_pipelines.config.frequency import frequency_to_cron
from pake_pipelines.config.section import Section

ALL_ENABLED = "all_enabled"
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,60}[a-z0-9])?")


class Kind(StrEnum):
    """What a source is read with."""

    FEED = "feed"
    FOLDER = "folder"
    WEBPAGE = "webpage"
    MAILBOX = "mailbox"


READABLE_KINDS = frozenset({Kind.FEED, Kind.FOLDER})


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("expected an http:// or https:// address with a host")
    if parts.username or parts.password:
        raise ValueError("an address must not carry credentials; anybody who reads a log would have them")
    try:
        _ = parts.port
    except ValueError:
        # urlsplit's own message repeats the text, and that may be a password with a slash in it
        raise ValueError("expected a number as the address's port") from None
    return url


def _slug(text: str) -> str:
    if not _SLUG.fullmatch(text):
        raise ValueError(f"{text!r} is not a slug: lower-case letters, digits and inner hyphens, at most 62")
    return text


def _cron_able(text: str) -> str:
    frequency_to_cron(text)
    return text


WebAddress = Annotated[str, AfterValidator(_web_address)]
Slug = Annotated[str, AfterValidator(_slug)]
Frequency = Annotated[str, AfterValidator(_cron_able)]


class Source(Section):
    """One place that items come from. A feed has a `url` or a `path`, a folder a `path`, a web page a `url`."""

    name: str = Field(min_length=1)
    kind: Kind
    url: WebAddress | None = None
    path: str | None = None
    authority: str = "unknown"
    tags: tuple[str, ...] = ()
    enabled: bool = True
    disabled_because: str | None = None
    max_items_per_run: int = Field(default=1000, ge=1)

    @model_validator(mode="after")
    def _complete(self) -> "Source":
        if not self.enabled and not self.disabled_because:
            raise ValueError("a disabled source says why: disabled_because is missing")
        if self.enabled and self.kind not in READABLE_KINDS:
            readable = ", ".join(sorted(READABLE_KINDS))
            raise ValueError(f"kind {self.kind} cannot be read yet, so it cannot be enabled (readable: {readable})")
        if self.enabled:
            self._check_address()
        return self

    def _check_address(self) -> None:
        if self.kind is Kind.FOLDER and not self.path:
            raise ValueError("a folder needs a path")
        if self.kind is Kind.FEED and (self.url is None) == (self.path is None):
            raise ValueError("a feed needs either a url or a path, one of the two")

    @property
    def address(self) -> str:
        """Where the source is read from, for people."""
        return self.url or self.path or ""


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


class Http(Section):
    """Manners and limits of every request for content; times in seconds, sizes in bytes after decompression."""

    user_agent: str
    connect_seconds: float = Field(gt=0)
    total_seconds: float = Field(gt=0)
    max_bytes: int = Field(gt=0)
    max_redirects: int = Field(ge=0)
    attempts: int = Field(ge=1, le=10)
    allow_private_hosts: tuple[str, ...]


class SourcesConfig(Section):
    """The whole of `sources.yaml`. `first_day` is the first daily partition."""

    first_day: date
    max_concurrent_sources: int = Field(ge=1)
    http: Http
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
