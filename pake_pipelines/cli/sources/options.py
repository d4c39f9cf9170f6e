"""Options and lookups that several of the commands share."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from pake_pipelines.cli.console import fail
from pake_pipelines.config.source_kinds import Source
from pake_pipelines.config.sources import ALL_ENABLED, SourcesConfig
from pake_pipelines.settings import Settings
from pake_pipelines.store.database import Connection, addresses, open_database

Answer = TypeVar("Answer")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change in configs/sources.yaml, and stop.")]
ScheduleSlug = Annotated[str | None, typer.Option("--schedule", metavar="SLUG", help="Let this schedule read it.")]
Authority = Annotated[str, typer.Option("--authority", help="What kind of source it is; see `pake config show`.")]
Slug = Annotated[str, typer.Argument(metavar="NAME", help="The slug of a source.", show_default=False)]


def named_source(config: SourcesConfig, slug: str) -> Source:
    """Return the source `slug`, or end with a clear error."""
    if slug not in config.sources:
        fail(f"no source {slug!r}", hint="`pake sources list` shows them all")
    return config.sources[slug]


def named_authority(config: SourcesConfig, authority: str) -> str:
    """Return `authority`, or end with a clear error when the configuration does not know it."""
    if authority not in config.authorities:
        fail(f"no authority {authority!r}", hint=f"known: {', '.join(config.authorities)}")
    return authority


def listing_schedule(config: SourcesConfig, named: str | None) -> str | None:
    """Return the slug of the schedule to whose list a source is added; None where none is named or it reads all.

    Hyphens and underscores are the same, as Dagster's names have these. Ends with a clear error for an unknown one.
    """
    slug = named.replace("_", "-") if named else None
    if slug is None:
        return None
    if slug not in config.schedules:
        fail(f"no schedule {named!r}", hint=f"known: {', '.join(config.schedules) or 'none'}")
    return None if config.schedules[slug].sources == ALL_ENABLED else slug


def ask(settings: Settings, question: Callable[[Connection], Awaitable[Answer]], *, keep: bool = True) -> Answer:
    """Return what the knowledge database answers, in one transaction, which is undone without `keep`.

    Raises StoreError.
    """

    async def answer() -> Answer:
        async with (
            open_database(addresses(settings).knowledge) as database,
            database.transaction(keep=keep) as connection,
        ):
            return await question(connection)

    return asyncio.run(answer())
