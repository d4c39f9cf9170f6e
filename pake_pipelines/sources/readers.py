"""From a configured source to its reader."""

from pathlib import Path

from pake_pipelines.config.sources import Kind, Source, SourcesConfig
from pake_pipelines.sources.feed import FileFeed, HttpFeed
from pake_pipelines.sources.folder import Folder
from pake_pipelines.sources.http import HttpClient
from pake_pipelines.sources.protocol import Reader


def needs_http(source: Source) -> bool:
    """Tell whether reading `source` needs the network."""
    return source.url is not None


def reader_for(source: Source, config: SourcesConfig, home: Path, client: HttpClient | None) -> Reader:
    """Return the reader of an enabled source; paths are relative to `home`, `client` serves those that need HTTP."""
    limit = config.http.max_bytes
    if source.kind is Kind.FEED and source.url:
        if client is None:
            raise ValueError("a feed behind a web address needs a client")
        return HttpFeed(source.url, client)
    if source.path is None:
        raise ValueError(f"{source.name} has neither a url nor a path")
    path = home / Path(source.path).expanduser()
    if source.kind is Kind.FOLDER:
        return Folder(path, max_bytes=limit)
    return FileFeed(path, source.path, max_bytes=limit)
