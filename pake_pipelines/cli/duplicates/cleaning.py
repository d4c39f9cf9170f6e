"""`pake duplicates clean`: the nightly clean-up behind duplicates, now."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import uuid4

import typer

from pake_pipelines.cli.console import out, print_json
from pake_pipelines.cli.sources.options import Json
from pake_pipelines.maintenance.duplicates import CleanUp, clean_up, preview
from pake_pipelines.model.embedding import model_version
from pake_pipelines.settings import get_settings
from pake_pipelines.store.database import addresses, open_database

_BATCH = 1000


def clean(
    older_than_hours: Annotated[float, typer.Option(min=0, help="Only nodes that have not changed for so long.")] = 24,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Archive nodes that repeat another, and remove vectors and signatures that no text needs any more.

    Nothing that was read is deleted. A node comes back when it stops being a copy.
    """
    done = asyncio.run(_clean(timedelta(hours=older_than_hours), dry_run=dry_run))
    if as_json:
        print_json({"dry_run": dry_run, **asdict(done), "stale_updated": done.stale_updated})
        return
    if dry_run:
        out.print("[dim]dry run: this is what would be done, nothing was changed[/]")
    out.print(f"repeated nodes archived     {done.duplicates_removed:,}")
    out.print(f"vectors removed             {done.vectors_removed:,}")
    out.print(f"signatures removed          {done.signatures_removed:,}")
    out.print(f"recent bands merged         {done.bands_merged:,}")
    if done.health_score is not None:
        out.print(f"documents in good order     {done.health_score:g} %")


async def _clean(age: timedelta, *, dry_run: bool) -> CleanUp:
    settings, now = get_settings(), datetime.now(UTC)
    model = model_version(settings.embedding_model)
    async with open_database(addresses(settings).knowledge) as database:
        if dry_run:
            return await preview(model, database, now, age=age)
        return await clean_up(model, database, now, age=age, batch=_BATCH, run_id=f"cli-{uuid4()}")
