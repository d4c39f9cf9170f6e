"""`pake ingest --dry-run`: which days would be read, and which sources can be asked for their past."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pake_pipelines.cli.console import out, print_json
from pake_pipelines.cli.tables import Rows
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.settings import Settings
from pake_pipelines.sources.http.client import open_client
from pake_pipelines.sources.readers import Means, reader_for


def show_plan(
    settings: Settings,
    config: SourcesConfig,
    slugs: Sequence[str],
    days: Sequence[date],
    today: date,
    fetch: Mapping[str, Any],
    *,
    as_json: bool,
) -> None:
    """Print what an ingestion would do, without asking anybody anything."""
    looks_back = asyncio.run(_looks_back(settings, config, slugs))
    if as_json:
        sources = {
            slug: {"kind": config.sources[slug].kind, "past_days": _past(looks_back[slug], short=True)}
            for slug in slugs
        }
        print_json({"days": days, "sources": sources, **fetch})
        return
    past = [day for day in days if day < today]
    out.print(f"{_said(days)}, one run for each day")
    table = Rows("source", "kind", *(["past days"] if past else []), *(["today"] if today in days else []))
    for slug in slugs:
        cells = [_past(looks_back[slug])] if past else []
        cells += ["is asked what is new"] if today in days else []
        table.add_row(slug, config.sources[slug].kind, *cells)
    out.print(table)
    for name, value in fetch.items():
        if value:
            out.print(f"{name}: {value}")


async def _looks_back(settings: Settings, config: SourcesConfig, slugs: Sequence[str]) -> dict[str, bool]:
    """Tell for each source whether its reader can ask it for a day of the past; nothing is sent."""
    async with open_client(config.http) as client:
        means = Means(config, settings.home, client, os.environ)
        return {slug: reader_for(config.sources[slug], means).dated for slug in slugs}


def _past(looks_back: bool, *, short: bool = False) -> str:
    if short:
        return "asked" if looks_back else "replayed"
    return "is asked for each day" if looks_back else "replays its archive: it cannot be asked for its past"


def _said(days: Sequence[date]) -> str:
    return str(days[0]) if len(days) == 1 else f"{len(days)} days, {days[0]} to {days[-1]}"
