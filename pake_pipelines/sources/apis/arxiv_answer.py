"""arXiv's answer: one page of papers as Atom, counted in OpenSearch's terms (arXiv API User's Manual, 3.3 and 3.4)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pake_pipelines.model.entry import Entry, Parsed, Unparsed
from pake_pipelines.sources.protocol import Fetched, SourceError
from pake_pipelines.sources.scrub import scrub, scrub_tags

_ATOM: Final = "{http://www.w3.org/2005/Atom}"
_ARXIV: Final = "{http://arxiv.org/schemas/atom}"
_TOTAL: Final = "{http://a9.com/-/spec/opensearch/1.1/}totalResults"

# both schemes of identifiers, 2611.01234 and hep-th/9901001, with their version
_PAPER: Final = re.compile(
    r"https?://arxiv\.org/abs/(?P<identifier>\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Za-z-]+)?/\d{7})(?P<version>v\d+)?"
)
# arXiv's own categories; ACM and MSC classes stand in the same element and mean nothing to most readers
_CATEGORY: Final = re.compile(r"[a-z-]+(?:\.[A-Za-z-]+)?")
# a collaboration signs with thousands of names, and an author is shown in a line
_MOST_AUTHORS: Final = 50


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says: papers that the query has, papers here, and when the papers here were last changed."""

    total: int
    count: int
    updated: tuple[datetime, ...]


def read_page(body: bytes) -> Page:
    """Return the facts of a page. Raises SourceError (empty, malformed) when it is none or says that it is an error."""
    feed = _feed(body)
    total = (feed.findtext(_TOTAL) or "").strip()
    if not re.fullmatch(r"\d{1,12}", total):
        raise SourceError("malformed", "arXiv's answer does not say how many papers there are")
    papers = feed.findall(f"{_ATOM}entry")
    moments = (_moment(paper.findtext(f"{_ATOM}updated")) for paper in papers)
    return Page(int(total), len(papers), tuple(moment for moment in moments if moment))


def parse_arxiv(fetched: Fetched) -> Parsed:
    """Turn a page into entries; a paper without identifier, title or abstract becomes a dead letter.

    The key and the address are those of the paper in whatever version; a new version changes the entry, because the
    last paragraph of its body names the version, the authors' comment, the journal reference and the DOI.
    Raises SourceError (empty, malformed) as `read_page` does.
    """
    entries: dict[str, Entry] = {}
    unparsed = []
    for position, paper in enumerate(_feed(fetched.body).findall(f"{_ATOM}entry")):
        one = _entry(paper, f"entry {position} of {fetched.url}")
        if isinstance(one, Entry):
            entries.setdefault(one.key, one)
        else:
            unparsed.append(one)
    return Parsed(tuple(entries.values()), tuple(unparsed))


def _feed(body: bytes) -> Any:
    """Return the root element; entities are not resolved, and depth is bounded by libxml2."""
    from lxml import etree

    if not body.strip():
        raise SourceError("empty", "arXiv's answer is empty")
    try:
        feed = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise SourceError("malformed", f"arXiv's answer is not XML: {error}") from error
    if feed.tag != f"{_ATOM}feed":
        raise SourceError("malformed", f"arXiv's answer is not an Atom feed but <{str(feed.tag)[:100]}>")
    for entry in feed.findall(f"{_ATOM}entry"):
        if "arxiv.org/api/errors" in (entry.findtext(f"{_ATOM}id") or ""):
            raise SourceError("malformed", f"arXiv refuses the query: {_line(entry, f'{_ATOM}summary')[:500]}")
    return feed


def _entry(paper: Any, place: str) -> Entry | Unparsed:
    address = _line(paper, f"{_ATOM}id")
    found = _PAPER.fullmatch(address)
    title, abstract = _line(paper, f"{_ATOM}title"), _line(paper, f"{_ATOM}summary")
    if not found:
        return Unparsed(address[:1000] or place, "no_identifier", f"not the address of a paper: {address[:500]!r}")
    if not title or not abstract:
        return Unparsed(address, "incomplete", f"a paper without {'an abstract' if title else 'a title'}")
    published = _moment(paper.findtext(f"{_ATOM}published"))
    return Entry(
        key=found["identifier"],
        title=title,
        body="\n\n".join([abstract, "\n".join(_facts(paper, found["identifier"], found["version"] or ""))]),
        media_type="text/plain",
        url=f"https://arxiv.org/abs/{found['identifier']}",
        author=_authors(paper),
        published_at=published,
        tags=scrub_tags(dict.fromkeys(_categories(paper))),
        problems=() if published else ("no date",),
    )


def _facts(paper: Any, identifier: str, version: str) -> Iterator[str]:
    yield f"arXiv:{identifier}{version}"
    for label, name in (("Comment", "comment"), ("Journal reference", "journal_ref"), ("DOI", "doi")):
        if said := _line(paper, f"{_ARXIV}{name}"):
            yield f"{label}: {said}"


def _authors(paper: Any) -> str | None:
    lines = (_line(author, f"{_ATOM}name") for author in paper.findall(f"{_ATOM}author"))
    names = [name for name in lines if name]
    more = f" and {len(names) - _MOST_AUTHORS} more" if len(names) > _MOST_AUTHORS else ""
    return ", ".join(names[:_MOST_AUTHORS]) + more or None


def _categories(paper: Any) -> Iterator[str]:
    for element in (*paper.findall(f"{_ARXIV}primary_category"), *paper.findall(f"{_ATOM}category")):
        if _CATEGORY.fullmatch(term := element.get("term", "")):
            yield term


def _line(element: Any, path: str) -> str:
    """Return the text at `path` on one line: arXiv breaks and indents its texts for the eye."""
    return " ".join(scrub(element.findtext(path)).split())


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat((text or "").strip())
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
