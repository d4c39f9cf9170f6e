"""`pake analytics trends`, `windows` and `frequencies`: what the last analyses came to."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from rich.text import Text

from pake_pipelines.cli.ages import ago, lasting
from pake_pipelines.cli.console import out, print_json
from pake_pipelines.cli.metric_view import shown_value
from pake_pipelines.cli.sources.options import Json, ask
from pake_pipelines.cli.tables import Rows
from pake_pipelines.settings import get_settings
from pake_pipelines.store import analyses
from pake_pipelines.store.analyses import Analysis
from pake_pipelines.store.database import Connection

_COLOURS: Final = {"improving": "green", "declining": "red", "stable": "", "insufficient": "dim"}
_UNKNOWN: Final = "-"


def trends(as_json: Json = False) -> None:
    """Show where health and figures went over 7 and 30 days, and within the last day."""
    found = _read("trend", "trends", as_json=as_json)
    if not found:
        return
    table = Rows(
        "figure", "7 days", "by", "30 days", "by", "mean of 30 days", "last day", folding={"figure", "last day"}
    )
    for name, one in sorted(found.items(), key=lambda pair: (pair[0] != "health", pair[0])):
        week, month, unit = one.result["week"], one.result["month"], one.result["unit"]
        table.add_row(
            name, _direction(week), _change(week, unit), _direction(month), _change(month, unit),
            shown_value(month["mean"], unit), _last_day(one.result.get("day") or {}),
        )  # fmt: skip
    out.print(table)


def windows(as_json: Json = False) -> None:
    """Show in which hours upkeep disturbs least."""
    for name, one in _read("quiet_hours", "windows", as_json=as_json).items():
        result = one.result
        if result["start_hour"] is None:
            out.print(Text(f"no quiet hours by {name}: {result['reason']}"), soft_wrap=True)
            continue
        end = (result["start_hour"] + result["hours"]) % 24
        out.print(
            f"quiet from {result['start_hour']:02}:00 to {end:02}:00 UTC, so on {result['confidence']:.0%} of "
            f"{result['days']} days; {name} is then at {result['impact']:.0%} of its daily average",
            soft_wrap=True,
        )


def frequencies(as_json: Json = False) -> None:
    """Show how often frequent work is needed, by its last runs, beside how often it runs."""
    found = _read("frequency", "frequencies", as_json=as_json)
    if not found:
        return
    columns = ("task or schedule", "runs every", "recommended", "score", "follows", "why")
    table = Rows(*columns, folding={"task or schedule", "why"})
    for name, one in found.items():
        result = one.result
        table.add_row(
            name, _every(result["current_seconds"]), _every(result["recommended_seconds"]),
            _UNKNOWN if result["score"] is None else f"{result['score']:.2f}", "yes" if result["follows"] else "no",
            Text(result["reason"], "dim"),
        )  # fmt: skip
    out.print(table)


def _read(kind: str, name: str, *, as_json: bool) -> Mapping[str, Analysis]:
    """Return what stands of a kind; prints it as JSON, or that there is nothing, and returns nothing then."""

    async def latest(connection: Connection) -> dict[str, Analysis]:
        return await analyses.latest(connection, kind)

    found = ask(get_settings(), latest)
    if as_json:
        print_json({subject: {"made_at": one.made_at, **one.result} for subject, one in found.items()})
        return {}
    if not found:
        out.print(f"nothing is known yet: `pake analytics run {name}` does it now")
        return {}
    out.print(f"as of {ago(max(one.made_at for one in found.values()), datetime.now(UTC))}")
    return found


def _direction(window: Mapping[str, Any]) -> Text:
    word = window["judged"] or window["direction"]
    return Text(word, _COLOURS.get(word, ""))


def _change(window: Mapping[str, Any], unit: str) -> str:
    change = window["change"]
    return _UNKNOWN if change is None else f"{'+' if change > 0 else ''}{shown_value(change, unit)}"


def _last_day(day: Mapping[str, Any]) -> Text:
    word, rate = day.get("judged"), day.get("rate_percent")
    if word is None:
        return Text(_UNKNOWN)
    return Text(word if rate is None else f"{word} ({rate:+.1f} %)", _COLOURS.get(word, ""))


def _every(seconds: float) -> str:
    return lasting(timedelta(seconds=seconds))
