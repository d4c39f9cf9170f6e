"""Typed form of the manners of reading in `sources.yaml`: HTTP, polling, failures, parsing."""

from typing import Annotated

from pydantic import AfterValidator, Field

from pake_pipelines.config.section import Section
from pake_pipelines.config.source_kinds import web_address


class Rate(Section):
    """A token bucket: so many requests a minute on average, at most `burst` at once (ING-12)."""

    requests_per_minute: float = Field(gt=0)
    burst: int = Field(ge=1)


class Http(Section):
    """Limits of every request for content; times in seconds, sizes in bytes after decompression.

    `rate` holds for every host; `rates` names hosts with a rate of their own, which their sub-domains share.
    """

    user_agent: str
    connect_seconds: float = Field(gt=0)
    read_seconds: float = Field(gt=0)
    total_seconds: float = Field(gt=0)
    max_bytes: int = Field(gt=0)
    max_redirects: int = Field(ge=0)
    attempts: int = Field(ge=1, le=10)
    ports: tuple[int, ...]
    allow_private_hosts: tuple[str, ...]
    proxy: Annotated[str, AfterValidator(web_address)] | None = None
    rate: Rate
    rates: dict[str, Rate]


class Polling(Section):
    """How often a schedule asks one source: by its own rhythm, and never against what the server says.

    `min_minutes_unconditional` holds instead of `min_minutes` where a feed comes without validators.

    The interval is the mean time between its items divided by `factor`, within the bounds; `max_fresh_hours` clamps
    what Cache-Control, Expires and ttl ask for, `max_wait_hours` what Retry-After asks for.
    """

    min_minutes: float = Field(ge=0)
    min_minutes_unconditional: float = Field(ge=0)
    max_hours: float = Field(gt=0)
    factor: float = Field(gt=0)
    max_fresh_hours: float = Field(ge=0)
    max_wait_hours: float = Field(gt=0)


class Redirects(Section):
    """A permanent redirect is believed after so many visits in a row over so many days, if its target is a feed."""

    learn_after_visits: int = Field(ge=1)
    learn_after_days: float = Field(ge=0)


class Failures(Section):
    """After `error_threshold` failures in a row a source rests, the n-th time for multiplier^n hours (ING-10)."""

    error_threshold: int = Field(ge=1)
    backoff_multiplier: float = Field(gt=1)
    max_backoff_hours: float = Field(gt=0)


class Parsing(Section):
    """Caps on parsing one body in its worker process; time in seconds, memory in megabytes."""

    deadline_seconds: float = Field(gt=0)
    memory_mb: int = Field(ge=100)
    max_items: int = Field(ge=1)
    workers: int = Field(ge=1)
