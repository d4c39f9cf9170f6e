"""The page while the knowledge database does not answer: it says so, and what can still be known."""

from datetime import datetime
from typing import Final

from pake_pipelines.model.dagster_facts import DagsterFacts
from pake_pipelines.reports.document import Document, Figure, Figures, Section
from pake_pipelines.reports.parts.dagster_section import dagster_section
from pake_pipelines.reports.status import automation
from pake_pipelines.reports.status.page import NAME, TITLE
from pake_pipelines.reports.status.verdict import Overall, Word

_SAID: Final = "the knowledge database cannot be read"


def build_without_database(
    why: str, facts: DagsterFacts | None, now: datetime, dagster: str, last_known: str | None
) -> tuple[Document, Overall]:
    """Return the page; `why` is what the attempt said, `last_known` how everything stood when it last answered."""
    overall = Overall(Word.CRITICAL, [_SAID])
    sections = [
        Section("automation", "Automation", [Figures("automation", [automation.scheduler(facts)])]),
        dagster_section(facts, dagster),
        automation.schedules(facts, now, dagster),
    ]
    before: list[Figure] = [] if last_known is None else [Figure("stood before", last_known)]
    missing = [f"Services, alerts, incidents, items, backups, forecasts: {why}"]
    lead = f"{_SAID}: {why}"
    return Document(NAME, TITLE, now, overall.tone, lead, sections, figures=before, missing=missing), overall
