"""robots.txt (RFC 9309): what sites let this program read, asked for before anything else of theirs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from pake_pipelines.sources.http.client import HttpClient
from pake_pipelines.sources.protocol import SourceError

AGENT: Final = "pake-pipelines"
"""What robots.txt calls this program: the product token that its User-Agent begins with (RFC 9309 2.2.1)."""

_PARSED: Final = 500 * 1024  # RFC 9309 2.5: at least 500 kibibytes are to be parsed
_BELIEVED_FOR: Final = timedelta(hours=24)  # RFC 9309 2.4: not to be used for longer
# a site that wants its file asked for more often than this would be asked at every visit
_AT_LEAST: Final = timedelta(hours=1)
# what is remembered is written with every visit; the rules of longer files are asked for with every visit instead
_REMEMBERED: Final = 16 * 1024
_AGENT_LINE: Final = re.compile(r"\s*user[- ]?agent\s*:?\s*([^#]*)", re.IGNORECASE)
_SOMEBODY_ELSE: Final = "User-agent: somebody-else"


class Rules:
    """What one robots.txt says to one program. An empty text allows everything."""

    def __init__(self, text: str, agent: str = AGENT) -> None:
        """Read `text` for `agent`, a product token in lower case."""
        from protego import Protego

        self._agent = agent
        self._parsed = Protego.parse("\n".join(_concerning(line, agent) for line in text.splitlines()))

    def allow(self, url: str) -> bool:
        """Tell whether `url` may be read; the longest matching rule decides (RFC 9309 2.2.2)."""
        return self._parsed.can_fetch(url, self._agent)

    @property
    def delay(self) -> float:
        """Seconds to leave between two requests (Crawl-delay, a common extension); 0 when nothing is asked."""
        return self._parsed.crawl_delay(self._agent) or 0.0


def _concerning(line: str, agent: str) -> str:
    """Return `line`, with every foreign program under one name: Protego copies a group's rules for each name it has.

    Half a megabyte of names followed by half a megabyte of rules would otherwise take it minutes and gigabytes.
    """
    named = _AGENT_LINE.match(line)
    if named is None:
        return line
    name = named[1].strip().lower().replace("*", "")
    return line if name in agent else _SOMEBODY_ELSE


@dataclass(frozen=True, slots=True)
class _File:
    text: str
    read_at: datetime


class KeptFiles(Protocol):
    """Files of sites that visits of any source have read."""

    async def recall(self, site: str) -> tuple[str, datetime] | None:
        """Return the text of the site's file and when it was read; None where nothing valid is kept."""

    def keep(self, site: str, text: str, read_at: datetime, until: datetime) -> None:
        """Keep the text of a site's file."""


class Robots:
    """The rules of every site that one visit meets; those of the first site may be remembered from earlier visits."""

    def __init__(
        self, http: HttpClient, home: str, remembered: Mapping[str, Any] | None, kept: KeptFiles | None = None
    ) -> None:
        """Ask through `http`, after `kept`; `remembered` is what `remember` returned for the site of `home`."""
        self._http = http
        self._kept = kept
        self._home = _origin(home)
        self._files: dict[str, _File] = {}
        self._rules: dict[str, Rules | SourceError] = {}
        if remembered and remembered["site"] == self._home:
            self._recall(_File(remembered["text"], datetime.fromisoformat(remembered["read_at"])))

    def remember(self) -> dict[str, Any] | None:
        """Return the first site's file as JSON, None where it is too long to be kept."""
        file = self._files.get(self._home)
        if file is None or len(file.text) > _REMEMBERED:
            return None
        return {"site": self._home, "text": file.text, "read_at": file.read_at.isoformat()}

    async def rules(self, url: str) -> Rules:
        """Return the rules of the site of `url`.

        Raises SourceError while they cannot be had: what is not known to be allowed is not read (RFC 9309 2.3.1.4).
        """
        site = _origin(url)
        if site not in self._rules:
            try:
                self._files[site] = await self._ask(site)
                self._rules[site] = Rules(self._files[site].text)
            except SourceError as error:
                self._rules[site] = error
        rules = self._rules[site]
        if isinstance(rules, SourceError):
            raise rules
        return rules

    async def check(self, url: str) -> Rules:
        """Return the rules of the site of `url` when they allow it. Raises SourceError("disallowed") when not."""
        rules = await self.rules(url)
        if not rules.allow(url):
            raise SourceError("disallowed", f"{url}: the site's robots.txt asks programs not to read this address")
        return rules

    async def _ask(self, site: str) -> _File:
        if self._kept is not None and (known := await self._kept.recall(site)) is not None:
            text, read_at = known
            if datetime.now(UTC) - read_at < _BELIEVED_FOR:
                return _File(text, read_at)
        file, fresh_until = await self._read(site)
        if self._kept is not None:
            longest = file.read_at + _BELIEVED_FOR
            until = min(max(fresh_until, file.read_at + _AT_LEAST), longest) if fresh_until else longest
            self._kept.keep(site, file.text, file.read_at, until)
        return file

    async def _read(self, site: str) -> tuple[_File, datetime | None]:
        """Return the file of a site, and until when its server says that it stays as it is."""
        try:
            answer = await self._http.get(f"{site}/robots.txt")
        except SourceError as error:
            # no such file, or not for us: RFC 9309 2.3.1.3 lets everything be read; 429 is no such answer
            if error.status is not None and 400 <= error.status < 500 and not error.transient:
                return _File("", datetime.now(UTC)), None
            raise
        text = answer.body[:_PARSED].decode("utf-8-sig", "replace").replace("\0", "")
        return _File(text, answer.received_at), answer.fresh_until

    def _recall(self, file: _File) -> None:
        if datetime.now(UTC) - file.read_at < _BELIEVED_FOR:
            self._files[self._home] = file
            self._rules[self._home] = Rules(file.text)


def _origin(url: str) -> str:
    """Return scheme, host and port of `url`: a robots.txt speaks for no more (RFC 9309 2.3)."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"
