"""feedparser's own test feeds: nothing escapes, and no parser finds an entry that we miss."""

import asyncio
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import fastfeedparser
import feedparser

from benchmarks.report import Report
from pake_pipelines.config.loading import load_sources
from pake_pipelines.model.entry import Parsed
from pake_pipelines.pipeline.worker import Worker
from pake_pipelines.settings import PACKAGE_HOME
from pake_pipelines.sources.feeds.parsing import parse_fetched
from pake_pipelines.sources.protocol import Fetched, SourceError

# feedparser's tests state the headers of the answer in a comment at the top of the file
_HEADER: Final = re.compile(rb"^Header:\s*([\w-]+)\s*:\s*(.+?)\s*$", re.MULTILINE)

# how many items, or the kind of the source error; None when an exception escaped
Outcome = int | str | None


def check(corpus: Path) -> Report:
    """Read every feed below `corpus`, here and once more in a worker process, which must come to the same."""
    files = sorted(corpus.rglob("*.xml"))
    feeds = [_fetched(file, corpus) for file in files]
    outcomes = [_outcome(feed) for feed in feeds]
    found = [outcome if isinstance(outcome, int) else 0 for outcome in outcomes]
    feedparsers, fastfeedparsers = [_feedparser(feed) for feed in feeds], [_fastfeedparser(feed) for feed in feeds]
    missed = [
        (feed.url, max(theirs) - ours)
        for feed, ours, theirs in zip(feeds, found, zip(feedparsers, fastfeedparsers, strict=True), strict=True)
        if ours < max(theirs)
    ]
    escaped = [feed.url for feed, outcome in zip(feeds, outcomes, strict=True) if outcome is None]
    differing = [
        feed.url
        for feed, outcome, other in zip(feeds, outcomes, asyncio.run(_in_worker(feeds)), strict=True)
        if outcome != other
    ]
    return Report(
        "conformance_feeds",
        {
            "files": len(files),
            "exceptions_escaped": len(escaped),
            "entries_found": sum(found),
            "entries_missed": sum(number for _, number in missed),
            "worker_differs": len(differing),
        },
        {"feedparser": {"entries": sum(feedparsers)}, "fastfeedparser": {"entries": sum(fastfeedparsers)}},
        {
            "refused": dict(Counter(outcome for outcome in outcomes if isinstance(outcome, str))),
            "escaped": escaped,
            "missed": [url for url, _ in missed],
            "differing": differing,
        },
    )


def _fetched(file: Path, corpus: Path) -> Fetched:
    body = file.read_bytes()
    headers = {name.lower(): value for name, value in _HEADER.findall(body)}
    media_type = headers.get(b"content-type")
    url = f"http://corpus.example/{file.relative_to(corpus)}"
    return Fetched(url, body, datetime.now(UTC), media_type.decode("latin-1") if media_type else None)


def _outcome(feed: Fetched) -> Outcome:
    try:
        return _found(parse_fetched(feed))
    except SourceError as error:
        return error.kind
    except Exception:  # noqa: BLE001  whatever it is, it must not be
        return None


def _found(parsed: Parsed) -> int:
    """Return how many items were found; what was given twice counts twice."""
    return len(parsed.entries) + parsed.repeated


def _feedparser(feed: Fetched) -> int:
    headers: Mapping[str, Any] = {"content-type": feed.media_type} if feed.media_type else {}
    return len(feedparser.parse(io.BytesIO(feed.body), response_headers=headers).entries)


def _fastfeedparser(feed: Fetched) -> int:
    try:
        return len(fastfeedparser.parse(feed.body).entries)
    except Exception:  # noqa: BLE001  it raises many kinds; then it finds nothing
        return 0


async def _in_worker(feeds: Sequence[Fetched]) -> list[Outcome]:
    with Worker(load_sources(PACKAGE_HOME / "configs").parsing) as worker:
        return [await _outcome_in(worker, feed) for feed in feeds]


async def _outcome_in(worker: Worker, feed: Fetched) -> Outcome:
    try:
        return _found(await worker.parse(parse_fetched, feed))
    except SourceError as error:
        return error.kind
