"""`pake sources import-opml|export-opml`: subscription lists of other readers, in and out."""

import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from pake_pipelines.cli.console import err, fail, out, print_json
from pake_pipelines.cli.sources.changes import readers_of, show_change, tell_running_stack
from pake_pipelines.cli.sources.options import Authority, DryRun, Json, ScheduleSlug, listing_schedule, named_authority
from pake_pipelines.config import editing
from pake_pipelines.config.editing import Edited
from pake_pipelines.config.loading import load_sources
from pake_pipelines.config.slugs import slug_for
from pake_pipelines.config.source_kinds import FeedSource, MediumSource, SourceBase
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.dedup.canonical import canonical_url
from pake_pipelines.settings import get_settings
from pake_pipelines.sources.feeds.opml import Subscription, SubscriptionList, read_opml, write_opml
from pake_pipelines.sources.protocol import SourceError


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import adds (slug to keys), and what it passes over: feeds that are configured, repetitions, faults."""

    added: dict[str, dict[str, Any]]
    configured: tuple[str, ...]
    repeated: tuple[str, ...]
    faults: tuple[str, ...]


def import_opml(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A subscription list (OPML); - reads stdin.")],
    schedule: ScheduleSlug = None,
    authority: Authority = "unknown",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Add the feeds of a subscription list; folders become tags, feeds that are configured already are passed over."""
    settings = get_settings()
    config = load_sources(settings.configs)
    named_authority(config, authority)
    listing = listing_schedule(config, schedule)
    try:
        listed = read_opml(_read(file, config.http.max_bytes))
    except SourceError as error:
        fail(f"{file}: {error}")
    plan = plan_import(listed, config, authority, f"it was commented out in {file.name}")
    change = editing.added(plan.added, listing)
    edited = editing.edit(settings.configs, change, dry_run=dry_run) if plan.added else None
    if as_json:
        print_json({**asdict(plan), "dry_run": dry_run})
    else:
        _tell(plan, edited, dry_run=dry_run)
        if edited and not dry_run:
            tell_running_stack(settings)
    if plan.faults and not plan.added and not plan.configured:
        raise typer.Exit(1)


def plan_import(listed: SubscriptionList, config: SourcesConfig, authority: str, because: str) -> ImportPlan:
    """Decide what of `listed` becomes a source; `because` says why a feed that is listed as a comment is disabled.

    Addresses that differ only in what `canonical_url` leaves out are the same feed. A feed that is listed in several
    folders has the tags of all.
    """
    configured = {_address(source.address): slug for slug, source in config.sources.items()}
    feeds: dict[str, Subscription] = {}
    known, repeated = [], []
    for feed in listed.feeds:
        address = _address(feed.address)
        if address in configured:
            known.append(feed.address)
        elif address in feeds:
            repeated.append(feed.address)
            feeds[address] = _merged(feeds[address], feed)
        else:
            feeds[address] = feed
    added: dict[str, dict[str, Any]] = {}
    for feed in feeds.values():
        slug = slug_for(feed.title, feed.address, config.sources.keys() | added.keys())
        added[slug] = _keys(feed, authority, because)
    return ImportPlan(added, tuple(known), tuple(repeated), listed.faults)


def _address(address: str) -> str:
    return canonical_url(address) or address


def _merged(feed: Subscription, again: Subscription) -> Subscription:
    tags = tuple(dict.fromkeys((*feed.tags, *again.tags)))
    return Subscription(feed.title, feed.address, tags, feed.active or again.active)


def _keys(feed: Subscription, authority: str, because: str) -> dict[str, Any]:
    keys: dict[str, Any] = {"name": feed.title, "kind": "feed", "url": feed.address, "authority": authority}
    if feed.tags:
        keys["tags"] = list(feed.tags)
    return keys if feed.active else {**keys, "enabled": False, "disabled_because": because}


def _read(file: Path, most: int) -> bytes:
    try:
        source = sys.stdin.buffer if str(file) == "-" else file.open("rb")
        with source:
            body = source.read(most + 1)
    except OSError as error:
        fail(f"{file}: {error.strerror or error}")
    if len(body) > most:
        fail(f"{file}: more than {most} bytes (http.max_bytes in configs/sources.yaml)")
    return body


def _tell(plan: ImportPlan, edited: Edited | None, *, dry_run: bool) -> None:
    if edited and dry_run:
        show_change(edited, dry_run=True)
    out.print(
        f"feeds {'to add' if dry_run else 'added'}: {len(plan.added)}; configured already: {len(plan.configured)}; "
        f"listed more than once: {len(plan.repeated)}; not taken: {len(plan.faults)}",
        soft_wrap=True,
    )
    for fault in plan.faults:
        err.print(f"[yellow]not taken:[/] {escape(fault)}", soft_wrap=True)
    if edited and not dry_run:
        out.print(readers_of(edited.config, list(plan.added)), soft_wrap=True)


def export_opml(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Where to write it; stdout otherwise.")] = None,
) -> None:
    """Write the feeds of configs/sources.yaml as a subscription list that any feed reader takes."""
    config = load_sources(get_settings().configs)
    feeds = subscriptions(config)
    written = write_opml("pake", feeds.values(), datetime.now(UTC))
    if file is None:
        sys.stdout.buffer.write(written)
    else:
        try:
            file.write_bytes(written)
        except OSError as error:
            fail(f"{file}: {error.strerror or error}")
        err.print(f"feeds written to {escape(str(file))}: {len(feeds)}", soft_wrap=True)
    others = [slug for slug in config.sources if slug not in feeds]
    if others:
        err.print(f"[dim]left out, because they are no feeds at a web address: {', '.join(others)}[/]", soft_wrap=True)


def subscriptions(config: SourcesConfig) -> dict[str, Subscription]:
    """Return the sources that other feed readers could read, by slug."""
    return {
        slug: Subscription(source.name, url, source.tags, source.enabled)
        for slug, source in config.sources.items()
        if (url := _feed_address(source)) is not None
    }


def _feed_address(source: SourceBase) -> str | None:
    return source.url if isinstance(source, FeedSource | MediumSource) else None
