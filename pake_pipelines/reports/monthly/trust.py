"""Sections of the monthly report on what came in and how far it can be trusted."""

from collections.abc import Sequence

from pake_pipelines.reports.amounts import amount, counted
from pake_pipelines.reports.document import BarChart, Block, Column, Figure, Figures, Layer, Section, Table, Tone, Value
from pake_pipelines.reports.monthly.figures import Monthly, came_to, errors_by_kind
from pake_pipelines.reports.parts.binned import counts
from pake_pipelines.reports.parts.periods import versus


def intake(told: Monthly) -> Section:
    """Return what came in, and what failed of it."""
    found, before, period = told.month.intake, told.before.intake, told.period
    if not found.visits:
        return Section("intake", "What came in", [_errors(told)], [f"No source was read in {period.title}."])
    known = before.visits > 0
    fresh = sum(one.first_visit for one in told.sources)
    shown = [
        Figure("New items", found.new, "count", note=versus(found.new, before.new if known else None, "count", period)),
        Figure("Updated items", found.updated, "count",
               note=versus(found.updated, before.updated if known else None, "count", period)),
        Figure("Visits that failed", found.failed / found.visits, "share",
               note=f"{amount(found.failed, 'count')} of {amount(found.visits, 'count')}"),
        Figure("Unreadable entries", found.dead_letters, "count",
               note=versus(found.dead_letters, before.dead_letters if known else None, "count", period)),
        Figure("Sources read", found.sources, "count", note=f"{amount(fresh, 'count')} for the first time"),
        Figure("Duplicates found", sum(one.duplicates for one in told.found), "count"),
        Figure("Connections made", sum(one.connections for one in told.found), "count"),
    ]  # fmt: skip
    starts = period.starts()
    layers = [
        Layer("new", Tone.GOOD, counts(told.intake, starts, lambda one: one.new)),
        Layer("updated", Tone.NOTICE, counts(told.intake, starts, lambda one: one.updated)),
        Layer("unreadable", Tone.BAD, counts(told.intake, starts, lambda one: one.dead_letters)),
    ]
    blocks: list[Block] = [
        Figures("intake", shown),
        BarChart("items", "Items by day", "count", starts, layers),
        _errors(told),
    ]
    return Section("intake", "What came in", blocks)


def _errors(told: Monthly) -> Table:
    now, before = errors_by_kind(told.month.errors), errors_by_kind(told.before.errors)
    kinds = [*now, *(kind for kind in before if kind not in now)]
    columns = [
        Column("kind", "What failed"), Column("count", "How often", "count"),
        Column("before", f"In {told.period.before}", "count"), Column("most", "Most often"), Column("last_at", "Last"),
    ]  # fmt: skip
    rows: list[list[Value]] = []
    for kind in kinds:
        some = [one for one in told.month.errors if one.kind == kind]
        most = max(some, key=lambda one: one.count, default=None)
        last = max((one.last_at for one in some), default=None)
        named = f"{most.subject or kind} ({counted(most.count, 'time', 'times')})" if most else "-"
        rows.append([kind.replace("_", " "), now.get(kind, 0), before.get(kind, 0), named, last or "-"])
    return Table("errors", columns, rows, "Nothing that is kept on record failed.", "Errors by kind")


def trust(told: Monthly) -> Section:
    """Return how nodes were judged at the end of the month and at that of the one before, and what changed."""
    now, before, period = told.month.standing, told.before.standing, told.period
    if not now.total:
        return Section("trust", "How far it can be trusted", [], ["No item had been judged by then."])
    shown = [
        Figure("Items", now.total, "count", note=versus(now.total, before.total or None, "count", period)),
        Figure(
            "Verified",
            now.verified,
            "count",
            note=versus(now.verified, before.verified if before.total else None, "count", period),
        ),
        Figure("Wait for a person", now.pending + now.quarantined, "count"),
        Figure("Rejected", now.rejected, "count"),
        Figure("Mean confidence", now.average, "", note=versus(now.average, before.average, "", period)),
        Figure(
            "Pass rate now", told.statistics.pass_rate, "percent", note="items that no rule failed", at=told.made_at
        ),
    ]
    starts = period.starts()
    layers = [
        Layer(name, tone, counts([one for one in told.month.changes if one.new == name], starts, lambda one: one.nodes))
        for name, tone in (("verified", Tone.GOOD), ("pending", Tone.NOTICE), ("rejected", Tone.BAD))
    ]
    chart = BarChart("verdicts", "Verdicts by day", "count", starts, layers)
    return Section("trust", "How far it can be trusted", [Figures("trust", shown), chart, _changes(told)])


def _changes(told: Monthly) -> Table:
    now, before = came_to(told.month.changes), came_to(told.before.changes)
    columns = [
        Column("from", "From"), Column("to", "To"), Column("nodes", "Items", "count"),
        Column("before", f"In {told.period.before}", "count"),
    ]  # fmt: skip
    pairs = [*now, *(pair for pair in before if pair not in now)]
    rows: list[list[Value]] = [
        [old or "new", new, now.get((old, new), 0), before.get((old, new), 0)] for old, new in pairs
    ]
    return Table("verdict_changes", columns, rows, "No verdict changed.", "Changes of verdict")


def sources(told: Monthly) -> Section:
    """Return every source; the page shows those that brought most or failed most, JSON and CSV have all."""
    columns = [
        Column("source", "Source"), Column("kind", "Kind"), Column("visits", "Visits", "count"),
        Column("failed", "Failed", "count"), Column("new", "New", "count"), Column("updated", "Updated", "count"),
        Column("dead_letters", "Unreadable", "count"), Column("nodes", "Nodes made", "count"),
        Column("verified", "Verified", "count"), Column("rejected", "Rejected", "count"),
        Column("average", "Mean confidence"), Column("enabled", "Switched on"), Column("first_visit", "New here"),
        Column("key", "Key"),
    ]  # fmt: skip
    ordered = sorted(told.sources, key=lambda one: (-one.new, -one.failed, one.name, one.source))
    rows: Sequence[Sequence[Value]] = [
        [one.name, one.kind, one.visits, one.failed, one.new, one.updated, one.dead_letters, one.nodes, one.verified,
         one.rejected, one.average if one.nodes else "-", one.enabled, one.first_visit, one.source]
        for one in ordered
    ]  # fmt: skip
    return Section("sources", "Sources", [Table("sources", columns, rows, "There are no sources.", most=25)])
