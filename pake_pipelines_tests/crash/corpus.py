"""The small world that the crash tests ingest, in two states: as first met, and after its sources have changed.

Both states reach every crash point, most of them in several batches: there are copies across sources, a near copy,
spam, a text too short to keep, and things that become dead letters. The second state changes an item of each kind of
source, adds a copy of something known, and leaves the rest as it was.
"""

import json
import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Final

SOURCES: Final = """\
first_day: 2026-01-01
sources:
  journal: {name: Journal, kind: feed, path: world/journal.xml, authority: academic}
  letters: {name: Letters, kind: feed, path: world/letters.json, authority: community}
  notes: {name: Notes, kind: folder, path: world/notes, authority: local}
"""

_TIDES: Final = (
    "A tide mill stores the flood behind a gate and lets it run out over a wheel when the sea has fallen. The miller "
    "worked by the moon and not by the sun, and his hours moved on by fifty minutes each day. Most of the old mills "
    "stand in narrow creeks, because a small gate there can hold back a large pond."
)
_TIDES_RETOLD: Final = _TIDES.replace("large pond", "wide pond").replace("narrow creeks", "small creeks")
_BREAD: Final = (
    "Rye dough is held together by mucilage and hardly by gluten, so it cannot be stretched like wheat. The sour "
    "keeps the enzymes of the grain in check, which would else turn the crumb into glue. That is why bakers in the "
    "north kept a culture alive for years and gave some of it to every daughter who married."
)
_MAPS: Final = (
    "Every flat map of the earth bends either shapes or areas, and the choice depends on what the reader wants to do. "
    "Sailors needed straight lines of constant bearing and accepted that Greenland grew as large as Africa. For a map "
    "of harvests that would be a lie, and so statisticians draw their countries in equal areas."
)
_BEES: Final = (
    "A swarm of honey bees decides on a new home by a contest of dances. Scouts report each hollow tree with an "
    "enthusiasm that fits its worth, and they grow tired of it after some hours. In the end one site gathers enough "
    "visitors at the same time, and the whole swarm rises and flies there together."
)
_CLOCKS: Final = (
    "The first pendulum clocks lost about fifteen seconds each day, a hundredth of what earlier clocks had lost. Their "
    "makers soon found that a warm summer slows them, because the rod becomes longer. Rods of wood, jars of mercury "
    "and grids of two metals were tried, until an alloy without expansion settled the matter."
)
_SALT: Final = (
    "Salt pans are shallow basins of clay in which the sun concentrates the sea from one field to the next. Chalk "
    "falls "
    "out first, then gypsum, and only then the salt that is raked into heaps before the bitter rest is drained away. A "
    "single shower in August can dissolve the work of two weeks."
)
_ROPE: Final = (
    "A rope walk had to be as long as the longest rope, which is why these buildings are the longest of their time. "
    "The "
    "yarns are twisted one way and the strands the other way, so that each turn holds the next one closed. A ship of "
    "the line needed thirty kilometres of cordage before she could leave the harbour."
)
_SPAM: Final = (
    "CLICK HERE to order now! This limited offer is 100% free and risk-free: buy now, earn $500 and work from home! "
    "Do not miss this exclusive deal, act now, there is no obligation and a money back guarantee! Click here!!!"
)

Letters = list[Mapping[str, object] | str]


def build_world(home: Path, now: datetime, *, changed: bool) -> None:
    """Make a project at `home` with the sources in their first or their `changed` state, weeks before `now`."""
    # half a day off, so that no age in days changes while the tests run
    dates = [now - timedelta(days=days, hours=12) for days in range(10, 40, 3)]
    (home / "configs").mkdir(parents=True)
    (home / "configs" / "sources.yaml").write_text(SOURCES)
    (home / "dagster.yaml").touch()
    world = home / "world"
    (world / "notes").mkdir(parents=True)
    (world / "journal.xml").write_text(_rss(_journal(changed), dates))
    (world / "letters.json").write_text(json.dumps({"title": "Letters", "items": _letters(changed, dates)}))
    for number, (name, text) in enumerate(_notes(changed).items()):
        (world / "notes" / name).write_text(text)
        moment = dates[number].timestamp() + (60 if changed and name in _CHANGED_NOTES else 0)
        os.utime(world / "notes" / name, (moment, moment))
    (world / "notes" / "elsewhere.md").symlink_to(home / "dagster.yaml")


def _journal(changed: bool) -> dict[str, tuple[str, str]]:
    items = {
        "tides": ("Mills that ran on the tide", _TIDES),
        "bread": ("Why rye needs a sour", _BREAD),
        "offer": ("Order today", _SPAM),
        "stub": ("A stub", "Too short to keep."),
        "maps": ("What a map must bend", _MAPS),
    }
    if changed:
        items["bread"] = ("Why rye needs a sour, corrected", f"{_BREAD} The culture came from Livonia.")
        items["salt"] = ("Salt pans", _SALT)
        items["stub"] = ("A stub", "Still too short to keep.")
    return items


def _letters(changed: bool, dates: list[datetime]) -> Letters:
    texts = {
        "copy-of-tides": ("Mills that ran on the tide", _TIDES),
        "bees": ("How a swarm makes up its mind", _BEES),
        "copy-of-maps": ("What a map must bend", _MAPS),
    }
    if changed:
        texts["bees"] = ("How a swarm makes up its mind", f"{_BEES} Seeley counted the dances.")
        texts["copy-of-salt"] = ("Salt pans", _SALT)
    items: Letters = [
        {
            "id": key,
            "url": f"https://letters.example/{key}",
            "title": title,
            "content_html": f"<p>{text}</p>",
            "date_published": dates[-1 - number].isoformat(),
        }
        for number, (key, (title, text)) in enumerate(texts.items())
    ]
    return [*items, "not an item", *(["not an item either"] if changed else [])]


_ERRAND: Final = (
    "Take the parcel to the ferry before noon and wait until the purser has signed for it. The harbour office closes "
    "early on Thursdays, so the receipt must be fetched from the chandler's shop beside the lighthouse instead."
)
_WRECK: Final = (
    "Divers found the brig upright on gravel at thirty metres, her capstan still wound with chain. The survey of the "
    "hull took eleven summers, and the museum raised only the rudder, the bell and a chest of surgeon's instruments."
)
# cites another item and shares two names with it
_COMPARE: Final = "That is as grave an error as a Greenland of the size of Africa, see https://journal.example/maps."
_CHANGED_NOTES: Final = frozenset({"clocks.md"})


def _notes(changed: bool) -> dict[str, str]:
    notes = {
        "clocks.md": f"# Clocks and heat\n\n{_CLOCKS}\n\n{_COMPARE}\n",
        "retold.md": f"# Mills that ran on the tide\n\n{_TIDES_RETOLD}\n",
        "salt.txt": f"Salt pans\n\n{_SALT}\n",
    }
    if not changed:
        notes["errand.md"] = f"# An errand\n\n{_ERRAND}\n"  # deleted later
    if changed:
        notes["brine.txt"] = notes.pop("salt.txt")  # renamed
        notes["clocks.md"] = f"# Clocks and heat\n\n{_CLOCKS} It was called invar.\n\n{_COMPARE}\n"
        notes["rope.md"] = f"# Rope walks\n\n{_ROPE}\n"
        notes["wreck.md"] = f"# A wreck\n\n{_WRECK}\n"
    return notes


def _rss(items: Mapping[str, tuple[str, str]], dates: list[datetime]) -> str:
    written = "\n".join(
        f"<item><guid>{key}</guid><link>https://journal.example/{key}</link><title>{title}</title>"
        f"<pubDate>{format_datetime(date)}</pubDate><description><![CDATA[<p>{text}</p>]]></description></item>"
        for date, (key, (title, text)) in zip(dates, items.items(), strict=False)
    )
    return f'<rss version="2.0"><channel><title>Journal</title>\n{written}\n</channel></rss>'
