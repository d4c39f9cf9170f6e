"""Finding what an address or a path offers as a source: a feed, the feeds that a page announces, or a folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pake_pipelines.cli.sources.kinds import kind_of, parser_of
from pake_pipelines.config.source_kinds import FeedSource, FolderSource, Source
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.dedup.canonical import canonical_url
from pake_pipelines.sources.feeds.discovery import FoundFeed, feeds_in
from pake_pipelines.sources.http.client import HttpClient, Response
from pake_pipelines.sources.protocol import Fetched, SourceError
from pake_pipelines.sources.trial import Parse

# guesses are asked one after another, within the burst that every host is granted
_MOST_TRIED: Final = 9


@dataclass(frozen=True, slots=True)
class Found:
    """A source that could be read: its keys for the configuration, its own title, and how many entries it holds.

    `addresses` are all under which it is known: as given, after redirects, and where it has moved for good.
    """

    keys: dict[str, Any]
    title: str
    addresses: tuple[str, ...]
    entries: int | None = None


async def find_feed(client: HttpClient, parse: Parse, url: str, pick: int | None) -> Found | Sequence[FoundFeed]:
    """Return the feed at `url` or the one of the page there; several that it names unless `pick` (from 1) chooses.

    Where a page names none, the likely addresses of its site are tried. No address is asked twice. Raises SourceError;
    malformed when there is neither a feed nor a page with one.
    """
    answer = await client.get(url)
    if kind_of("", answer.body) != "page":
        return await _found(parse, url, answer)
    feeds = [feed for feed in feeds_in(answer.body, answer.url) if feed.url not in (url, answer.url)]
    named = [feed for feed in feeds if feed.type is not None]
    if pick is not None:
        return await _picked(client, parse, url, named or feeds, pick)
    if len(named) > 1:
        return named
    return await _first_feed(client, parse, url, named or feeds[:_MOST_TRIED])


async def _picked(client: HttpClient, parse: Parse, url: str, feeds: Sequence[FoundFeed], pick: int) -> Found:
    if pick > len(feeds):
        raise SourceError("malformed", f"{url} offers {len(feeds)} feeds, there is no number {pick}")
    chosen = feeds[pick - 1].url
    return await _found(parse, chosen, await client.get(chosen))


async def _first_feed(client: HttpClient, parse: Parse, url: str, feeds: Sequence[FoundFeed]) -> Found:
    """Return the first of `feeds` that is one; an only one has to be."""
    for feed in feeds:
        try:
            return await _found(parse, feed.url, await client.get(feed.url))
        except SourceError as error:
            if len(feeds) == 1 or error.kind == "busy":
                raise
    tried = f", nor is there one at {', '.join(feed.url for feed in feeds)}" if feeds else ""
    raise SourceError("malformed", f"{url} is a page that names no feed{tried}")


async def _found(parse: Parse, url: str, answer: Response) -> Found:
    body = Fetched(answer.url, answer.body, answer.received_at, media_type=answer.media_type)
    parsed = await parse(parser_of("feed"), body)
    kept = answer.moved_to or url
    title = " ".join((parsed.title or "").split()) or urlsplit(kept).hostname or kept
    return Found({"kind": "feed", "url": kept}, title, (url, answer.url, kept), len(parsed.entries))


def find_path(path: Path, home: Path) -> Found:
    """Return the folder or the feed file at the existing `path`; paths inside `home` are written relative to it."""
    whole = path.expanduser().absolute()
    written = str(whole.relative_to(home) if whole.is_relative_to(home) else whole)
    kind = "folder" if whole.is_dir() else "feed"
    return Found({"kind": kind, "path": written}, whole.stem or str(whole), (str(whole),))


def configured_as(config: SourcesConfig, home: Path, learned: dict[str, str], found: Sequence[str]) -> str | None:
    """Return the slug of the source that is read from any of the addresses `found`; None when there is none.

    `learned` holds, by slug, the addresses that sources have moved to for good.
    """
    wanted = {_spelled(address) for address in found}
    for slug, source in config.sources.items():
        known = {_spelled(_place(source, home))} | ({_spelled(learned[slug])} if slug in learned else set())
        if wanted & known:
            return slug
    return None


def _spelled(address: str) -> str:
    return canonical_url(address) or address


def _place(source: Source, home: Path) -> str:
    path = source.path if isinstance(source, FeedSource | FolderSource) else None
    return str((home / Path(path).expanduser()).absolute()) if path else source.address
