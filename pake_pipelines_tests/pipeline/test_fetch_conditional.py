"""A visit asks only for what is new since the last one, and an unchanged source costs nothing."""

import pytest

from pake_pipelines_tests.chain import rows, value, visit
from pake_pipelines_tests.feeds import item, rss, sources_yaml
from pake_pipelines_tests.site import Page, RawAnswer

ETAG = 'W/"opaque; not = parsed\\"'
MODIFIED = "Sat, 21 Nov 2026 10:00:00 GMT"


@pytest.fixture
def kit(configure, kit_of, site):
    return kit_of(configure(sources_yaml(web=site.url("/feed"))))


async def test_validators_are_kept_as_given_and_sent_back(kit, database, run, site):
    site.pages["/feed"] = Page(rss(item(1)), headers={"ETag": ETAG, "Last-Modified": MODIFIED})
    first = await visit(kit, database, run)
    second = await visit(kit, database, run)
    assert (first["web"].outcome, first["web"].new) == ("ok", 1)
    assert (second["web"].outcome, second["web"].new) == ("unchanged", 0)
    asked = site.asked("/feed")
    assert "If-None-Match" not in asked[0]
    assert (asked[1]["If-None-Match"], asked[1]["If-Modified-Since"]) == (ETAG, MODIFIED)


async def test_a_server_without_validators_still_does_not_make_work_twice(kit, database, run, site):
    site.pages["/feed"] = Page(rss(item(1)))
    await visit(kit, database, run)
    again = await visit(kit, database, run)
    assert again["web"].outcome == "unchanged"
    assert await value(database, "SELECT count(*) FROM raw_fetches") == 1


async def test_a_body_that_only_moved_its_items_adds_no_version(kit, database, run, site):
    site.pages["/feed"] = Page(rss(item(1), item(2)))
    await visit(kit, database, run)
    site.pages["/feed"] = Page(rss(item(2), item(1)))
    again = await visit(kit, database, run)
    assert (again["web"].outcome, again["web"].unchanged) == ("unchanged", 2)
    assert await value(database, "SELECT count(*) FROM entries") == 2
    assert await value(database, "SELECT count(*) FROM raw_fetches") == 2


async def test_validators_of_a_failed_answer_are_not_remembered(kit, database, run, site):
    site.pages["/feed"] = Page(b"<html>no feed</html>", headers={"ETag": '"bad"'})
    failed = await visit(kit, database, run)
    assert failed["web"].error_kind == "malformed"
    site.pages["/feed"] = Page(rss(item(1)), headers={"ETag": '"bad"'})
    healed = await visit(kit, database, run)
    assert (healed["web"].outcome, healed["web"].new) == ("ok", 1)


async def test_every_body_lies_in_the_archive_byte_for_byte(kit, database, run, site):
    body = rss(item(1))
    site.pages["/feed"] = Page(body)
    await visit(kit, database, run)
    (held,) = await rows(database, "SELECT lake_path, bytes FROM raw_fetches")
    assert kit.lake.read(held["lake_path"]) == body
    assert held["bytes"] == len(body)


async def test_headers_that_are_not_utf8_do_not_stop_the_run(kit, database, run, site):
    site.pages["/feed"] = RawAnswer(b'ETag: "caf\xe9"\r\nContent-Type: text/xml; x=\xe9\r\n', rss(item(1)))
    seen = await visit(kit, database, run)
    assert (seen["web"].outcome, seen["web"].new) == ("ok", 1)
