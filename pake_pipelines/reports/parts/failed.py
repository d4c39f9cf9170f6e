"""What failed, as tables: what is kept on record, and runs of Dagster."""

from collections.abc import Sequence
from typing import Final

from pake_pipelines.model.dagster_facts import DagsterFacts
from pake_pipelines.reports.document import Column, Link, Table, Value
from pake_pipelines.store.error_summary import ErrorCount

_LISTED: Final = 500
"""Where everything fails, so many say what is wrong: 10,000 sources made a file of 5 MB."""


def failures_table(key: str, errors: Sequence[ErrorCount]) -> Table:
    """Return failures, the most frequent of which come first."""
    columns = [
        Column("kind", "What failed"), Column("subject", "Whose"), Column("count", "How often", "count"),
        Column("last_at", "Last"), Column("says", "It said"),
    ]  # fmt: skip
    rows: list[list[Value]] = [
        [one.kind.replace("_", " "), one.subject, one.count, one.last_at, one.detail] for one in errors[:_LISTED]
    ]
    title = f"The {_LISTED} most frequent of {len(errors):,}" if len(errors) > _LISTED else ""
    return Table(key, columns, rows, "Nothing that is kept on record failed.", title, most=25)


def failed_runs_table(facts: DagsterFacts, dagster: str) -> Table:
    """Return the runs of the last day that failed; `dagster` is the address of Dagster's pages."""
    # of failures of which only the latest are read why: the facts have that of each job's last run
    why = {one.run_id: one.detail for one in facts.runs or ()}
    rows = [
        [one.job, Link(one.run_id[:8], f"{dagster}/runs/{one.run_id}"), one.ended_at, why.get(one.run_id) or one.detail]
        for one in facts.runs_of_last_day or ()
        if not one.succeeded
    ]
    columns = [
        Column("job", "Job"), Column("run", "Run"), Column("ended_at", "Ended"), Column("says", "It said"),
    ]  # fmt: skip
    empty = "None failed." if facts.runs_of_last_day is not None else "Nothing is known of the runs."
    return Table("failed_runs", columns, rows, empty, "Runs of Dagster that failed in the last 24 hours", most=25)
