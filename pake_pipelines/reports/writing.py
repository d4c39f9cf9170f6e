"""Writing reports: by their name, in every form, into files that are whole or not there."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from pake_pipelines.reports.catalogue import REPORTS
from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.document import Document, Link, Tone
from pake_pipelines.reports.index import write_index
from pake_pipelines.reports.kept import copies, copy_of
from pake_pipelines.reports.rendering import RENDERERS, csv_tables, html, json_text, markdown
from pake_pipelines.reports.whole import write_whole

_LINKED: Final = 14
# what leads to a file beside the report leads from a copy, which lies one directory deeper, through its parent
_RELATIVE: Final = re.compile(r'(\shref=")(?![a-z]+:|#)')


@dataclass(frozen=True, slots=True)
class Made:
    """A report in all its forms; `tables` are CSV by key, `document` is what it was made of, where it has one.

    `more` are further forms by their format, for which somebody has registered a renderer (REP-13).
    """

    name: str
    title: str
    made_at: datetime
    tone: Tone
    lead: str
    html: str
    markdown: str
    json: str
    tables: Mapping[str, str]
    document: Document | None = None
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def forms(self) -> Mapping[str, str]:
        """All forms but the tables by their formats, which are the endings of their files."""
        return {"html": self.html, "md": self.markdown, "json": self.json, **self.more}


@dataclass(frozen=True, slots=True)
class Written:
    """Where a report lies: its newest page, and the copy of it that stays as it is; None where none is kept."""

    page: Path
    copy: Path | None


def made_of(document: Document, *, previous: Sequence[Link] = (), dagster: str = "") -> Made:
    """Return `document` in all its forms; its page links to `previous` ones, and to assets in Dagster at `dagster`."""
    return Made(
        name=document.name,
        title=document.title,
        made_at=document.made_at,
        tone=document.tone,
        lead=document.lead,
        html=html(document, previous=previous, dagster=dagster),
        markdown=markdown(document),
        json=json_text(document),
        tables=csv_tables(document),
        document=document,
        more={form: renderer(document) for form, renderer in RENDERERS.items()},
    )


async def make(desk: Desk, name: str) -> Made:
    """Write the report `name` at `desk`. Raises KeyError when there is none of that name, and StoreError."""
    said = await REPORTS[name].load()(desk)
    if isinstance(said, Made):
        return said
    previous = copies(desk.settings.data / "reports").get(name, [])
    # the one that is written with this page takes the place of the oldest that is kept
    linked = previous[: min(_LINKED, desk.configs.reports.keep - 1)]
    links = [Link(f"{one.made_at:%Y-%m-%d %H:%M}", one.href) for one in linked]
    return made_of(said, previous=links, dagster=desk.dagster)


def write_files(directory: Path, made: Made, keep: int) -> Written:
    """Write all forms of a report into `directory`, each file whole or not at all; JSON goes last of the newest.

    `keep` past copies of page and JSON stay below `kept/`; 0 keeps none. The index says so. Raises OSError.
    """
    page = directory / f"{made.name}.html"
    write_whole(page, made.html)
    for form, text in made.forms.items():
        if form not in {"html", "json"}:
            write_whole(directory / f"{made.name}.{form}", text)
    _write_tables(directory / made.name, made.tables)
    write_whole(directory / f"{made.name}.json", made.json)
    copy = _keep_copy(directory, made, keep) if keep else None
    write_index(directory, made.made_at)
    return Written(page, copy)


def _keep_copy(directory: Path, made: Made, keep: int) -> Path:
    copy = copy_of(directory, made.name, made.made_at)
    write_whole(copy, _RELATIVE.sub(r"\1../", made.html))
    write_whole(copy.with_suffix(".json"), made.json)
    for one in copies(directory)[made.name][keep:]:
        one.page.with_suffix(".json").unlink(missing_ok=True)
        one.page.unlink(missing_ok=True)
    return copy


def written(directory: Path, name: str) -> Written | None:
    """Return where the report `name` lies; None where it was not written yet."""
    page = directory / f"{name}.html"
    kept = copies(directory).get(name)
    return Written(page, kept[0].page if kept else None) if page.exists() else None


def _write_tables(directory: Path, tables: Mapping[str, str]) -> None:
    for key, text in tables.items():
        write_whole(directory / f"{key}.csv", text)
    if directory.is_dir():
        for one in directory.glob("*.csv"):
            if one.stem not in tables:
                one.unlink(missing_ok=True)
