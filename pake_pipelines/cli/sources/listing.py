"""`pake sources list`: every source, how it stands and why."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from rich.text import Text

from pake_pipelines.cli.console import err, out, print_json
from pake_pipelines.cli.sources.options import Json
from pake_pipelines.cli.summary import read_summary
from pake_pipelines.cli.tables import Rows
from pake_pipelines.config.loading import load_sources
from pake_pipelines.config.source_kinds import SourceBase
from pake_pipelines.settings import get_settings
from pake_pipelines.store.errors import StoreError

_STYLES: Final = {
    "ok": "green",
    "failing": "yellow",
    "resting": "red",
    "waiting": "yellow",
    "disabled": "dim",
    "never read": "dim",
    "unknown": "dim",
}


@dataclass(frozen=True, slots=True)
class State:
    """How a source stands, in a word and, where there is something to say, with the reason."""

    word: str
    why: str = ""


def list_sources(as_json: Json = False) -> None:
    """List all configured sources: how they stand and why, when they were last read and what they hold."""
    settings, now = get_settings(), datetime.now(UTC)
    config = load_sources(settings.configs)
    try:
        summaries, visits = read_summary(settings)
        known = True
    except StoreError as error:
        err.print(f"[dim]what came of visits is unknown: {error}[/]", soft_wrap=True)
        summaries, visits, known = [], [], False
    items = {summary.source: summary.items for summary in summaries}
    by_slug = {visit["source"]: visit for visit in visits}
    states = {
        slug: state_of(source, by_slug.get(slug), now) if known or not source.enabled else State("unknown")
        for slug, source in config.sources.items()
    }
    if as_json:
        print_json(
            [
                {
                    "slug": slug,
                    **source.model_dump(mode="json"),
                    "address": source.address,
                    "state": asdict(states[slug]),
                    "items": items.get(slug, 0) if known else None,
                    "last_visit": by_slug.get(slug),
                }
                for slug, source in config.sources.items()
            ]
        )
        return
    table = Rows("source", "kind", "items", "last success", "state", right={"items"})
    for slug, source in config.sources.items():
        visit = by_slug.get(slug) or {}
        table.add_row(
            Text(slug, style="" if source.enabled else "dim"),
            source.kind,
            items.get(slug, 0) if known else None,
            _moment(visit.get("succeeded_at")),
            _shown(states[slug]),
        )
    out.print(table)


def state_of(source: SourceBase, visit: Mapping[str, Any] | None, now: datetime) -> State:
    """Return how `source` stands; `visit` is its row of `store.runs.latest_visits`, None when it has none yet."""
    if not source.enabled:
        return State("disabled", source.disabled_because or "")
    if visit is None or (visit["outcome"] is None and not visit["ended_because"]):
        return State("never read")
    if visit["ended_because"]:
        return State("disabled", f"{visit['ended_because']}; `pake sources enable {visit['source']}` tries it again")
    failures = f"{_times(visit['consecutive_failures'])}: {visit['last_error']}"
    if visit["resting_until"] and visit["resting_until"] > now:
        return State("resting", f"until {_moment(visit['resting_until'])}, failed {failures}")
    if visit["wait_until"] and visit["wait_until"] > now:
        return State("waiting", f"until {_moment(visit['wait_until'])}, because the server asks for it")
    if visit["consecutive_failures"]:
        return State("failing", failures)
    return State("ok")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _moment(when: datetime | None) -> str:
    return f"{when:%d %b %H:%M} UTC" if when else ""


def _shown(state: State) -> Text:
    shown = Text(state.word, style=_STYLES[state.word])
    between = ": " if state.word == "disabled" else " "
    return shown.append(f"{between}{state.why}", style="dim") if state.why else shown
