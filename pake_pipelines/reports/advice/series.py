"""What a series is called in a sentence."""

from collections.abc import Mapping

from pake_pipelines.reports.strangers import shown

_ENDINGS = ("_percent", "_bytes", "_seconds", "_ms")
_SHORT = {"cpu": "CPU", "db": "database", "api": "API"}


def series_name(metric: str, labels: Mapping[str, str] | None = None) -> str:
    """Return the metric in words, without its unit, and what its labels name: `disk usage /srv`."""
    plain = next((metric.removesuffix(one) for one in _ENDINGS if metric.endswith(one)), metric)
    words = [_SHORT.get(word, word) for word in plain.split("_")]
    return " ".join([*words, *(shown(value, 60) for value in (labels or {}).values())])
