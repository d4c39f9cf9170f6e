"""The sections with the figures in four groups: system, performance, intelligence and business (ANA-01)."""

from collections.abc import Sequence

from pake_pipelines.reports.amounts import amount
from pake_pipelines.reports.document import Figure, Figures, Section, Tone
from pake_pipelines.reports.insights.figures import DAYS, PERFORMANCE, SYSTEM, Groups, Insights
from pake_pipelines.reports.parts.series_names import series_title
from pake_pipelines.store.intake_statistics import Serving
from pake_pipelines.store.metric_windows import Window


def groups(told: Insights) -> list[Section]:
    """Return a section for each group, each figure with its time."""
    found = told.groups
    return [
        Section("intelligence", "Knowledge", [Figures("intelligence", _intelligence(told))]),
        Section("business", "What comes of it", [Figures("business", _business(told))]),
        _group("performance", "Performance in the last 24 hours", found, PERFORMANCE, "application_metrics"),
        _group("system", "The machine in the last 24 hours", found, SYSTEM, "system_metrics"),
    ]


def _group(key: str, title: str, found: Groups, metrics: Sequence[str], asset: str) -> Section:
    figures = _metrics(found, metrics, asset)
    return Section(key, title, [Figures(key, figures)] if figures else [], _missing(found, metrics))


def _missing(found: Groups, metrics: Sequence[str]) -> list[str]:
    silent = [name for name in metrics if not any(one.metric == name for one in found.windows)]
    return [f"Not sampled in the last 24 hours: {', '.join(map(series_title, silent))}."] if silent else []


def _metrics(found: Groups, metrics: Sequence[str], asset: str) -> list[Figure]:
    return [
        Figure(series_title(one.metric, one.labels), one.value, one.unit, _tone(one), _note(one), one.at, asset)
        for metric in metrics
        for one in found.windows
        if one.metric == metric
    ]


def _tone(one: Window) -> Tone:
    return Tone.UNKNOWN if one.value is None else Tone.PLAIN


def _note(one: Window) -> str:
    return one.why if one.mean is None else f"{amount(one.mean, one.unit)} on average"


def _intelligence(told: Insights) -> list[Figure]:
    found, at = told.groups, told.made_at
    return [
        Figure("Knowledge nodes", found.statistics.total_items, "count", at=at),
        Figure("Mean confidence", found.statistics.avg_confidence, "", at=at, asset="qa_report"),
        Figure("Duplicates found", found.duplicates, "count", note=f"in {DAYS} days", at=at),
        Figure("Connections made", found.connections, "count", note=f"in {DAYS} days", at=at),
    ]


def _business(told: Insights) -> list[Figure]:
    found, at = told.groups, told.made_at
    total, intake, serving = found.statistics.total_items, found.intake, found.serving
    per_day = (intake.new + intake.updated) / DAYS if intake.visits else None
    return [
        Figure("Items a day", per_day, "count", note=f"mean of {DAYS} days", at=at),
        Figure("Verified", found.statistics.verified_items / total if total else None, "share", at=at,
               asset="qa_report"),
        Figure("Pass rate", found.statistics.pass_rate, "percent", note="items that no rule failed", at=at),
        Figure("Sources that serve", serving.serving, "count", note=_of_sources(serving), at=at),
    ]  # fmt: skip


def _of_sources(found: Serving) -> str:
    return f"of {amount(found.enabled, 'count')} switched on" if found.enabled else "none is switched on"
