"""`pake report tick`: a person's word that an item of a checklist is done, which only a person can say."""

import asyncio
from typing import Annotated

import typer

from pake_pipelines.cli.actor import at_the_terminal
from pake_pipelines.cli.console import fail, out
from pake_pipelines.reports.checklists.item import CheckList, ListItem
from pake_pipelines.reports.checklists.items import CHECKLISTS
from pake_pipelines.settings import get_settings
from pake_pipelines.store import checklist_ticks
from pake_pipelines.store.database import addresses, open_database

_SUFFIX = "_operations_checklist"


def tick(
    checklist: Annotated[str, typer.Argument(help="daily, weekly, monthly or yearly.", show_default=False)],
    item: Annotated[str, typer.Argument(help="The item's key, as the checklist shows it.", show_default=False)],
    note: Annotated[str, typer.Option("--note", help="What you found or did; shown with the item.")] = "",
) -> None:
    """Say that you have done an item that only a person can answer; it holds until the checklist comes round again."""
    named = _checklist(checklist)
    chosen = _item(named, item)
    asyncio.run(_note(named, chosen, note))
    out.print(f"ticked: {chosen.says}; `pake report run {named.name}` shows it", highlight=False)


def _checklist(name: str) -> CheckList:
    plain = name.strip().lower().replace("-", "_")
    found = CHECKLISTS.get(plain) or CHECKLISTS.get(plain + _SUFFIX)
    if found is None:
        fail(f"no checklist {name!r}", hint=f"there are {', '.join(CHECKLISTS)}")
    return found


def _item(checklist: CheckList, key: str) -> ListItem:
    plain = key.strip().lower().replace("-", "_")
    found = next((one for one in checklist.items if one.key == plain), None)
    by_hand = ", ".join(one.key for one in checklist.items if one.judge is None) or "none"
    if found is None:
        fail(f"{checklist.name} has no item {key!r}", hint=f"those for a person: {by_hand}")
    if found.judge is not None:
        fail(f"{found.key} is evaluated, not ticked", hint=f"those for a person: {by_hand}")
    return found


async def _note(checklist: CheckList, item: ListItem, note: str) -> None:
    async with open_database(addresses(get_settings()).knowledge) as database, database.transaction() as connection:
        await checklist_ticks.note(connection, checklist.name, item.key, actor=at_the_terminal(), note=note)
