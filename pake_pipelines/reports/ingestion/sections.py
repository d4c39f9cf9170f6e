"""The ingestion report as a document: what the run read, the day before it, who is not asked, and who comes next."""

from collections.abc import Iterable, Mapping
from typing import Final

from pake_pipelines.reports.amounts import counted
from pake_pipelines.reports.document import (
    BarChart,
    Block,
    Column,
    Document,
    Figure,
    Figures,
    Layer,
    Prose,
    Section,
    Table,
    Tag,
    Tone,
    Value,
)
from pake_pipelines.reports.ingestion.report import Ingested, IngestionReport
from pake_pipelines.store.statistics import Visits
from pake_pipelines.store.visits import RunVisit

_SOURCE: Final = Column("source", "Source")
_COUNTS: Final = (
    Column("new", "New", "count"), Column("updated", "Updated", "count"), Column("dead_letters", "Unreadable", "count"),
)  # fmt: skip
_TONES: Final[Mapping[str, Tone]] = {
    "ok": Tone.GOOD, "unchanged": Tone.PLAIN, "failed": Tone.BAD, "resting": Tone.WARN, "waiting": Tone.NOTICE,
    "ended": Tone.WARN,
}  # fmt: skip


def document(report: IngestionReport) -> Document:
    """Return the report."""
    total = report.window.total
    tone = Tone.WARN if total.errors else Tone.GOOD if total.succeeded else Tone.UNKNOWN
    return Document(
        "ingestion_report", "Ingestion report", report.made_at, tone, _lead(report),
        [_run(report.run), _day(report), _ahead(report), _runs(report)],
        since=report.window.since, until=report.made_at, figures=_figures(report),
    )  # fmt: skip


def _lead(report: IngestionReport) -> str:
    total = report.window.total
    if total.success_rate is None:
        return "No source was read within 24 hours."
    sources = counted(len(report.window.by_source), "source", "sources")
    failed = counted(total.errors, "visit failed", "visits failed")
    return f"{counted(total.processed, 'item', 'items')} from {sources} within 24 hours, {failed}."


def _figures(report: IngestionReport) -> list[Figure]:
    total, sources = report.window.total, len(report.window.by_source)
    visits = total.succeeded + total.errors
    return [
        Figure("Items processed", total.processed, "count", note="new, or in a new version"),
        Figure("Visits that went well", total.success_rate, "share", _rated(total.success_rate),
               f"of {counted(visits, 'visit', 'visits')} in 24 hours"),
        Figure("Visits that failed", total.errors, "count", Tone.WARN if total.errors else Tone.PLAIN),
        Figure("Sources visited", sources, "count"),
    ]  # fmt: skip


def _rated(rate: float | None) -> Tone:
    return Tone.UNKNOWN if rate is None else Tone.GOOD if rate == 1 else Tone.WARN


def _run(run: Ingested) -> Section:
    title = "The run"
    if not run.run_id:
        return Section("run", title, [], ["No run has read a source yet."])
    blocks: list[Block] = [Prose(f"Run {run.run_id}.")]
    if run.visits or run.skipped:
        shown = [
            Figure("Sources asked", len(run.visits), "count"),
            Figure("Items processed", run.processed, "count"),
            Figure("Failed", len(run.failed), "count", Tone.BAD if run.failed else Tone.PLAIN),
            Figure("Passed over", len(run.skipped), "count"),
        ]
        blocks.append(Figures("run", shown))
    blocks.append(_visits(run.visits, "It asked no source."))
    if run.skipped:
        rows = list(run.skipped.items())
        blocks.append(Table("passed_over", [_SOURCE, Column("why", "Why")], rows, title="Passed over", most=300))
    return Section("run", title, blocks)


def _visits(visits: Iterable[RunVisit], empty: str) -> Table:
    columns = [
        _SOURCE, Column("outcome", "Outcome"), *_COUNTS, Column("unchanged", "Unchanged", "count"),
        Column("found", "Found", "count"), Column("error", "It said"),
    ]  # fmt: skip
    rows: list[list[Value]] = [
        [one.source, Tag(one.outcome, _TONES.get(one.outcome, Tone.UNKNOWN)), one.new, one.updated, one.dead_letters,
         one.unchanged, one.found, one.error or "-"]
        for one in visits
    ]  # fmt: skip
    return Table("visits", columns, rows, empty, most=300)


def _day(report: IngestionReport) -> Section:
    layers = [
        Layer("went well", Tone.NOTICE, [one.succeeded for one in report.hours]),
        Layer("failed", Tone.BAD, [one.errors for one in report.hours]),
    ]
    columns = [
        _SOURCE, Column("visits", "Visits", "count"), Column("failed", "Failed", "count"),
        Column("success_rate", "Went well", "share"), *_COUNTS,
    ]  # fmt: skip
    rows = [_source(*pair) for pair in sorted(report.window.by_source.items(), key=lambda pair: -pair[1].errors)]
    blocks: list[Block] = [
        BarChart("hours", "Visits by hour", "count", [one.since for one in report.hours], layers),
        Table("sources", columns, rows, "No source was visited.", "Sources, those that failed most first", most=300),
    ]
    return Section("day", "The last 24 hours", blocks)


def _source(source: str, one: Visits) -> list[Value]:
    return [source, one.succeeded + one.errors, one.errors, one.success_rate, one.new, one.updated, one.dead_letters]


def _ahead(report: IngestionReport) -> Section:
    stopped: list[list[Value]] = [[one.source, Tag(one.state, _TONES[one.state]), one.why] for one in report.stopped]
    due: list[list[Value]] = [[one.at, one.source, one.because] for one in report.due]
    why = Column("why", "Why")
    return Section("ahead", "What comes next", [
        Table("not_asked", [_SOURCE, Column("state", "State"), why], stopped, "No source is held back.",
              "Not asked at present", most=300),
        Table("next", [Column("at", "Not before"), _SOURCE, why], due, "Of no source is the next time known.", "Next",
              most=300),
    ])  # fmt: skip


def _runs(report: IngestionReport) -> Section:
    columns = [
        Column("finished_at", "Ended"), Column("sources", "Sources", "count"),
        Column("processed", "Items processed", "count"), Column("failed", "Failed", "count"), Column("run_id", "Run"),
    ]  # fmt: skip
    rows: list[list[Value]] = [
        [one.finished_at, one.sources, one.visits.processed, one.visits.errors, one.run_id]
        for one in report.window.recent_runs
    ]
    return Section("runs", "The newest runs", [Table("recent_runs", columns, rows, "None.")])
