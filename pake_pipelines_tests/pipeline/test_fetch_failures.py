"""A source that cannot be read fails alone, with its cause, and is never mistaken for an empty one."""

import pytest

from pake_pipelines.sources.feeds.reader import HttpFeed
from pake_pipelines.sources.protocol import SourceError
from pake_pipelines_tests.chain import rows, value, visit
from pake_pipelines_tests.feeds import item, rss, sources_yaml
from pake_pipelines_tests.site import Page


async def drop_connection(request):
    request.transport.abort()


@pytest.mark.parametrize(
    ("page", "kind", "cause"),
    [
        (Page(status=404), "http_status", "404"),
        (Page(status=500), "http_status", "500"),
        (Page(b""), "empty", "empty"),
        (Page(b"<html><body>Sign in</body></html>"), "malformed", "not a feed"),
        (Page(b'{"items": 3}'), "malformed", "not a JSON Feed"),
        (Page(b"x" * 200_000), "too_large", "larger than 100000"),
        (drop_connection, "unreachable", "/bad"),
    ],
    ids=["404", "500", "empty", "html", "json", "too large", "dropped connection"],
)
async def test_a_failed_read_names_its_cause_and_leaves_the_others_alone(
    page, kind, cause, configure, kit_of, database, run, site
):
    site.pages |= {"/bad": page, "/good": Page(rss(item(1)))}
    kit = kit_of(configure(sources_yaml(http="max_bytes: 100000", bad=site.url("/bad"), good=site.url("/good"))))
    seen = await visit(kit, database, run)
    assert (seen["good"].outcome, seen["good"].new) == ("ok", 1)
    assert (seen["bad"].failed, seen["bad"].error_kind) == (True, kind)
    assert cause in seen["bad"].error
    assert await value(database, "SELECT count(*) FROM entries JOIN items USING (pake_id) WHERE source = 'bad'") == 0


async def test_a_failed_read_is_not_an_empty_feed(configure, kit_of, database, run, site):
    kit = kit_of(configure(sources_yaml(empty=site.url("/empty"), dead=site.url("/dead"))))
    site.pages["/empty"] = Page(rss())
    seen = await visit(kit, database, run)
    outcomes = {row["source"]: row["outcome"] for row in await rows(database, "TABLE ingestion_runs")}
    assert outcomes == {"empty": "unchanged", "dead": "failed"}
    assert (seen["empty"].found, seen["empty"].error) == (0, None)


async def test_a_failed_visit_is_stored_with_the_kind_of_its_error(configure, kit_of, database, run, site):
    site.pages |= {"/locked": Page(status=401), "/good": Page(rss(item(1)))}
    addresses = {"locked": site.url("/locked"), "good": site.url("/good"), "gone": "feeds/gone.xml"}
    kit = kit_of(configure(sources_yaml(**addresses)))
    await visit(kit, database, run)
    found = await rows(database, "SELECT source, error_kind, error_status FROM ingestion_runs ORDER BY source")
    assert [tuple(row.values()) for row in found] == [
        ("gone", "missing", None),
        ("good", None, None),
        ("locked", "http_status", 401),
    ]
    site.pages["/locked"] = Page(rss(item(2)))
    await visit(kit, database, run)
    query = "SELECT error, error_kind, error_status FROM ingestion_runs WHERE source = 'locked'"
    assert [tuple(row.values()) for row in await rows(database, query)] == [(None, None, None)]


async def test_failures_in_a_row_are_counted_until_the_source_answers(configure, kit_of, database, run, site):
    kit = kit_of(configure(sources_yaml(web=site.url("/feed"))))
    counts = [(await visit(kit, database, run))["web"].failures_in_a_row for _ in range(3)]
    site.pages["/feed"] = Page(rss(item(1)))
    await visit(kit, database, run)
    (state,) = await rows(database, "SELECT consecutive_failures, last_error, succeeded_at FROM source_state")
    assert counts == [1, 2, 3]
    assert (state["consecutive_failures"], state["last_error"]) == (0, None)
    assert state["succeeded_at"] is not None


async def test_a_file_that_is_not_there_is_a_failure_that_names_it(configure, kit_of, database, run):
    kit = kit_of(configure(sources_yaml(gone="feeds/gone.xml", nowhere="notes/")))
    seen = await visit(kit, database, run)
    assert {one.error_kind for one in seen.values()} == {"missing"}
    assert "feeds/gone.xml: no such file" in seen["gone"].error
    assert "notes: no such folder" in seen["nowhere"].error


async def test_a_reader_that_breaks_is_a_failure_of_its_source_only(
    configure, kit_of, database, run, site, monkeypatch
):
    site.pages |= {"/one": Page(rss(item(1))), "/two": Page(rss(item(2)))}
    kit = kit_of(configure(sources_yaml(one=site.url("/one"), two=site.url("/two"))))
    fetch = HttpFeed.fetch

    async def break_on_one(self, window, memory):
        async for answer in fetch(self, window, memory):
            if answer.url.endswith("/one"):
                raise ZeroDivisionError("a bug")
            yield answer

    monkeypatch.setattr(HttpFeed, "fetch", break_on_one)
    seen = await visit(kit, database, run)
    assert (seen["one"].error_kind, "ZeroDivisionError: a bug" in seen["one"].error) == ("internal", True)
    assert seen["two"].new == 1


async def test_an_archive_that_cannot_take_the_bytes_leaves_no_trace_in_the_database(
    configure, kit_of, database, run, site
):
    site.pages["/feed"] = Page(rss(item(1)), headers={"ETag": '"1"'})
    settings = configure(sources_yaml(web=site.url("/feed")))
    settings.data.mkdir(parents=True, exist_ok=True)
    (settings.data / "lake").write_text("a file where the archive should be")
    seen = await visit(kit_of(settings), database, run)
    assert seen["web"].error_kind == "archive"
    for table in ("raw_fetches", "items", "entries"):
        assert await value(database, f"SELECT count(*) FROM {table}") == 0
    (settings.data / "lake").unlink()
    assert (await visit(kit_of(settings), database, run))["web"].new == 1


async def test_what_fails_at_the_source_after_the_entries_are_stored_is_a_warning(
    configure, kit_of, database, run, site, monkeypatch
):
    async def refuse(self, fetched):
        raise SourceError("unreachable", "it could not be marked as seen")

    site.pages["/feed"] = Page(rss(item(1)))
    kit = kit_of(configure(sources_yaml(web=site.url("/feed"))))
    monkeypatch.setattr(HttpFeed, "stored", refuse)
    seen = (await visit(kit, database, run))["web"]
    assert (seen.outcome, seen.new, seen.warnings) == ("ok", 1, ("it could not be marked as seen",))
