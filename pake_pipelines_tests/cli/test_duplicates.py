"""`pake duplicates` shows why items are duplicates, and takes a person's word on it."""

import asyncio
import re

import pytest

from pake_pipelines.cli.duplicates.evidence import why_apart
from pake_pipelines.config.loading import load_quality
from pake_pipelines.model.identity import pake_id
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.run import Run
from pake_pipelines.settings import PACKAGE_HOME, Settings
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.chain import execute, value, visit, walk
from pake_pipelines_tests.conftest import NOW, TODAY
from pake_pipelines_tests.embedder import WordEmbedder
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml
from pake_pipelines_tests.site import Page, Site

STORY = "Seen [near] the river"
BAKERS = "Bakers across Normandy now mill heritage wheat themselves, because customers ask for bread with less gluten."


def key(number):
    return str(pake_id("web", f"https://feed.example/{number}"))


async def _fill(settings):
    kit = Kit(settings, WordEmbedder())
    async with open_database(kit.database) as database:
        run = Run("run-1", TODAY, NOW)
        await visit(kit, database, run)
        await walk(kit, database, run)


def fill(home, database_url):
    """Store five items, of which 1, 2 and 3 are copies, 4 differs from them in a number, and 5 is like no other."""
    copies = [item(number, title=STORY, text=f"{prose(1)} In all 51 herons were counted.") for number in (1, 2, 3)]
    counted = item(4, title=STORY, text=f"{prose(1)} In all 93 herons were counted.")
    site = Site().start()
    try:
        site.pages["/feed"] = Page(rss(*copies, counted, item(5, title="Heritage wheat", text=BAKERS)))
        (home / "configs").mkdir(parents=True, exist_ok=True)
        (home / "configs" / "sources.yaml").write_text(sources_yaml(web=site.url("/feed")))
        (home / "dagster.yaml").touch()
        asyncio.run(_fill(Settings(home=home, database_url=database_url)))
    finally:
        site.stop()


@pytest.fixture
def filled(connected, database_url):
    """A knowledge base with them, to be changed."""
    fill(connected.home, database_url)
    return connected


@pytest.fixture(scope="module")
def filled_once(module_database_url, tmp_path_factory):
    fill(tmp_path_factory.mktemp("filled"), module_database_url)
    return module_database_url


@pytest.fixture
def seen(filled_once, terminal):
    """The same for all tests that change nothing."""
    terminal.environment(PAKE_DATABASE_URL=filled_once)
    return terminal


@pytest.fixture
def groups(filled):
    """Return a function that tells how many members each group has."""
    return lambda: members(filled)


def members(terminal):
    return [one["members"] for one in terminal.pake("duplicates", "list", "--json").json]


def test_groups_are_listed_the_largest_first(seen):
    (group,) = seen.pake("duplicates", "list", "--json").json
    assert (group["members"], group["levels"], group["suspicious"]) == (3, {"exact": 3}, False)
    done = seen.pake("duplicates", "list")
    assert done.code == 0
    assert STORY in done.stdout
    assert "no group has more than 20 different texts" in seen.pake("duplicates", "list", "--suspicious").stdout


def test_a_group_is_suspicious_when_too_many_of_its_texts_differ(seen):
    (seen.home / "configs" / "quality.yaml").write_text("duplicates: {suspicious_members: 2}")
    assert seen.pake("duplicates", "list", "--suspicious", "--json").json == [], "copies word for word are none"


def test_no_duplicates_are_said_in_words(connected):
    assert connected.pake("duplicates", "list").stdout.strip() == "no duplicates"


@pytest.mark.parametrize(
    "named", [lambda: key(1), lambda: key(2)[:8], lambda: key(3).upper()], ids=["id", "short", "upper"]
)
def test_a_group_is_shown_by_any_of_its_members(seen, named):
    shown = seen.pake("duplicates", "show", named(), "--json").json
    assert {one["pake_id"] for one in shown["members"]} == {key(1), key(2), key(3)}
    assert [one["canonical"] for one in shown["members"]] == [True, False, False]
    assert {(one["level"], one["reason"], one["evidence"]["jaccard"]) for one in shown["members"]} == {
        ("exact", "same_text", 1.0)
    }
    assert shown["group"]["keep"] == "highest_confidence"
    assert shown["group"]["canonical_because"]


def test_the_contradictions_around_a_group_are_shown_with_the_facts_that_differ(seen):
    shown = seen.pake("duplicates", "show", key(1), "--json").json
    assert {one["decision"] for one in shown["pairs"]} == {"contradicted"}
    text = seen.pake("duplicates", "show", key(1)).stdout
    assert STORY in text
    assert re.search(r"they state other facts \(number: (51 / 93|93 / 51)\)", text)


def test_an_item_in_no_group_is_shown_with_what_kept_it_out(seen):
    shown = seen.pake("duplicates", "show", key(4), "--json").json
    assert shown["group"] is None
    assert all("other facts" in one["why_apart"] for one in shown["pairs"])
    assert "nothing else comes close to it" in seen.pake("duplicates", "show", "heritage").stdout


def test_a_title_that_fits_only_members_of_one_group_shows_it_and_otherwise_asks_which(filled, groups):
    done = filled.pake("duplicates", "show", "near] the river")
    assert done.code == 1
    assert all(key(number) in done.stderr for number in range(1, 5))
    filled.pake("duplicates", "merge", key(1), key(2), key(3), key(4))
    assert filled.pake("duplicates", "show", "near] the river").code == 0


def test_a_split_and_a_merge_take_effect_and_are_told(filled, groups):
    done = filled.pake("duplicates", "split", key(2), "--reason", "an [older] report")
    assert (done.code, groups()) == (0, [2])
    assert "group of 2" in done.stdout
    assert "`pake ingest`" in done.stdout
    shown = filled.pake("duplicates", "show", key(2), "--json").json
    assert [one["ruling"] for one in shown["rulings"]] == ["apart", "apart"]
    assert [one["details"]["reason"] for one in shown["history"]] == ["an [older] report"]
    text = filled.pake("duplicates", "show", key(2)).stdout
    assert "an [older] report" in text
    first, last = sorted((key(1), key(2)))
    assert f"{first[:8]} apart from {last[:8]}" in text
    assert "ruled apart" in filled.pake("node", "explain", key(2)).stdout
    done = filled.pake("duplicates", "merge", key(2), key(1))
    assert (done.code, groups()) == (0, [3])
    assert "earlier splits of 2 pairs between them ended" in done.stdout


def test_a_dry_run_shows_the_groups_as_they_would_be(seen):
    done = seen.pake("duplicates", "merge", key(4), key(5), "--dry-run", "--json").json
    assert [len(group["members"]) for group in done["after"]] == [2]
    assert "nothing was changed" in seen.pake("duplicates", "split", key(1), "--dry-run").stdout
    assert members(seen) == [3]


def test_a_merge_across_a_contradiction_takes_those_that_are_named_and_says_who_is_left(filled, groups):
    done = filled.pake("duplicates", "merge", key(1), key(4))
    assert "did not come along" in done.stdout
    assert re.search(r"number: (51 / 93|93 / 51)", done.stdout)
    filled.pake("duplicates", "merge", key(1), key(2), key(3), key(4))
    assert groups() == [4]


@pytest.mark.parametrize(
    ("decision", "reason", "ruling", "said"),
    [
        ("duplicate", "shared_words", "apart", "a person ruled them apart"),
        ("duplicate", "shared_words", None, "more between their groups contradicts"),
        ("contradicted", "shared_words", None, "they agree in 0.40, duplicates do from 0.60"),
        ("similar", "same_address", None, "share too little"),
        ("similar", "close_meaning", None, "meaning 0.80, duplicates from 0.85"),
    ],
    ids=["ruled", "crowded-out", "contradicted", "address", "meaning"],
)
def test_why_two_close_items_are_apart_is_said_with_the_threshold(decision, reason, ruling, said):
    rules = load_quality(PACKAGE_HOME / "configs").duplicates
    assert said in why_apart(decision, reason, 0.8, {"facts": 0.4}, rules, ruling)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "nowhere"), "no item fits 'nowhere'"),
        (("show", ""), "no item fits ''"),
        (("split", "nowhere"), "no item fits 'nowhere'"),
        (("split", key(5)), "in no group, so there is nothing to split"),
        (("merge", key(5)), "a merge takes two different items"),
        (("merge", key(5), key(5)[:9]), "a merge takes two different items"),
    ],
    ids=["show", "empty", "split", "alone", "one", "same"],
)
def test_what_cannot_be_is_a_clear_error_with_the_way_out(seen, arguments, said):
    done = seen.pake("duplicates", *arguments)
    assert done.code == 1
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 2
    assert members(seen) == [3]


@pytest.fixture
def ask(database_url):
    """Return a function that carries out a statement, or returns its value if it is a query."""

    async def _ask(statement):
        async with open_database(database_url) as database:
            return await (value if statement.startswith("SELECT") else execute)(database, statement)

    return lambda statement: asyncio.run(_ask(statement))


def test_a_dry_run_says_what_would_be_done_and_the_clean_up_does_it(filled, ask):
    ask("UPDATE knowledge_nodes SET updated_at = now() - interval '3 days'")
    archived = "SELECT count(*) FROM knowledge_nodes WHERE verification_status = 'archived'"
    would = filled.pake("duplicates", "clean", "--dry-run", "--json").json
    assert (would["dry_run"], would["duplicates_removed"], ask(archived)) == (True, 2, 0)
    did = filled.pake("duplicates", "clean", "--json").json
    assert (did["dry_run"], did["duplicates_removed"], ask(archived)) == (False, 2, 2)
    assert "repeated nodes archived     0" in filled.pake("duplicates", "clean").stdout


def test_the_index_is_written_anew_from_the_signatures(filled, ask):
    bands = "SELECT count(*) FROM all_signature_bands"
    before = ask(bands)
    ask("DELETE FROM signature_bands_recent")
    assert filled.pake("duplicates", "reindex", "--json").json == {"bands_written": before}
    assert ask(bands) == before > 0
