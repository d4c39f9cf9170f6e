"""A server that speaks arXiv's query API over papers of our own making, and minds its limits.

In tests an `ArxivServer` is a page of a `Site`. To look at a backfill, start it as a program:
`python -m pake_pipelines_tests.arxiv_server --port 8765 --days 5 --seed 1`.
"""

import argparse
import asyncio
import re
import time
from datetime import UTC, date, datetime, timedelta
from xml.sax.saxutils import escape, quoteattr

from aiohttp import web

from pake_pipelines_tests.arxiv_papers import papers_of

_NAMESPACES = (
    'xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" '
    'xmlns:arxiv="http://arxiv.org/schemas/atom"'
)
_SLICE, _QUERY = 2000, 30_000
# a request that left three seconds after the last may arrive a little earlier than that
_JITTER = 0.95


class ArxivServer:
    """Answers `/api/query`. `seconds` is the pause it demands, `violations` says who did not keep to the limits.

    `next_answers` are given before any real one: "empty" for the page without papers that the API sometimes shows,
    "blank" for no body at all, or a `web.Response`. `latency` is in seconds; `clock` measures the pause.
    """

    def __init__(self, papers=(), seconds=0.0, latency=0.0, per_query=_QUERY, clock=time.monotonic):
        self.papers = list(papers)
        self.seconds = seconds
        self.latency = latency
        self.per_query = per_query
        self.clock = clock
        self.next_answers = []
        self.queries = []
        self.violations = []
        self.malformed = []
        self.sorts = True
        self._asked_at = float("-inf")
        self._open = 0

    async def __call__(self, request):
        fault = self._fault(request.query)
        if fault:
            self.violations.append(fault)
            return web.Response(status=429, text="Rate exceeded.", headers={"Retry-After": "3"})
        self._open += 1
        try:
            await asyncio.sleep(self.latency)
            return self._answer(request.query)
        finally:
            self._open -= 1

    def _fault(self, asked):
        now, before = self.clock(), self._asked_at
        self._asked_at = now
        self.queries.append(dict(asked))
        if self._open:
            return "two requests at once"
        if now - before < self.seconds * _JITTER:
            return f"{now - before:.3f} s after the last request"
        if int(asked.get("max_results", 10)) > _SLICE:
            return f"more than {_SLICE} papers at once"
        if int(asked.get("start", 0)) + int(asked.get("max_results", 10)) > self.per_query:
            return f"beyond {self.per_query} papers"
        return None

    def _answer(self, asked):
        given = self.next_answers.pop(0) if self.next_answers else None
        if isinstance(given, web.Response):
            return given
        if given == "blank":
            return _atom("")
        try:
            selected = matcher(asked["search_query"])
        except ValueError as error:
            return _atom(_feed(_error(str(error)), 1, 0, 1))
        found = self._sorted([paper for paper in self.papers if selected(paper)], asked)
        start, size = int(asked.get("start", 0)), int(asked.get("max_results", 10))
        shown = [] if given == "empty" else found[start : start + size]
        entries = "".join(entry(paper) for paper in shown) + "".join(self.malformed)
        return _atom(_feed(entries, len(found) + len(self.malformed), start, size))

    def _sorted(self, papers, asked):
        if not self.sorts:
            return sorted(papers, key=lambda paper: paper.latest.at)
        version = {"submittedDate": lambda paper: paper.first.at, "lastUpdatedDate": lambda paper: paper.latest.at}
        return sorted(papers, key=version[asked["sortBy"]], reverse=asked["sortOrder"] == "descending")


def entry(paper):
    """Return a paper's newest version as the API shows it."""
    number = f"http://arxiv.org/abs/{paper.identifier}v{len(paper.versions)}"
    # the API folds its texts like this
    abstract = re.sub(r"(.{60,75}) ", r"\1\n", escape(paper.latest.abstract))
    authors = "".join(f"<author><name>{escape(name)}</name></author>" for name in paper.authors)
    extras = "".join(f"<arxiv:{name}>{escape(said)}</arxiv:{name}>" for name, said in paper.extras.items())
    classes = "".join(
        f'<category term={quoteattr(term)} scheme="http://arxiv.org/schemas/atom"/>' for term in paper.categories
    )
    return (
        f"<entry><id>{number}</id><updated>{_stamp(paper.latest.at)}</updated>"
        f"<published>{_stamp(paper.first.at)}</published><title>{escape(paper.latest.title)}</title>"
        f"<summary>  {abstract}\n</summary>{authors}{extras}"
        f'<link href="{number}" rel="alternate" type="text/html"/>'
        f'<link title="pdf" href="{number.replace("/abs/", "/pdf/")}" rel="related" type="application/pdf"/>'
        f'<arxiv:primary_category term={quoteattr(paper.categories[0])} scheme="http://arxiv.org/schemas/atom"/>'
        f"{classes}</entry>\n"
    )


def _error(message):
    address = f"http://arxiv.org/api/errors#{message.replace(' ', '_')}"
    return f"<entry><id>{escape(address)}</id><title>Error</title><summary>{escape(message)}</summary></entry>"


def _feed(entries, total, start, size):
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<feed {_NAMESPACES}>\n<title type="html">ArXiv Query</title>'
        f"<id>http://arxiv.org/api/example</id><updated>{_stamp(datetime.now(UTC))}</updated>"
        f"<opensearch:totalResults>{total}</opensearch:totalResults><opensearch:startIndex>{start}"
        f"</opensearch:startIndex><opensearch:itemsPerPage>{size}</opensearch:itemsPerPage>\n{entries}</feed>\n"
    )


def _atom(text):
    return web.Response(text=text, content_type="application/atom+xml")


def _stamp(moment):
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


_TOKEN = re.compile(
    r'\s*(?:(?P<mark>[()])|(?P<operator>ANDNOT|AND|OR)\b|(?P<field>\w+):(?:\[(?P<range>[^\]]*)\]|"(?P<phrase>[^"]*)"|(?P<word>[^\s()]+)))'
)
_RANGE = re.compile(r"(\d{12}) TO (\d{12})")


def matcher(query):
    """Return a function that tells whether a paper is selected by `query`. Raises ValueError on what is no query."""
    tokens, position = [], 0
    while query[position:].strip():
        found = _TOKEN.match(query, position)
        if not found:
            raise ValueError(f"cannot read the query at {query[position:][:40]}")
        tokens.append(found)
        position = found.end()
    selected = _expression(tokens)
    if tokens:
        raise ValueError("unbalanced parentheses")
    return selected


def _expression(tokens):
    left = _term(tokens)
    while tokens and tokens[0]["operator"]:
        left = _joined(tokens.pop(0)["operator"], left, _term(tokens))
    return left


def _joined(operator, left, right):
    return {
        "AND": lambda paper: left(paper) and right(paper),
        "OR": lambda paper: left(paper) or right(paper),
        "ANDNOT": lambda paper: left(paper) and not right(paper),
    }[operator]


def _term(tokens):
    token = tokens.pop(0) if tokens else None
    if token is None or token["operator"] or token["mark"] == ")":
        raise ValueError("a term is missing")
    if token["mark"] == "(":
        inner = _expression(tokens)
        if not tokens or tokens.pop(0)["mark"] != ")":
            raise ValueError("unbalanced parentheses")
        return inner
    if token["range"] is not None:
        return _submitted(token["field"], token["range"])
    return _holds(token["field"], token["phrase"] or token["word"])


def _submitted(field, text):
    """Both ends are moments, to the minute and in GMT; the second is not included."""
    found = _RANGE.fullmatch(text)
    if field != "submittedDate" or not found:
        raise ValueError(f"not a range of dates: {field}:[{text}]")
    first, last = (datetime.strptime(moment, "%Y%m%d%H%M").replace(tzinfo=UTC) for moment in found.groups())
    return lambda paper: first <= paper.first.at < last


def _holds(field, value):
    texts = {
        "cat": lambda paper: value in paper.categories,
        "ti": lambda paper: value.lower() in paper.latest.title.lower(),
        "abs": lambda paper: value.lower() in paper.latest.abstract.lower(),
        "all": lambda paper: value.lower() in f"{paper.latest.title} {paper.latest.abstract}".lower(),
    }
    if field not in texts:
        raise ValueError(f"unknown field {field}")
    return texts[field]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--days", type=int, default=5, help="how many days have papers")
    parser.add_argument("--last-day", type=date.fromisoformat, default=datetime.now(UTC).date())
    parser.add_argument("--per-day", type=int, default=40, help="papers of a day")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3.0, help="the pause between requests that is demanded")
    chosen = parser.parse_args()
    days = [chosen.last_day - timedelta(days=back) for back in range(chosen.days)]
    papers = [paper for day in days for paper in papers_of(day, chosen.per_day, chosen.seed)]
    submitted = [paper for paper in papers if paper.first.at <= datetime.now(UTC)]
    server = ArxivServer(submitted, chosen.seconds)
    application = web.Application()
    application.router.add_get("/api/query", server)
    web.run_app(application, host="127.0.0.1", port=chosen.port)


if __name__ == "__main__":
    main()
