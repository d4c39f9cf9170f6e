"""`pake links`: the addresses that items link to, how they stand, and asking them now."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final, Self, get_args
from uuid import uuid4

import typer
from rich.markup import escape
from rich.text import Text

from pake_pipelines.cli.console import err, fail, out, print_json
from pake_pipelines.cli.items import item_named
from pake_pipelines.cli.sources.options import Json, ask, named_source
from pake_pipelines.cli.tables import Rows
from pake_pipelines.config.loading import load_quality, load_sources
from pake_pipelines.model.link import LinkCheck, LinkState
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.run import Run
from pake_pipelines.reports.amounts import counted
from pake_pipelines.settings import get_settings
from pake_pipelines.sources.http.shown import shown
from pake_pipelines.store import link_views
from pake_pipelines.store.database import Connection, Database, open_database

if TYPE_CHECKING:
    from pake_pipelines.pipeline.run import StageResult

app = typer.Typer(help="The addresses that items link to: how they stand, and asking them now.", no_args_is_help=True)

_STYLES: Final[dict[str, str]] = {"working": "green", "broken": "red", "unknown": "yellow", "skipped": "dim"}
_STATES: Final = ", ".join(get_args(LinkState))


@app.command("list")
def list_links(
    state: Annotated[str | None, typer.Option(help=f"Only those in this state: {_STATES}.")] = None,
    source: Annotated[str | None, typer.Option(metavar="NAME", help="Only those in items of this source.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many addresses.")] = 50,
    as_json: Json = False,
) -> None:
    """List the addresses that items link to, the broken ones first, then those of which nothing can be told."""
    settings = get_settings()
    chosen: LinkState | None = next((one for one in get_args(LinkState) if one == state), None)
    if state is not None and chosen is None:
        fail(f"no state {state!r}", hint=f"known: {_STATES}")
    if source is not None:
        named_source(load_sources(settings.configs), source)
    rules = load_quality(settings.configs).links
    lines = ask(
        settings,
        lambda connection: link_views.list_links(
            connection, rules.max_per_item, state=chosen, source=source, limit=limit
        ),
    )
    if as_json:
        print_json([asdict(line) for line in lines])
        return
    if not rules.check_external:
        err.print("[yellow]links are not asked: links.check_external is off[/]")
    if not lines:
        out.print("no links" if state is None else f"no link is {state}")
        return
    columns = ("state", "address", "what is known", "items", "asked", "next")
    table = Rows(*columns, right={"items"}, folding={"address", "what is known"})
    for line in lines:
        table.add_row(
            Text(line.state, _STYLES[line.state]),
            shown(line.url),
            Text(line.detail, "dim"),
            line.items,
            _moment(line.checked_at),
            _moment(line.next_check_at),
        )
    out.print(table)
    if len(lines) == limit:
        err.print(f"[dim]the first {limit}; --limit shows more[/]")


@app.command()
def check(
    urls: Annotated[list[str] | None, typer.Argument(metavar="[URL]...", help="Addresses to ask.")] = None,
    item: Annotated[str | None, typer.Option(metavar="ID", help="Ask the links of this item.")] = None,
    due: Annotated[bool, typer.Option("--due", help="Ask what is due, as the schedule does.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Ask and show; nothing is kept.")] = False,
    as_json: Json = False,
) -> None:
    """Ask links now. What comes of addresses that no item links to is shown and not kept."""
    if sum((bool(urls), item is not None, due)) != 1:
        fail("say what to ask: addresses, --item or --due", hint="for example `pake links check https://example.com`")
    if due and dry_run:
        fail("--due is about what is kept: it has no --dry-run", hint="`pake links list` shows what is due when")
    for url in urls or ():
        if not url.lower().startswith(("http://", "https://")):
            fail(f"{url!r} is no web address", hint="an address begins with http:// or https://")
    if due:
        _say_due(*asyncio.run(_check_due()), as_json=as_json)
    else:
        _say_checked(*asyncio.run(_check(urls or [], item, dry_run=dry_run)), as_json=as_json)


class _Progress:
    """Counts what was told, visibly while it lasts."""

    def __init__(self) -> None:
        self.checks: list[LinkCheck] = []
        self._status = err.status("asking", spinner="dots")

    def __enter__(self) -> Self:
        self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def __call__(self, told: LinkCheck) -> None:
        self.checks.append(told)
        self._status.update(f"{len(self.checks)} told: {escape(shown(told.url))}")


def _run(*, everywhere: bool) -> Run:
    now = datetime.now(UTC)
    return Run(f"cli-{uuid4()}", now.date(), now, everywhere=everywhere)


async def _check_due() -> "tuple[StageResult, Sequence[LinkCheck]]":
    from pake_pipelines.pipeline.link_checks import check_links

    kit = Kit.of(get_settings())
    if not kit.quality.links.check_external:
        fail("links.check_external is off", hint="switch it on in configs/quality.yaml")
    async with open_database(kit.database) as database:
        with _Progress() as progress:
            result = await check_links(kit, database, _run(everywhere=True), on_told=progress)
        return result, progress.checks


async def _check(
    urls: Sequence[str], item: str | None, *, dry_run: bool
) -> tuple[Sequence[LinkCheck], Sequence[str], bool]:
    """Return what was told, what was not, and whether the machine is offline."""
    from pake_pipelines.pipeline.link_checks import ask_links

    kit = Kit.of(get_settings())
    async with open_database(kit.database) as database:
        wanted = list(dict.fromkeys(urls)) or await _links_of(database, item or "", kit.quality.links.max_per_item)
        with _Progress() as progress:
            effort = await ask_links(kit, database, wanted, _run(everywhere=False), dry_run=dry_run, on_told=progress)
    told = {one.url: one for one in progress.checks}
    return [told[url] for url in wanted if url in told], [url for url in wanted if url not in told], effort.offline


async def _links_of(database: Database, item: str, max_per_item: int) -> list[str]:
    async def links(connection: Connection) -> list[str]:
        return await link_views.links_of_item(connection, await item_named(connection, item), max_per_item)

    async with database.connection() as connection:
        return await links(connection)


def _say_checked(checks: Sequence[LinkCheck], untold: Sequence[str], offline: bool, *, as_json: bool) -> None:
    if as_json:
        print_json({"links": [asdict(one) for one in checks], "untold": list(untold), "offline": offline})
        return
    if checks:
        out.print(_checks(checks))
    elif not untold:
        out.print("it links to nothing")
    if offline:
        err.print("[yellow]nobody answered: this machine seems to be offline[/]")
    elif untold:
        err.print(f"[yellow]{len(untold)} not reached in time[/]")


def _say_due(result: "StageResult", checks: Sequence[LinkCheck], *, as_json: bool) -> None:
    if as_json:
        print_json({"links": [asdict(one) for one in checks], **result.details, "seconds": result.seconds})
        return
    if troubled := [one for one in checks if one.state in {"broken", "unknown"}]:
        out.print(_checks(troubled))
    states = Counter(one.state for one in checks)
    said = ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "no link was due"
    asked = f"{counted(result.details['requests'], 'request')} to {counted(result.details['hosts'], 'host')}"
    out.print(f"{said}; {asked}, {result.seconds:g} s")
    if note := result.details.get("note"):
        err.print(f"[yellow]{escape(note)}[/]")
    if left := result.details["left_for_later"]:
        out.print(f"{counted(left, 'link')} left for the next time")
    if again := result.details["items_to_judge_again"]:
        out.print(f"the next run judges {counted(again, 'item')} again")


def _checks(checks: Sequence[LinkCheck]) -> Rows:
    table = Rows("state", "address", "what is known", "next", folding={"address", "what is known"})
    for one in checks:
        table.add_row(
            Text(one.state, _STYLES[one.state]), shown(one.url), Text(one.detail, "dim"), _moment(one.expires_at)
        )
    return table


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""
