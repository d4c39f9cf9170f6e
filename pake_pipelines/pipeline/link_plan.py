"""Which of the addresses that are due a run asks: so many in all, so many of each host, no page twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urldefrag, urlsplit

from pake_pipelines.model.link import LinkCheck
from pake_pipelines.quality.links import outside_the_web


@dataclass(frozen=True, slots=True)
class DueLink:
    """An address as it is written in texts, and how it stood so far; None: it was never asked."""

    url: str
    before: LinkCheck | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What is asked once: an address without fragment, and all the links that lead to it."""

    url: str
    links: list[DueLink]

    @property
    def failed_before(self) -> bool:
        """Whether the last answer was not the one that was hoped for."""
        before = self.links[0].before
        return before is not None and before.failures > 0


@dataclass(slots=True)
class LinkPlan:
    """Takes links in the order of their importance, until it is full.

    `outside` holds those that are none of the public web's, with the reason; they cost nothing and fill nothing.
    """

    most: int
    most_per_host: int
    outside: list[tuple[DueLink, str]] = field(default_factory=list)
    _hosts: dict[str, dict[str, Page]] = field(default_factory=dict)
    _pages: int = 0

    @property
    def is_full(self) -> bool:
        """Whether nothing more is taken that would have to be asked."""
        return self._pages >= self.most

    @property
    def hosts(self) -> Sequence[Sequence[Page]]:
        """The pages of each host, both in the order in which they were taken."""
        return [list(pages.values()) for pages in self._hosts.values()]

    @property
    def links(self) -> Mapping[str, DueLink]:
        """What is asked, by address."""
        return {link.url: link for pages in self._hosts.values() for page in pages.values() for link in page.links}

    def take(self, link: DueLink) -> None:
        """Take `link` where there is room for it."""
        if reason := outside_the_web(link.url):
            self.outside.append((link, reason))
            return
        target = urldefrag(link.url).url
        pages = self._hosts.get(host := _host(target), {})
        if page := pages.get(target):
            page.links.append(link)
        elif not self.is_full and len(pages) < self.most_per_host:
            self._hosts.setdefault(host, {})[target] = Page(target, [link])
            self._pages += 1

    def keep(self, urls: set[str]) -> None:
        """Leave out the links that are none of `urls`."""
        taken, self._hosts, self._pages = self.links, {}, 0
        for url, link in taken.items():
            if url in urls:
                self.take(link)


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").rstrip(".").lower()
