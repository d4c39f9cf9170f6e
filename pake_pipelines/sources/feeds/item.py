"""One item as any of the feed parsers found it -> an entry, known by its identifier so far."""

import re
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urljoin, urlsplit

from pake_pipelines.model.entry import Entry
from pake_pipelines.sources.feeds.identity import Found

_WEB: Final = ("https://", "http://")
_MAIL_ADDRESS: Final = re.compile(r"[^\s()<>@]{1,100}@[^\s()<>@]{1,200}")


def item(
    identifier: str,
    title: str,
    text: tuple[str, str],
    link: str,
    *,
    base: str,
    author: str,
    published: datetime | None,
    tags: tuple[str, ...],
) -> Found:
    """Return the item; `text` is its fullest text and the media type, `base` the address that links are relative to."""
    url, problem = web_link(link, base)
    problems = () if published else ("no date",)
    entry = Entry(
        identifier,
        title,
        *text,
        url,
        _name(author) if "@" in author else author or None,
        published,
        tuple(dict.fromkeys(tags)),
        (*problems, problem) if problem else problems,
    )
    return Found(identifier or None, entry)


def web_link(link: str, base: str) -> tuple[str | None, str | None]:
    """Return `link` made absolute, and what is wrong with it; links that are no web addresses are left out."""
    if not link or (link.startswith(_WEB) and link.isascii() and "[" not in link):
        return link or None, None
    try:
        absolute = urljoin(base, link) if base.startswith(_WEB) else link
        scheme = urlsplit(absolute).scheme
    except ValueError:
        return None, "its link is no address"
    if scheme not in {"", "http", "https"}:
        return None, f"its link is no web address but {scheme[:20]}:"
    return absolute, None


def _name(author: str) -> str:
    """Return the name in `jo@a.example (Jo)`, `Jo <jo@a.example>` or `Jo (jo@a.example)`; an address alone stays."""
    return _MAIL_ADDRESS.sub("", author).strip(" ()<>") or author


def moment(text: str | None) -> datetime | None:
    """Return an ISO 8601 text as whole seconds in UTC, which a text without a zone is taken for; None for no date."""
    try:
        said = datetime.fromisoformat(text or "").replace(microsecond=0)
        return said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
