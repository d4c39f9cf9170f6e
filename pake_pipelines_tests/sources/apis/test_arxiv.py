"""arXiv is read page by page, within its limits, and nothing is lost by stopping between two pages."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pake_pipelines.config.loading import load_sources
from pake_pipelines.config.manners import Rate
from pake_pipelines.config.source_kinds import ArxivSource
from pake_pipelines.sources.apis import arxiv
from pake_pipelines.sources.apis.arxiv import Arxiv, address
from pake_pipelines.sources.apis.arxiv_answer import parse_arxiv
from pake_pipelines.sources.clock import Clock
from pake_pipelines.sources.http.client import open_client
from pake_pipelines.sources.http.gate import budget_of
from pake_pipelines.sources.protocol import Fetched, SourceError, Unchanged, Unreadable, Window
from pake_pipelines_tests.arxiv_papers import Paper, Version, papers_of
from pake_pipelines_tests.arxiv_server import ArxivServer, entry
from pake_pipelines_tests.site import Site
from pake_pipelines_tests.sources.conftest import manners
from pake_pipelines_tests.sources.reading import entries_of, visit

DAY = date(2026, 11, 20)
ONE_DAY = Window(DAY, DAY)
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def arxiv_site():
    opened = Site().start()
    yield opened
    opened.stop()


@pytest.fixture
def serve(arxiv_site):
    def start(papers=(), **options):
        server = arxiv_site.pages["/api/query"] = ArxivServer(papers, **options)
        return server

    return start


@pytest.fixture
def reader(arxiv_site, client):
    return lambda **options: Arxiv(source(arxiv_site, **options), client)


def source(site, **options):
    usual = {"name": "arXiv", "kind": "arxiv", "categories": ("cs.AI",), "url": site.url("/api/query")}
    return ArxivSource(**usual | options)


def paper(number, *moments, title="A title", abstract="An abstract.", **options):
    versions = tuple(Version(moment, f"{title} {number}", abstract) for moment in moments)
    return Paper(f"2611.{number:05d}", versions, **options)


def ago(**time_ago):
    return NOW - timedelta(**time_ago)


def queried(server, name):
    return [query[name] for query in server.queries]


# --- what is asked


def search_of(**options):
    asked = ArxivSource(**{"name": "a", "kind": "arxiv", "categories": ("cs.AI", "cs.LG")} | options)
    return parse_qs(urlsplit(address(asked, 0, DAY)).query)["search_query"][0]


def test_categories_query_and_day_are_asked_together():
    assert search_of(query='abs:"language model" OR ti:agents') == (
        '(cat:cs.AI OR cat:cs.LG) AND (abs:"language model" OR ti:agents)'
        " AND submittedDate:[202611200000 TO 202611210000]"
    )
    assert search_of(categories=(), query="all:electron") == (
        "(all:electron) AND submittedDate:[202611200000 TO 202611210000]"
    )


@pytest.mark.parametrize("category", ["cs.AI OR cat:cs.LG", "cs AI", "", "cs.AI)", "CS.AI"])
def test_what_is_no_category_is_refused_by_the_configuration(category):
    with pytest.raises(ValidationError):
        ArxivSource(name="a", kind="arxiv", categories=(category,))


def test_more_papers_at_once_than_arxiv_gives_are_refused_by_the_configuration():
    with pytest.raises(ValidationError):
        ArxivSource(name="a", kind="arxiv", categories=("cs.AI",), page_size=2001)


# --- windows


async def test_a_window_holds_the_papers_submitted_on_its_days_in_utc(serve, reader):
    midnight = datetime.combine(DAY, time(), UTC)
    moments = [
        midnight - timedelta(seconds=1),
        midnight,
        midnight + timedelta(days=1, seconds=-1),
        midnight + timedelta(days=1),
    ]
    serve([paper(number, moment) for number, moment in enumerate(moments)])
    one = reader()
    answers, cursor = await visit(one, ONE_DAY)
    assert sorted(entries_of(one, answers)) == ["2611.00001", "2611.00002"]
    assert cursor == {"finished": True}
    answers, _ = await visit(one, Window(DAY, DAY + timedelta(days=1)))
    assert sorted(entries_of(one, answers)) == ["2611.00001", "2611.00002", "2611.00003"]


async def test_a_page_is_of_one_day_and_says_which_query_it_answers(serve, reader):
    serve([*papers_of(DAY, 3), *papers_of(DAY + timedelta(days=1), 2)])
    one = reader(categories=(), query="all:the", page_size=2)
    answers, _ = await visit(one, Window(DAY, DAY + timedelta(days=1)))
    days = [{found.published_at.date() for found in one.parse(answer).entries} for answer in answers]
    assert days == [{DAY}, {DAY}, {DAY + timedelta(days=1)}]
    assert [parse_qs(urlsplit(answer.url).query)["start"] for answer in answers] == [["0"], ["2"], ["0"]]
    assert {answer.media_type.split(";")[0] for answer in answers} == {"application/atom+xml"}


async def test_a_day_without_papers_is_no_body(serve, reader):
    serve(papers_of(DAY + timedelta(days=1), 1))
    answers, cursor = await visit(reader(categories=(), query="all:the"), Window(DAY, DAY + timedelta(days=1)))
    assert [type(answer) for answer in answers] == [Unchanged, Fetched]
    assert cursor == {"finished": True}


async def test_a_finished_window_is_read_again_when_it_is_asked_for_again(serve, reader):
    serve([paper(1, datetime.combine(DAY, time(8), UTC))])
    one = reader()
    _, cursor = await visit(one, ONE_DAY)
    answers, _ = await visit(one, ONE_DAY, cursor)
    assert list(entries_of(one, answers)) == ["2611.00001"]


@settings(deadline=None, max_examples=20)
@given(page_size=st.integers(1, 30), stops=st.lists(st.integers(1, 4), min_size=1, max_size=6))
def test_stopping_after_any_pages_of_a_window_loses_and_repeats_nothing(arxiv_site, page_size, stops):
    days = [DAY + timedelta(days=number) for number in range(3)]
    papers = [*papers_of(days[0], 11), *papers_of(days[2], 14)]
    arxiv_site.pages["/api/query"] = ArxivServer(papers)
    window = Window(days[0], days[-1])

    async def read():
        async with open_client(manners()) as client:
            one = Arxiv(source(arxiv_site, categories=(), query="all:the", page_size=page_size), client)
            keys, cursor, visits = [], {}, 0
            while cursor != {"finished": True}:
                answers, cursor = await visit(one, window, cursor, stop_after=stops[visits % len(stops)])
                visits += 1
                keys += [
                    found.key
                    for answer in answers
                    if isinstance(answer, Fetched)
                    for found in one.parse(answer).entries
                ]
            return keys

    assert asyncio.run(read()) == [one.identifier for one in papers]


# --- the present


async def test_a_first_visit_goes_three_days_back(serve, reader):
    papers = [paper(hours, ago(hours=hours)) for hours in range(0, 24 * 9, 3)]
    server = serve(papers)
    one = reader(page_size=10)
    answers, cursor = await visit(one)
    keys = entries_of(one, answers)
    # the page on which the three days end is taken whole
    assert list(keys) == [one.identifier for one in papers[:30]]
    assert cursor == {"since": NOW.isoformat(), "total": len(papers)}
    assert set(queried(server, "sortBy")) == {"lastUpdatedDate"}


async def test_a_visit_without_news_costs_one_request_and_yields_no_body(serve, reader):
    server = serve([paper(number, ago(hours=number)) for number in range(30)])
    one = reader(page_size=10)
    _, cursor = await visit(one)
    server.queries.clear()
    answers, later = await visit(one, cursor=cursor)
    assert ([type(answer) for answer in answers], later) == ([Unchanged], cursor)
    assert len(server.queries) == 1


async def test_a_new_version_of_an_old_paper_is_found_and_is_the_same_item(serve, reader):
    server = serve([paper(number, ago(hours=6 * number)) for number in range(30)] + [paper(99, ago(days=900))])
    one = reader(page_size=10)
    answers, cursor = await visit(one)
    before = entries_of(one, answers)
    assert "2611.00099" not in before
    server.papers[-1] = paper(99, ago(days=900), ago(minutes=-5))
    server.papers[3] = paper(3, ago(hours=18), ago(minutes=-4))
    answers, _ = await visit(one, cursor=cursor)
    after = entries_of(one, answers)
    assert after["2611.00099"].published_at == ago(days=900)
    both = before.keys() & after.keys()
    assert {key for key in both if after[key].entry_hash != before[key].entry_hash} == {"2611.00003"}
    assert after["2611.00003"].url == before["2611.00003"].url == "https://arxiv.org/abs/2611.00003"


async def test_a_paper_that_appears_late_among_older_ones_is_found(serve, reader):
    server = serve([paper(number, ago(hours=number)) for number in range(50)])
    one = reader(page_size=7)
    _, cursor = await visit(one)
    server.papers.append(paper(77, ago(hours=60)))
    answers, _ = await visit(one, cursor=cursor)
    assert "2611.00077" in entries_of(one, answers)


async def test_after_a_long_pause_everything_since_the_last_visit_is_read(serve, reader):
    server = serve([paper(number, ago(hours=12 * number)) for number in range(60, 80)])
    one = reader(page_size=9)
    _, cursor = await visit(one, cursor={"since": ago(hours=12 * 62).isoformat(), "total": 18})
    assert cursor["since"] == ago(hours=12 * 60).isoformat()
    server.papers += [paper(number, ago(hours=12 * number)) for number in range(60)]
    answers, _ = await visit(one, cursor=cursor)
    assert set(entries_of(one, answers)) >= {f"2611.{number:05d}" for number in range(60)}


async def test_a_paper_dated_in_the_future_hides_no_news(serve, reader):
    server = serve([paper(1, ago(days=-400)), *(paper(number, ago(hours=number)) for number in range(2, 30))])
    one = reader(page_size=5)
    _, cursor = await visit(one)
    server.papers.append(paper(77, ago(hours=1)))
    answers, _ = await visit(one, cursor=cursor)
    assert set(entries_of(one, answers)) == {one.identifier for one in server.papers}


@settings(deadline=None, max_examples=20)
@given(
    page_size=st.integers(1, 25),
    stops=st.lists(st.integers(1, 3), min_size=1, max_size=5),
    arrivals=st.integers(0, 3),
    renewed=st.lists(st.integers(0, 39), max_size=3),
)
def test_stopping_after_any_pages_of_a_visit_loses_nothing_while_papers_come_and_change(
    arxiv_site, page_size, stops, arrivals, renewed
):
    server = arxiv_site.pages["/api/query"] = ArxivServer(paper(n, ago(hours=n, seconds=1)) for n in range(40))

    async def read():
        async with open_client(manners()) as client:
            one = Arxiv(source(arxiv_site, page_size=page_size), client)
            seen, cursor, visits = {}, {}, 0
            while "since" not in cursor:
                answers, cursor = await visit(one, None, cursor, stop_after=stops[visits % len(stops)])
                visits += 1
                seen |= entries_of(one, answers)
                if visits == 1:
                    server.papers += [paper(100 + n, NOW + timedelta(minutes=n)) for n in range(arrivals)]
                    for n in renewed:
                        server.papers[n] = paper(n, ago(hours=n, seconds=1), NOW + timedelta(seconds=n))
            answers, _ = await visit(one, None, cursor)
            return seen | entries_of(one, answers)

    found = asyncio.run(read())
    assert set(found) == {one.identifier for one in server.papers}
    for one in server.papers:
        assert f"arXiv:{one.identifier}v{len(one.versions)}" in found[one.identifier].body


# --- answers that are none


async def test_a_page_that_is_empty_by_mistake_is_asked_for_again(serve, reader):
    server = serve(papers_of(DAY, 5))
    server.next_answers = ["empty", "blank"]
    one = reader(categories=(), query="all:the")
    answers, _ = await visit(one, ONE_DAY)
    assert len(entries_of(one, answers)) == 5
    assert len(server.queries) == 3


@pytest.mark.parametrize("answer", ["empty", "blank"])
async def test_pages_that_stay_empty_are_a_passing_failure_and_never_no_papers(serve, reader, answer):
    server = serve(papers_of(DAY, 5))
    server.next_answers = [answer] * 3
    with pytest.raises(SourceError, match="3 times a page without papers") as raised:
        await visit(reader(categories=(), query="all:the"), ONE_DAY)
    assert (raised.value.kind, raised.value.transient) == ("busy", True)


async def test_a_source_that_selects_no_paper_at_all_is_a_failure(serve, reader):
    serve([paper(1, NOW)])
    with pytest.raises(SourceError, match="check categories and query") as raised:
        await visit(reader(categories=("math.GT",)))
    assert (raised.value.kind, raised.value.transient) == ("empty", False)


async def test_a_refused_query_is_a_failure_with_arxivs_own_words(serve, reader):
    serve([paper(1, NOW)])
    with pytest.raises(SourceError, match="arXiv refuses the query: unknown field nonsense") as raised:
        await visit(reader(query="nonsense:x"))
    assert raised.value.kind == "malformed"


async def test_an_answer_that_is_not_sorted_is_a_failure_not_the_end_of_the_news(serve, reader):
    server = serve([paper(number, ago(days=number)) for number in range(60)])
    one = reader(page_size=5)
    _, cursor = await visit(one)
    server.sorts = False
    with pytest.raises(SourceError, match="not sorted"):
        await visit(one, cursor=cursor)


@pytest.mark.parametrize(
    "body",
    [
        "<html><body>Rate exceeded.</body></html>",
        "Rate exceeded.",
        "<feed",
        '<feed xmlns="http://www.w3.org/2005/Atom"/>',
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:o="http://a9.com/-/spec/opensearch/1.1/"><o:totalResults/></feed>',
    ],
)
async def test_what_is_no_page_of_papers_is_malformed(serve, reader, body):
    serve().next_answers = [web.Response(text=body)]
    with pytest.raises(SourceError) as raised:
        await visit(reader(), ONE_DAY)
    assert raised.value.kind == "malformed"


async def test_429_says_when_to_come_back_and_the_cursor_stays_where_it_was(serve, reader):
    server = serve(papers_of(DAY, 5))
    one = reader(categories=(), query="all:the", page_size=2)
    first, cursor = await visit(one, ONE_DAY, stop_after=1)
    server.next_answers = [web.Response(status=429, headers={"Retry-After": "120"})]
    before = datetime.now(UTC)
    with pytest.raises(SourceError) as raised:
        await visit(one, ONE_DAY, cursor)
    assert (raised.value.status, raised.value.transient) == (429, True)
    assert timedelta(seconds=115) < raised.value.retry_at - before < timedelta(seconds=125)
    async with open_client(manners()) as another_client:
        one = Arxiv(one._source, another_client)
        rest, _ = await visit(one, ONE_DAY, cursor)
    assert len(entries_of(one, first) | entries_of(one, rest)) == 5


async def test_how_long_an_answer_stays_fresh_is_passed_on(serve, reader):
    server = serve([paper(1, NOW)])
    one = reader()
    (usual,), cursor = await visit(one)
    body = usual.body.decode()
    server.next_answers = [web.Response(text=body, headers={"Cache-Control": "max-age=3600"}) for _ in range(2)]
    (fetched,), _ = await visit(one)
    (unchanged,), _ = await visit(one, cursor=cursor)
    for answer in (fetched, unchanged):
        assert timedelta(minutes=59) < answer.fresh_until - datetime.now(UTC) <= timedelta(minutes=60)


# --- limits


async def test_requests_keep_three_seconds_and_never_overlap(serve, arxiv_site):
    """Two sources of one host share one budget; client and server go by a clock on which waiting takes no time."""
    elapsed = [0.0]

    async def sleep(seconds):
        elapsed[0] += seconds
        await asyncio.sleep(0)

    papers = [paper(number, ago(hours=number)) for number in range(40)]
    server = serve(papers, seconds=3, latency=0.01, clock=lambda: elapsed[0])
    polite = manners(rates={"127.0.0.1": {"requests_per_minute": 20, "burst": 1}})
    async with open_client(polite, clock=Clock(monotonic=lambda: elapsed[0], sleep=sleep)) as client:
        readers = [Arxiv(source(arxiv_site, page_size=size), client) for size in (5, 8)]
        await asyncio.gather(*(visit(one) for one in readers))
    assert len(server.queries) == 13
    assert server.violations == []


def test_the_usual_configuration_gives_all_of_arxiv_one_request_in_three_seconds(tmp_path):
    for host in ("export.arxiv.org", "arxiv.org"):
        assert budget_of(host, load_sources(tmp_path).http) == ("arxiv.org", Rate(requests_per_minute=20, burst=1))


async def test_the_server_of_these_tests_notices_who_does_not_keep_the_pause(serve, reader):
    server = serve([paper(number, ago(hours=number)) for number in range(40)], seconds=0.5)
    with pytest.raises(SourceError):
        await visit(reader(page_size=5))
    assert len(server.violations) == 1


async def test_no_query_goes_beyond_what_one_query_gives_and_the_rest_is_named(serve, reader, monkeypatch):
    monkeypatch.setattr(arxiv, "RESULTS_PER_QUERY", 25)
    server = serve([paper(number, ago(hours=number)) for number in range(60)], per_query=25)
    one = reader(page_size=10)
    answers, cursor = await visit(one)
    assert (queried(server, "max_results"), server.violations) == (["10", "10", "5"], [])
    assert len(entries_of(one, answers)) == 25
    (letter,) = [answer for answer in answers if isinstance(answer, Unreadable)]
    assert (letter.reason, letter.detail[:14]) == ("too_many", "35 more papers")
    assert "since" in cursor


# --- papers


def parsed(*entries):
    body = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:o="http://a9.com/-/spec/opensearch/1.1/" '
        f'xmlns:arxiv="http://arxiv.org/schemas/atom"><o:totalResults>9</o:totalResults>{"".join(entries)}</feed>'
    )
    return parse_arxiv(Fetched("https://export.arxiv.org/api/query?x", body.encode(), NOW))


def test_a_paper_becomes_an_entry_that_serves_a_reader():
    whole = paper(
        7,
        ago(days=9),
        ago(days=1),
        title="On $x^2$ &\n   other  things",
        abstract="First line\n  second <line>.",
        authors=("Ada Lovelace", "Kurt Gödel"),
        categories=("cs.LG", "stat.ML", "68T05, 62H30", "I.2.6"),
        extras={"comment": "12 pages,\n 3 figures", "doi": "10.1000/xyz", "journal_ref": "J. Ex. 1 (2026) 2"},
    )
    (found,) = parsed(entry(whole)).entries
    assert (found.key, found.url) == ("2611.00007", "https://arxiv.org/abs/2611.00007")
    assert found.title == "On $x^2$ & other things 7"
    assert found.body == (
        "First line second <line>.\n\n"
        "arXiv:2611.00007v2\nComment: 12 pages, 3 figures\nJournal reference: J. Ex. 1 (2026) 2\nDOI: 10.1000/xyz"
    )
    assert (found.media_type, found.author) == ("text/plain", "Ada Lovelace, Kurt Gödel")
    assert (found.published_at, found.tags, found.problems) == (ago(days=9), ("cs.LG", "stat.ML"), ())


def test_old_identifiers_are_understood():
    (found,) = parsed(entry(Paper("hep-th/9901001", paper(1, NOW).versions))).entries
    assert (found.key, found.url) == ("hep-th/9901001", "https://arxiv.org/abs/hep-th/9901001")


def test_a_collaborations_names_are_counted_beyond_fifty():
    (found,) = parsed(entry(paper(1, NOW, authors=tuple(f"Name {n}" for n in range(2900))))).entries
    assert found.author.startswith("Name 0, Name 1, ")
    assert found.author.endswith("Name 49 and 2850 more")


def test_a_malformed_paper_is_a_dead_letter_and_the_others_stay():
    good = entry(paper(1, NOW))
    unknown = good.replace("http://arxiv.org/abs/2611.00001v1</id>", "http://elsewhere.example/1</id>")
    untitled = entry(paper(2, NOW)).replace("<title>A title 2</title>", "<title> </title>")
    without = entry(paper(3, NOW)).replace("<summary>  An abstract.\n</summary>", "")
    bare = "<entry/>"
    result = parsed(good, unknown, untitled, without, bare)
    assert [found.key for found in result.entries] == ["2611.00001"]
    assert [(letter.key, letter.reason) for letter in result.unparsed] == [
        ("http://elsewhere.example/1", "no_identifier"),
        ("http://arxiv.org/abs/2611.00002v1", "incomplete"),
        ("http://arxiv.org/abs/2611.00003v1", "incomplete"),
        ("entry 4 of https://export.arxiv.org/api/query?x", "no_identifier"),
    ]


def test_a_paper_without_a_readable_date_stays_and_says_so():
    odd = entry(paper(1, NOW)).replace(f"<published>{NOW:%Y}", "<published>soon ")
    (found,) = parsed(odd).entries
    assert (found.published_at, found.problems) == (None, ("no date",))


async def test_a_malformed_paper_does_not_stop_the_reading(serve, reader):
    server = serve([paper(number, ago(hours=number)) for number in range(5)])
    server.malformed = ["<entry><id>nonsense</id></entry>"]
    one = reader()
    (answer,), _ = await visit(one)
    assert (len(one.parse(answer).entries), len(one.parse(answer).unparsed)) == (5, 1)


def declared(entities, text):
    inside = entry(paper(1, NOW, abstract="ABSTRACT")).replace("arxiv:", "").replace("ABSTRACT", text)
    body = f'<!DOCTYPE feed [{entities}]><feed xmlns="http://www.w3.org/2005/Atom">{inside}</feed>'
    return Fetched("u", body.encode(), NOW)


def test_files_are_not_let_in(tmp_path):
    (tmp_path / "secret").write_text("secret")
    file = f'<!ENTITY file SYSTEM "file://{tmp_path}/secret">'
    (found,) = parse_arxiv(declared(file, "An abstract. &file;")).entries
    assert found.body == "An abstract.\n\narXiv:2611.00001v1"


def test_a_bomb_of_entities_is_malformed():
    bomb = "".join(f'<!ENTITY b{n} "{f"&b{n - 1};" * 10 if n else "boom"}">' for n in range(12))
    with pytest.raises(SourceError) as raised:
        parse_arxiv(declared(bomb, "&b11;"))
    assert raised.value.kind == "malformed"


# --- the papers of the tests


def test_the_papers_are_the_same_every_time_and_read_like_papers():
    papers = papers_of(DAY, 300)
    assert papers == papers_of(DAY, 300)
    assert all(len(one.latest.abstract.split()) > 150 for one in papers)
    assert {one.first.at.date() for one in papers} == {DAY}
    assert len({one.latest.abstract for one in papers}) == len({one.identifier for one in papers}) == 300


def test_papers_of_one_area_share_less_than_a_third_of_their_phrases():
    """Or the shown backfill would find nothing but duplicates."""
    phrases = [_phrases(one.latest.abstract) for one in papers_of(DAY, 60)]
    shared = [len(one & other) / len(one | other) for one, other in pairwise(phrases)]
    assert max(shared) < 1 / 3


def _phrases(text, length=5):
    words = text.split()
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}
