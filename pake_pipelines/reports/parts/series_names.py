"""What a series is called: in a sentence, and as a heading or at the beginning of a row."""

from collections.abc import Mapping
from typing import Final

from pake_pipelines.reports.strangers import shown

_ENDINGS: Final = ("_percent", "_bytes", "_seconds", "_ms")
_SHORT: Final = {"cpu": "CPU", "db": "database", "api": "API"}


def series_name(metric: str, labels: Mapping[str, str] | None = None) -> str:
    """Return the metric in words, without its unit, and what its labels name: `disk usage /srv`."""
    plain = next((metric.removesuffix(one) for one in _ENDINGS if metric.endswith(one)), metric)
    words = [_SHORT.get(word, word) for word in plain.split("_")]
    return " ".join([*words, *(shown(value, 60) for value in (labels or {}).values())])


def series_title(metric: str, labels: Mapping[str, str] | None = None) -> str:
    """Return the series in words that begin with a capital: `Disk usage /srv`."""
    name = series_name(metric, labels)
    return name[:1].upper() + name[1:]


def subject_name(subject: str) -> str:
    """Return in words the subject of an analysis: a metric and the values of its labels, or the health of services."""
    metric, _, label = subject.partition(" ")
    return "health of all services" if subject == "health" else series_name(metric, {"of": label} if label else {})
