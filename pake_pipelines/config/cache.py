"""Typed form of `cache` in `maintenance.yaml`: when the cache is cleaned, how far, and by which policy."""

from typing import Literal

from pydantic import Field

from pake_pipelines.config.section import Faults, Section

Policy = Literal["lru", "lfu", "gdsf", "sieve", "s3-fifo", "ttl"]


class CacheRules(Section):
    """Bounds of the smart clean-up (CCH-01..06) and of what is kept."""

    enabled: bool = True
    aggressive_above: int = Field(1500, ge=1, description="more entries than this: aggressive")
    moderate_above: int = Field(1000, ge=1, description="more than this and little used of late: moderate")
    little_used: int = Field(50, ge=0, description="so many accesses in the last hour are little")
    low_hit_ratio_percent: float = Field(60, ge=0, le=100, description="below it: targeted")
    target_entries: int = Field(1000, ge=1, description="what aggressive clean-up leaves")
    max_bytes: int = Field(10_485_760, ge=1, description="above it large values are compressed and low-access ones go")
    policy: Policy | Literal["auto"] = Field("auto", description="auto: the best of a replay of the access log")
    keep_accesses: int = Field(200_000, ge=1000, description="so much of the access log is kept")
    ttl_days: dict[str, float] = Field(default_factory=dict, description="category -> days that an entry is believed")
    redis_url_env: str = Field(
        "UPSTASH_REDIS_URL",
        description="with this variable set, Redis is a tier in front, as the service that is probed by it",
    )

    def faults(self) -> Faults:
        """Yield bounds in the wrong order."""
        if self.moderate_above > self.aggressive_above:
            yield ("moderate_above",), f"must not be more than aggressive_above ({self.aggressive_above})"
