"""Readers of feeds: over HTTP with conditional GET, or from a file."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pake_pipelines.sources.feeds.parsing import parse_fetched
from pake_pipelines.sources.http.client import HttpClient
from pake_pipelines.sources.protocol import Answer, Cursor, Fetched, Memory, Reader, SourceError, Unchanged, Window

PARSER_VERSION: Final = "feed-2"


class HttpFeed(Reader):
    """A feed behind a web address. Its cursor holds the validators of the last answer and the body's SHA-256."""

    version = PARSER_VERSION
    parse = staticmethod(parse_fetched)

    def __init__(self, url: str, client: HttpClient) -> None:
        """Read `url` through `client`."""
        self._url = url
        self._client = client

    async def fetch(self, window: Window | None, memory: Memory) -> AsyncIterator[Answer]:
        """Yield the feed, or Unchanged when the server says so or sends the same bytes again."""
        known = memory.cursor
        etag, last_modified = known.get("etag"), known.get("last_modified")
        answer = await self._client.get(self._url, etag=etag, last_modified=last_modified)
        if answer.status == 304:
            cursor: Cursor = {
                "etag": answer.etag or etag,
                "last_modified": answer.last_modified or last_modified,
                "sha256": known.get("sha256"),
            }
            yield Unchanged(cursor, answer.fresh_until, answer.moved_to)
            return
        conditional = bool(answer.etag or answer.last_modified)
        digest = hashlib.sha256(answer.body).hexdigest()
        cursor = {"etag": answer.etag, "last_modified": answer.last_modified, "sha256": digest}
        if digest == known.get("sha256"):
            yield Unchanged(cursor, answer.fresh_until, answer.moved_to, conditional)
            return
        yield Fetched(
            self._url,
            answer.body,
            answer.received_at,
            media_type=answer.media_type,
            cursor=cursor,
            fresh_until=answer.fresh_until,
            moved_to=answer.moved_to,
            conditional=conditional,
            sha256=digest,
        )


class FileFeed(Reader):
    """A feed in a file. Its cursor holds the SHA-256 of the bytes."""

    version = PARSER_VERSION
    parse = staticmethod(parse_fetched)

    def __init__(self, path: Path, name: str, *, max_bytes: int) -> None:
        """Read `path`, of at most `max_bytes`; `name` is how the configuration calls it."""
        self._path = path
        self._name = name
        self._max_bytes = max_bytes

    async def fetch(self, window: Window | None, memory: Memory) -> AsyncIterator[Answer]:
        """Yield the file, or Unchanged when its bytes are the same as before."""
        try:
            found = self._path.stat()
            if found.st_size > self._max_bytes:
                raise SourceError("too_large", f"{self._name}: {found.st_size} bytes, the limit is {self._max_bytes}")
            body = self._path.read_bytes()
        except FileNotFoundError as error:
            raise SourceError("missing", f"{self._name}: no such file") from error
        except OSError as error:
            raise SourceError("unreadable", f"{self._name}: {error.strerror or error}") from error
        cursor = {"sha256": hashlib.sha256(body).hexdigest()}
        if cursor["sha256"] == memory.cursor.get("sha256"):
            yield Unchanged(cursor)
            return
        modified = datetime.fromtimestamp(found.st_mtime, UTC)
        yield Fetched(self._name, body, datetime.now(UTC), modified_at=modified, cursor=cursor)
