"""From a configured source to its reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pake_pipelines.config import source_kinds as kinds
from pake_pipelines.config.source_kinds import Source
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.sources.http.client import HttpClient
from pake_pipelines.sources.protocol import Reader

if TYPE_CHECKING:
    from pake_pipelines.sources.web.robots import KeptFiles


@dataclass(frozen=True)
class Means:
    """What readers work with; paths are relative to `home`, secrets come from `environment`.

    `client` may be None as long as no source that needs HTTP is read. `robots` are the files of sites that earlier
    visits have read.
    """

    config: SourcesConfig
    home: Path
    client: HttpClient | None
    environment: Mapping[str, str]
    robots: "KeptFiles | None" = None

    @property
    def http(self) -> HttpClient:
        """The way out. Raises ValueError when none was opened."""
        if self.client is None:
            raise ValueError("a source behind a web address needs a client")
        return self.client


def reader_for(source: Source, means: Means, learned_url: str | None = None) -> Reader:
    """Return the reader of an enabled source; `learned_url` replaces a feed's address that has moved for good.

    A kind's module is imported when the first source of the kind is read: some bring heavy libraries.
    """
    limit = means.config.http.max_bytes
    match source:
        case kinds.FeedSource(url=str() as url) | kinds.MediumSource(url=url):
            from pake_pipelines.sources.feeds.reader import HttpFeed

            return HttpFeed(learned_url or url, means.http)
        case kinds.FeedSource(path=str() as path):
            from pake_pipelines.sources.feeds.reader import FileFeed

            return FileFeed(means.home / Path(path).expanduser(), path, max_bytes=limit)
        case kinds.FolderSource(path=str() as path):
            from pake_pipelines.sources.files.folder import Folder

            return Folder(means.home / Path(path).expanduser(), max_bytes=limit)
        case kinds.MailboxSource():
            from pake_pipelines.sources.mail.mailbox import Mailbox

            return Mailbox(source, means.environment, max_bytes=limit)
        case kinds.WebpageSource():
            from pake_pipelines.sources.web.webpage import Webpage

            return Webpage(source, means.http, means.robots)
        case kinds.ArxivSource():
            from pake_pipelines.sources.apis.arxiv import Arxiv

            return Arxiv(source, means.http)
        case kinds.HackerNewsSource():
            from pake_pipelines.sources.apis.hackernews import HackerNews

            return HackerNews(source, means.http)
        case kinds.RedditSource():
            from pake_pipelines.sources.apis.reddit import Reddit

            return Reddit(source, means.http, means.environment)
    raise ValueError(f"{source.name} has no address")
