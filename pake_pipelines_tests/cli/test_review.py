"""`pake review` lists what waits for a person and takes the person's word."""

import asyncio

import pytest

from pake_pipelines.model.identity import pake_id
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.run import Run
from pake_pipelines.settings import Settings
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.chain import visit, walk
from pake_pipelines_tests.conftest import NOW, TODAY
from pake_pipelines_tests.embedder import WordEmbedder
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml
from pake_pipelines_tests.site import Page

SPAM = "Click here to claim it. Limited time offer, act now, 100% free and no obligation!!! " * 3
GERMAN = (
    "Der Ausschuss hat gestern einen neuen Bericht zur Lage der Netze vorgelegt. Darin steht, dass die Speicher bis "
    "zum Ende des Jahrzehnts wachsen m\u00fcssen. Offen bleibt, wer das bezahlen soll."
)


def key(number):
    return str(pake_id("web", f"https://feed.example/{number}"))


@pytest.fixture
def filled(connected, site, database_url):
    """A knowledge base of a pending story, 1, rejected spam, 2, and a quarantined text in another language, 3."""
    told = [item(1, title="A [grid] story", text=prose(1)), item(2, title="You won", text=SPAM)]
    site.pages["/feed"] = Page(rss(*told, item(3, title="Netze", text=GERMAN)))
    connected.configure(sources_yaml(web=site.url("/feed")))
    connected.config  # noqa: B018  # what was read for another project is forgotten

    async def fill():
        kit = Kit(Settings(home=connected.home, database_url=database_url), WordEmbedder())
        async with open_database(kit.database) as database:
            run = Run("run-1", TODAY, NOW)
            await visit(kit, database, run)
            await walk(kit, database, run)

    asyncio.run(fill())
    return connected


def queue(filled, *options):
    return [one["pake_id"] for one in filled.pake("review", "list", "--json", *options).json]


def test_the_queue_begins_with_what_is_suspicious(filled):
    assert queue(filled) == [key(3), key(1)]
    shown = filled.pake("review", "list").stdout
    assert "quarantined" in shown
    assert "A [grid] story" in shown
    assert "Unsupported language: de" in " ".join(shown.split())


def test_any_status_can_be_listed(filled):
    assert queue(filled, "--status", "rejected") == [key(2)]
    assert queue(filled, "--status", "verified") == []
    assert "nothing is verified" in filled.pake("review", "list", "--status", "verified").stdout


def test_a_decision_names_what_it_changed(filled):
    done = filled.pake("review", "approve", "grid", "Netze", "--reason", "read them")
    assert done.stdout.count("to verified") == 2
    assert queue(filled) == []


def test_a_decision_is_told_to_programs(filled):
    done = filled.pake("review", "reject", "grid", "--json").json
    assert done["decision"] == "rejected"
    assert [(one["before"], one["after"]) for one in done["items"]] == [("pending", "rejected")]


def test_a_rejected_item_can_be_put_back_into_the_queue(filled):
    filled.pake("review", "requeue", key(2))
    assert key(2) in queue(filled)


def test_a_dry_run_says_so_and_changes_nothing(filled):
    assert "dry run" in filled.pake("review", "approve", "grid", "--dry-run").stdout
    assert key(1) in queue(filled)


def test_an_item_that_is_not_there_is_named(filled):
    refused = filled.pake("review", "approve", "no such title")
    assert refused.code == 1
    assert "no item fits 'no such title'" in refused.stderr
    assert queue(filled) == [key(3), key(1)]
