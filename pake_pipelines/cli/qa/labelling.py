"""One sitting of labelling at the terminal: an item, a key, the next item. Neither score nor verdict is shown."""

from collections.abc import Sequence
from typing import Final

import typer
from rich.rule import Rule
from rich.text import Text

from pake_pipelines.cli.console import out
from pake_pipelines.pipeline.labels import Session
from pake_pipelines.quality.sampling import Drawn
from pake_pipelines.store.labels import Shown
from pake_pipelines.text.clean import clean_characters

_EXCERPT: Final = 1000
_KEYS: Final = {"g": "good", "b": "bad", "s": "skip", "u": "undo", "o": "open the whole text", "q": "quit"}


async def label_items(session: Session, drawn: Sequence[Drawn]) -> None:
    """Show each of `drawn` and keep the person's word on it, until they are through, quit or press Ctrl-C."""
    place, trail = 0, list[int]()
    while place < len(drawn):
        item = await session.item(drawn[place])
        if item is None:
            out.print("[dim]this item has changed since it was drawn; the next one[/]")
            place += 1
            continue
        _show(item, place, len(drawn))
        match _key(item):
            case "q":
                return
            case "u" if not trail:
                out.print("[dim]there is nothing to undo yet[/]")
            case "u":
                place = trail.pop()
                await session.take_back(drawn[place])
                out.print("[yellow]back to the item before[/]")
            case said:
                if said != "s":
                    await session.answer(drawn[place], good=said == "g")
                out.print({"g": "[green]good[/]", "b": "[red]bad[/]"}.get(said, "[dim]skipped[/]"))
                trail.append(place)
                place += 1


def _key(item: Shown) -> str:
    """Return the key that decides; the whole text is shown and asked about again. Ctrl-C and Ctrl-D quit."""
    while True:
        out.print(_prompt(), end=" ")
        key = _pressed()
        if key == "o":
            out.print()
            out.print(Text(item.text))
        elif key in _KEYS:
            return key
        else:
            out.print("[dim]?[/]")


def _pressed() -> str:
    try:
        return typer.getchar().lower()
    except (KeyboardInterrupt, EOFError):
        return "q"


def _prompt() -> Text:
    said = Text()
    for key, meaning in _KEYS.items():
        said.append(key, style="bold cyan").append(f" {meaning}  ", style="dim")
    return said


def _show(item: Shown, place: int, total: int) -> None:
    out.print()
    out.print(Rule(f"{place + 1} of {total}", style="dim"))
    out.print(Text(item.title, style="bold"))
    dated = f"{item.published_at:%Y-%m-%d}" if item.published_at else "no date"
    out.print(Text(f"{item.source_name}, {dated}", style="dim"))
    if item.url:
        out.print(Text(clean_characters(item.url), style="dim"), soft_wrap=True)
    out.print()
    out.print(Text(_excerpt(item.text)))
    out.print()


def _excerpt(text: str) -> str:
    if len(text) <= _EXCERPT:
        return text
    whole_words = text[:_EXCERPT].rsplit(maxsplit=1)[0]
    return f"{whole_words} … ({len(text):,} characters in all)"
