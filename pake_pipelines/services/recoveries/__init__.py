"""Kinds of recovery (SVC-25..31): what each of them does, and how one tells whether it has helped."""

from collections.abc import Mapping
from typing import Final

from pake_pipelines.services.recoveries import (
    cache_tier_failure,
    high_memory_usage,
    low_hit_ratio,
    performance_degradation,
)
from pake_pipelines.services.recoveries.case import Kind

KINDS: Final[Mapping[str, Kind]] = {
    "cache_tier_failure": cache_tier_failure,
    "high_memory_usage": high_memory_usage,
    "low_hit_ratio": low_hit_ratio,
    "performance_degradation": performance_degradation,
}
