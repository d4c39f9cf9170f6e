"""What a series is called as a heading, or at the beginning of a row."""

from collections.abc import Mapping

from pake_pipelines.reports.advice.series import series_name


def series_title(metric: str, labels: Mapping[str, str] | None = None) -> str:
    """Return the series in words that begin with a capital: `Disk usage /srv`."""
    name = series_name(metric, labels)
    return name[:1].upper() + name[1:]
