"""Typed form of one source in `sources.yaml`: a class for each kind, with the keys that this kind is configured by."""

import re
from typing import Annotated, Final, Literal
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, Field, model_validator

from pake_pipelines.config.section import Section

_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_ENVIRONMENT_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]*")


def web_address(url: str) -> str:
    """Return `url` if it is a web address with a host and without credentials. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("expected an http:// or https:// address with a host")
    if parts.username or parts.password:
        raise ValueError("an address must not carry credentials; anybody who reads a log would have them")
    try:
        _ = parts.port
    except ValueError:
        # urlsplit's own message repeats the text, and that may be a password with a slash in it
        raise ValueError("expected a number as the address's port") from None
    return url


def _environment_name(name: str) -> str:
    if not _ENVIRONMENT_NAME.fullmatch(name):
        raise ValueError("expected the name of an environment variable, in capitals; the secret itself never goes here")
    return name


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return text


def _sender(text: str) -> str:
    local, at, domain = text.partition("@")
    if not at or "@" in domain or not (local or domain) or any(character.isspace() for character in text):
        raise ValueError("expected an address, a domain (@example.org) or the beginning of an address (newsletters@)")
    return text.lower()


WebAddress = Annotated[str, AfterValidator(web_address)]
EnvironmentName = Annotated[str, AfterValidator(_environment_name)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Sender = Annotated[str, AfterValidator(_sender)]
ArxivCategory = Annotated[str, Field(pattern=r"^[a-z-]+(?:\.(?:[A-Za-z-]+|\*))?$")]


class SourceBase(Section):
    """What every source has. `max_items_per_run` bounds one visit; what is left over comes with the next."""

    name: str = Field(min_length=1)
    kind: str
    authority: str = "unknown"
    tags: tuple[str, ...] = ()
    enabled: bool = True
    disabled_because: str | None = None
    max_items_per_run: int = Field(default=1000, ge=1)

    @model_validator(mode="after")
    def _complete(self) -> "SourceBase":
        if not self.enabled and not self.disabled_because:
            raise ValueError("a disabled source says why: disabled_because is missing")
        if self.enabled and (missing := self.missing()):
            raise ValueError(missing)
        return self

    def missing(self) -> str | None:
        """Return what an enabled source of this kind still needs; None when it can be read."""
        return None

    @property
    def address(self) -> str:
        """Where the source is read from, for people."""
        raise NotImplementedError

    @property
    def web(self) -> bool:
        """Whether reading it takes HTTP."""
        return True


class FeedSource(SourceBase):
    """A feed (RSS, Atom, JSON Feed) at a web address or in a file."""

    kind: Literal["feed"]
    url: WebAddress | None = None
    path: str | None = None

    def missing(self) -> str | None:
        """A feed has one address."""
        return (
            "a feed needs either a url or a path, one of the two" if (self.url is None) == (self.path is None) else None
        )

    @property
    def address(self) -> str:
        """Its url or path."""
        return self.url or self.path or ""

    @property
    def web(self) -> bool:
        """Whether it lies behind a web address."""
        return self.url is not None


class MediumSource(SourceBase):
    """Medium's feeds: `follow` is a publication (`towards-data-science`), a writer (`@name`) or `tag/<topic>`."""

    kind: Literal["medium"]
    follow: str = Field(pattern=r"^(?:@?[\w.-]+|tag/[\w-]+)$")

    @property
    def url(self) -> str:
        """The feed that Medium keeps of it."""
        return f"https://medium.com/feed/{self.follow}"

    @property
    def address(self) -> str:
        """The feed's address."""
        return self.url


class FolderSource(SourceBase):
    """The readable files (.txt .md .markdown .html .htm .pdf .docx) below a directory; hidden and linked ones are not.

    A file modified within the last three seconds waits for the next visit. Files that are deleted there are gone here;
    a folder in which nothing readable is left counts as not mounted.
    """

    kind: Literal["folder"]
    path: str | None = None

    def missing(self) -> str | None:
        """A folder has a path."""
        return None if self.path else "a folder needs a path"

    @property
    def address(self) -> str:
        """Its path."""
        return self.path or ""

    @property
    def web(self) -> bool:
        """Never."""
        return False


class MailboxSource(SourceBase):
    """A mailbox read over IMAP. Credentials come from the environment variables that are named here.

    `senders` allows only mail from these addresses, domains (`@example.org`) or beginnings of addresses
    (`newsletters@`), as its From header says, which anybody can forge; none given means all. `mark_seen` flags mail
    as seen after it is stored. The server may be silent for `silence_seconds`, and one visit may wait for it for
    `visit_seconds` altogether; the next visit goes on where it stopped.
    """

    kind: Literal["mailbox"]
    host: str | None = Field(default=None, pattern=r"^[\w.:-]+$")
    port: int = Field(default=993, ge=1, le=65535)
    security: Literal["tls", "starttls", "plain"] = "tls"
    username_env: EnvironmentName = "PAKE_MAIL_USERNAME"
    password_env: EnvironmentName = "PAKE_MAIL_PASSWORD"  # noqa: S105  # a variable's name
    folder: str = Field(default="INBOX", min_length=1)
    senders: tuple[Sender, ...] = ()
    unread_only: bool = False
    mark_seen: bool = False
    silence_seconds: float = Field(default=30, gt=0)
    visit_seconds: float = Field(default=900, gt=0)

    def missing(self) -> str | None:
        """A mailbox has a host, and a password does not cross a network in the clear."""
        if not self.host:
            return "a mailbox needs a host"
        if self.security == "plain" and self.host not in {"localhost", "127.0.0.1", "::1"}:
            return "security: plain would send the password in the clear; only this machine may be read so"
        if self.security == "starttls" and self.port == 993:
            return "port 993 speaks TLS from the first byte on; security: starttls usually means port 143"
        return None

    @property
    def address(self) -> str:
        """Server and folder as RFC 5092 writes them, never the account."""
        if not self.host:
            return ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"imap://{host}:{self.port}/{quote(self.folder)}"

    @property
    def web(self) -> bool:
        """It speaks IMAP."""
        return False


class WebpageSource(SourceBase):
    """A page or sitemap whose links are articles; `links` is a regular expression that an article's address matches.

    Without `links`, articles are the pages of the same host below the page's own path; of a sitemap, all of the host.
    """

    kind: Literal["webpage"]
    url: WebAddress
    links: Pattern | None = None

    @property
    def address(self) -> str:
        """The index page."""
        return self.url


class ArxivSource(SourceBase):
    """arXiv's query API: papers of any of `categories`, narrowed by `query` in arXiv's own search syntax.

    `page_size` papers come with one request; arXiv gives at most 2,000 and recommends fewer.
    """

    kind: Literal["arxiv"]
    categories: tuple[ArxivCategory, ...] = ()
    query: str | None = None
    page_size: int = Field(default=100, ge=1, le=2000)
    url: WebAddress = "https://export.arxiv.org/api/query"

    def missing(self) -> str | None:
        """Something must be asked for."""
        return None if self.categories or self.query else "an arxiv source needs categories or a query"

    @property
    def address(self) -> str:
        """What is asked for."""
        return " ".join(filter(None, [self.url, *self.categories, self.query]))


class HackerNewsSource(SourceBase):
    """Hacker News stories that match `query` (all when empty) and have at least `min_points`, through Algolia.

    `page_size` stories come with one request; Algolia gives at most 1,000.
    """

    kind: Literal["hackernews"]
    query: str = ""
    min_points: int = Field(default=0, ge=0)
    page_size: int = Field(default=200, ge=50, le=1000)
    url: WebAddress = "https://hn.algolia.com/api/v1/search_by_date"

    @property
    def address(self) -> str:
        """What is asked for."""
        return f"{self.url} {self.query}".strip()


class RedditSource(SourceBase):
    """A subreddit. With a script app's id and secret in the named environment variables it is read through the API.

    Without them its public feed is read, which Reddit limits severely and which knows no scores.
    """

    kind: Literal["reddit"]
    subreddit: str = Field(pattern=r"^[A-Za-z0-9_]{2,50}$")
    min_score: int = 0
    client_id_env: EnvironmentName = "PAKE_REDDIT_CLIENT_ID"
    client_secret_env: EnvironmentName = "PAKE_REDDIT_CLIENT_SECRET"  # noqa: S105, a name and no secret
    api_url: WebAddress = "https://oauth.reddit.com"
    url: WebAddress = "https://www.reddit.com"

    def missing(self) -> str | None:
        """The app's secret and what it gives access to do not cross a network in the clear."""
        clear = [url for url in (self.url, self.api_url) if urlsplit(url).scheme == "http"]
        if any(urlsplit(url).hostname not in _THIS_MACHINE for url in clear):
            return "a reddit source sends a secret: url and api_url need https"
        return None

    @property
    def address(self) -> str:
        """The subreddit."""
        return f"{self.url}/r/{self.subreddit}"


Source = Annotated[
    FeedSource
    | MediumSource
    | FolderSource
    | MailboxSource
    | WebpageSource
    | ArxivSource
    | HackerNewsSource
    | RedditSource,
    Field(discriminator="kind"),
]
