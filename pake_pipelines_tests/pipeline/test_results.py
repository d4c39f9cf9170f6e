"""Stages with the cache of results: what they find there is what they would have made, and nothing else changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from pake_pipelines.config.loading import load_maintenance, load_quality
from pake_pipelines.pipeline import results
from pake_pipelines.pipeline.documents import build_documents
from pake_pipelines.pipeline.extraction import Extractor
from pake_pipelines.pipeline.opening import open_cache
from pake_pipelines.pipeline.results import EXTRACTION, LANGUAGE, language_version
from pake_pipelines.settings import PACKAGE_HOME
from pake_pipelines.store import levers
from pake_pipelines_tests.chain import contents, execute, rows, value, visit
from pake_pipelines_tests.settled import settle
from pake_pipelines_tests.site import Page

SOURCES = """
sources:
  pages: {name: Pages, kind: folder, path: pages, authority: news}
"""
RULES = "ingest: {min_content_length: 5}\n"


def page(number):
    said = " ".join(
        f"Sentence {word} of page {number} says what somebody found out about gardens near the river."
        for word in range(30)
    )
    links = '<a href="https://elsewhere.example/a">more</a><nav><a href="/home">home</a></nav>'
    return f"<html><head><title>Page {number}</title></head><body><article><p>{said}</p>{links}</article></body></html>"


@pytest.fixture
def project(configure, tmp_path):
    """A project with pages on disk, and a function that changes its rules."""
    settings = configure(SOURCES, RULES)
    folder = settings.home / "pages"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.html").write_text(page(number))
    (folder / "note.txt").write_text("A note in plain text about what the others say.")
    settle(folder)
    return settings


def ruled(settings, quality="", maintenance=""):
    """Give the project other rules, as an edit between two runs does."""
    (settings.configs / "quality.yaml").write_text(RULES + quality + "\nlinks: {check_external: false}\n")
    (settings.configs / "maintenance.yaml").write_text(maintenance)
    load_quality.cache_clear()
    load_maintenance.cache_clear()


@pytest.fixture
async def read(project, kit_of, database, run):
    """The entries are there, and nothing was made of them."""
    ruled(project)
    await visit(kit_of(project), database, run)
    return project


async def documents(kit_of, project, database, run):
    return await build_documents(kit_of(project), database, run)


async def test_after_a_change_of_rules_nothing_is_searched_or_measured_again(read, kit_of, database, run, monkeypatch):
    first = await documents(kit_of, read, database, run)
    assert first.details["cache"] == {"hits": 0, "misses": 7, "damaged": 0, "failures": 0}
    before = await contents(database)

    def never(*_, **__):
        raise AssertionError("this was known")

    monkeypatch.setattr(results, "load_pipeline", never)
    monkeypatch.setattr(Extractor, "_pages", lambda _, pages: [] if not pages else never())
    (read.configs / "quality.yaml").write_text("ingest: {min_content_length: 6}\nlinks: {check_external: false}\n")
    load_quality.cache_clear()
    again = await documents(kit_of, read, database, replace(run, run_id="run-2"))
    assert again.details["cache"] == {"hits": 7, "misses": 0, "damaged": 0, "failures": 0}
    assert (again.looked_at, again.changed) == (4, 0), "what the cache gives is what was made"
    after = await contents(database)
    assert {table for table in before if before[table] != after[table]} == {"stage_marks"}


async def test_with_and_without_the_cache_the_documents_are_the_same(read, kit_of, database, run):
    shown = "SELECT d.* FROM documents d ORDER BY entry_id"
    await documents(kit_of, read, database, run)
    cold = await rows(database, shown)
    await execute(database, "DELETE FROM stage_marks")
    await execute(database, "DELETE FROM documents")
    warm_run = await documents(kit_of, read, database, run)
    assert warm_run.details["cache"]["hits"] == 7
    warm = await rows(database, shown)
    await execute(database, "DELETE FROM stage_marks")
    await execute(database, "DELETE FROM documents")
    ruled(read, maintenance="cache: {enabled: false}\n")
    without_run = await documents(kit_of, read, database, run)
    assert "cache" not in without_run.details
    assert await rows(database, shown) == warm == cold
    assert any(row["hrefs"] for row in cold)


async def test_only_whole_pages_and_languages_are_kept(read, kit_of, database, run):
    await documents(kit_of, read, database, run)
    held = await rows(
        database, "SELECT category, count(*), min(cost_ms) AS cost FROM cache_entries GROUP BY 1 ORDER BY 1"
    )
    assert [(row["category"], row["count"]) for row in held] == [(EXTRACTION, 3), (LANGUAGE, 4)]
    assert all(row["cost"] > 0 for row in held)
    assert await value(database, "SELECT bool_and(expires_at > now() + interval '29 days') FROM cache_entries")


@pytest.mark.parametrize("damage", ["value = '\\x00'", "digest = '\\x00'"])
async def test_a_damaged_cache_changes_no_document(read, kit_of, database, run, damage):
    await documents(kit_of, read, database, run)
    shown = "SELECT d.* FROM documents d ORDER BY entry_id"
    cold = await rows(database, shown)
    await execute(database, f"UPDATE cache_entries SET {damage}")
    await execute(database, "DELETE FROM stage_marks")
    result = await documents(kit_of, read, database, run)
    assert result.details["cache"]["damaged"] == 7
    assert await rows(database, shown) == cold
    assert await value(database, "SELECT count(*) FROM cache_entries WHERE value <> '\\x00'") == 7


async def test_a_value_of_another_shape_is_made_again(read, kit_of, database, run):
    await documents(kit_of, read, database, run)
    kit = kit_of(read)
    async with database.connection() as connection:
        keys = [
            row["key"] for row in await connection.fetch("SELECT key FROM cache_entries WHERE category = 'language'")
        ]
    async with open_cache(kit, database) as cache:
        for key in keys:
            cache.keep(LANGUAGE, key, orjson.dumps({"not": "this"}), 1.0)
    await execute(database, "DELETE FROM stage_marks")
    result = await documents(kit_of, read, database, run)
    assert (result.looked_at, result.changed) == (4, 0)


async def test_a_cache_that_fails_fails_no_stage_and_is_counted(read, kit_of, database, run, caplog):
    await execute(database, "DROP TABLE cache_entries")
    result = await documents(kit_of, read, database, run)
    assert (result.looked_at, result.changed) == (4, 4)
    assert result.details["cache"]["failures"] == 3
    assert "the cache could not be read" in caplog.text


async def test_rules_of_maintenance_that_cannot_be_read_stop_no_stage(read, kit_of, database, run, caplog):
    ruled(read, maintenance="cache: {no_such_rule: 1}\n")
    result = await documents(kit_of, read, database, run)
    assert result.changed == 4
    assert "no_such_rule" in caplog.text


async def test_a_search_that_ended_at_its_limit_is_not_kept(configure, kit_of, database, run):
    settings = configure(SOURCES, RULES)
    (settings.home / "pages").mkdir()
    (settings.home / "pages" / "0.html").write_text(page(0))
    settle(settings.home / "pages")
    ruled(settings, "extraction: {max_characters: 100}")
    await visit(kit_of(settings), database, run)
    await documents(kit_of, settings, database, run)
    assert [row["category"] for row in await rows(database, "SELECT category FROM cache_entries")] == [LANGUAGE]


def test_what_the_language_depends_on_is_in_its_version(monkeypatch):
    ruled_so = load_quality(PACKAGE_HOME / "configs").language
    version = language_version(ruled_so, "none installed")
    assert language_version(ruled_so.model_copy(update={"min_letters": 99}), "none installed") != version
    monkeypatch.setattr(results.text, "VERSION", "another")
    assert language_version(ruled_so, "none installed") != version


WEB = """
http: {{allow_private_hosts: ["127.0.0.1"]}}
sources:
  one: {{name: One, kind: webpage, url: "{one}", authority: news}}
  two: {{name: Two, kind: webpage, url: "{two}", authority: news}}
"""


async def test_a_site_is_asked_for_its_rules_once_a_day_whichever_source_and_run_reads_it(
    configure, kit_of, database, run, site
):
    site.pages["/robots.txt"] = Page(b"User-agent: *\nDisallow: /private/\n")
    for name in ("one", "two"):
        site.pages[f"/{name}/"] = Page(f'<html><body><a href="/{name}/article-a">An article</a></body></html>'.encode())
        site.pages[f"/{name}/article-a"] = Page(page(1).encode())
    settings = configure(WEB.format(one=site.url("/one/"), two=site.url("/two/")))
    ruled(settings)
    visits = await visit(kit_of(settings), database, run, "one")
    assert not visits["one"].failed, visits["one"].error
    visits = await visit(kit_of(settings), database, replace(run, run_id="run-2"), "two")
    assert not visits["two"].failed, visits["two"].error
    assert len(site.asked("/robots.txt")) == 1
    (kept,) = await rows(
        database, "SELECT key, expires_at - now() AS left FROM cache_entries WHERE category = 'robots'"
    )
    assert kept["key"] == site.url("").rstrip("/")
    assert 86_300 < kept["left"].total_seconds() <= 86_400


async def test_a_tier_that_a_recovery_has_switched_off_is_not_asked(read, kit_of, database, monkeypatch, caplog):
    monkeypatch.setenv("UPSTASH_REDIS_URL", "redis://127.0.0.1:1")
    async with open_cache(kit_of(read), database) as cache:
        assert await cache.look_up("c", ["a"]) == {}
        assert cache.tally.failures == 1
    async with database.transaction() as connection:
        await connection.execute("SET LOCAL session_replication_role = replica")
        await levers.pull(connection, levers.tier_off("cache-upstash"), 1, 1, datetime.now(UTC) + timedelta(hours=1))
    async with open_cache(kit_of(read), database) as cache:
        assert await cache.look_up("c", ["a"]) == {}
        assert cache.tally.failures == 0
