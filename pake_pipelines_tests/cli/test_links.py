"""`pake links`: how addresses stand, and asking them now."""

import asyncio
from datetime import timedelta

import pytest

from pake_pipelines.config.loading import load_quality
from pake_pipelines.model.link import LinkCheck
from pake_pipelines.store import link_checks
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.chain import execute
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.feeds import sources_yaml
from pake_pipelines_tests.site import Page
from pake_pipelines_tests.store.conftest import Shelf

SECRET = "https://a.org/?token=s3cret"


@pytest.fixture
def linked(connected, database_url, site):
    """A terminal whose items link to a page that is there, to one that is not, and to two others."""
    load_quality.cache_clear()
    connected.configure(sources_yaml(s="feed.xml"))
    (connected.home / "configs" / "quality.yaml").write_text("links: {host_pause_seconds: 0}")
    site.pages["/well"] = Page(b"x")

    async def put():
        async with open_database(database_url) as database:
            shelf = await Shelf(database).open()
            await shelf.put(["one", "two"])
            await shelf.write({"one": "text one", "two": "text two"})
            for key, hrefs in {"one": [site.url("/well"), SECRET], "two": [site.url("/lost"), SECRET]}.items():
                (entry_id,) = await shelf.entry_ids(key)
                await execute(database, "UPDATE documents SET hrefs = $2 WHERE entry_id = $1", entry_id, hrefs)
            async with database.transaction() as connection:
                until = NOW + timedelta(days=3650)
                known = LinkCheck(SECRET, "broken", 404, "404 Not Found", 3, NOW, until)
                await link_checks.save_checks(connection, [known], "run-1")

    asyncio.run(put())
    yield connected
    load_quality.cache_clear()


def states(terminal):
    return {one["url"].rpartition("/")[2]: one["state"] for one in terminal.pake("links", "list", "--json").json}


def test_links_are_listed_worst_first_with_what_is_known(linked):
    found = linked.pake("links", "list", "--json").json
    assert [(one["state"], one["items"]) for one in found] == [("broken", 2), ("unknown", 1), ("unknown", 1)]
    assert (found[0]["detail"], found[0]["http_status"], found[0]["failures"]) == ("404 Not Found", 404, 3)
    shown = linked.pake("links", "list").stdout
    assert "404 Not Found" in shown
    assert "not checked yet" in shown
    assert "s3cret" not in shown


def test_links_are_listed_by_state_and_source(linked):
    assert [one["state"] for one in linked.pake("links", "list", "--state", "broken", "--json").json] == ["broken"]
    assert len(linked.pake("links", "list", "--source", "s", "--limit", "2", "--json").json) == 2
    assert linked.pake("links", "list", "--state", "working").stdout.strip() == "no link is working"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list", "--state", "fine"], "no state 'fine'"),
        (["list", "--source", "none"], "no source 'none'"),
        (["check"], "say what to ask"),
        (["check", "https://a.org", "--due"], "say what to ask"),
        (["check", "--due", "--dry-run"], "--dry-run"),
        (["check", "gopher://a.org"], "is no web address"),
        (["check", "--item", "nothing like it"], "no item fits"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(arguments, said, linked):
    done = linked.pake("links", *arguments)
    assert (done.code, "Traceback" in done.stderr) == (1, False)
    assert said in done.stderr


def test_addresses_given_by_hand_are_asked_and_kept_if_an_item_links_there(linked, site):
    done = linked.pake("links", "check", site.url("/well"), site.url("/nobodys"), "--json").json
    assert [(one["url"], one["state"]) for one in done["links"]] == [
        (site.url("/well"), "working"), (site.url("/nobodys"), "broken"),
    ]  # fmt: skip
    assert (done["untold"], done["offline"]) == ([], False)
    assert states(linked)["well"] == "working"
    assert "nobodys" not in states(linked)


def test_a_dry_run_shows_and_keeps_nothing(linked, site):
    assert "working" in linked.pake("links", "check", site.url("/well"), "--dry-run").stdout
    assert states(linked)["well"] == "unknown"


def test_the_links_of_an_item_are_asked(linked, site):
    linked.pake("links", "check", "--item", "two", "--dry-run")
    assert {path for path, _ in site.requests} == {"/lost"}


def test_what_is_due_is_asked_as_the_schedule_does(linked, site):
    done = linked.pake("links", "check", "--due", "--json").json
    assert {one["url"]: one["state"] for one in done["links"]} == {
        site.url("/well"): "working", site.url("/lost"): "broken",
    }  # fmt: skip
    assert (done["requests"], done["left_for_later"]) == (3, 0)
    assert "no link was due" in linked.pake("links", "check", "--due").stdout


def test_nothing_is_asked_by_schedule_when_links_are_not_checked(linked):
    (linked.home / "configs" / "quality.yaml").write_text("links: {check_external: false}")
    load_quality.cache_clear()
    done = linked.pake("links", "check", "--due")
    assert (done.code, "links.check_external is off" in done.stderr) == (1, True)
