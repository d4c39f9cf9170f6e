"""Each quality rule is an asset check of its own: counts, up to 20 items, and never more than a warning."""

from datetime import UTC, datetime

import dagster as dg
import pytest

from pake_pipelines.quality.rules import RULES
from pake_pipelines_tests.conftest import make_project
from pake_pipelines_tests.defs.conftest import Project, checked
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml

BROKEN = " Whoever is there may click here at once."


def checks_of(result):
    return {name: one for (_, name), one in checked(result).items() if name.startswith("rule_")}


FEED = sources_yaml(file="feed.xml")


def with_feed(found):
    """Give a project 13 sound items and 25 with a forbidden pattern."""
    sound = [item(number) for number in range(13)]
    broken = [item(number, text=prose(number) + BROKEN) for number in range(13, 38)]
    (found.settings.home / "feed.xml").write_bytes(rss(*sound, *broken))
    return found


@pytest.fixture(scope="module")
def judged(module_database_url, tmp_path_factory):
    """Return that project after its run, and the checks of it."""
    home = tmp_path_factory.mktemp("judged")
    with dg.DagsterInstance.ephemeral() as instance:
        found = with_feed(Project(make_project(home, module_database_url, FEED), instance))
        return found, checks_of(found.run(datetime.now(UTC).date()))


@pytest.fixture
def checks(judged):
    return judged[1]


def test_every_rule_is_checked_and_none_of_them_blocks(checks):
    assert list(checks) == [f"rule_{code}" for code in RULES]
    assert {(one.severity, one.blocking) for one in checks.values()} == {(dg.AssetCheckSeverity.WARN, False)}


def test_a_rule_that_items_fail_says_how_many_and_names_up_to_20(judged):
    made, checks = judged
    check = checks["rule_forbidden_patterns"]
    found = {name: entry.value for name, entry in check.metadata.items()}
    assert not check.passed
    assert check.description == "38 items judged: 25 fail."
    assert (found["judged"], found["ok"], found["fail"], found["unknown"]) == (38, 13, 25, 0)
    assert found["failing_share"] == 0.6579
    failing = {str(row["pake_id"]) for row in made.ask(
        "SELECT pake_id FROM entries JOIN qa_results USING (entry_id) WHERE 'forbidden_patterns' = ANY (errors)"
    )}  # fmt: skip
    assert len(found["fail_items"]) == 20
    assert set(found["fail_items"]) < failing


def test_a_rule_that_nobody_breaks_passes_with_its_counts(checks):
    check = checks["rule_content_length_min"]
    assert (check.passed, check.metadata["ok"].value) == (True, 38)
    assert "fail_items" not in check.metadata


def test_an_item_that_a_rule_leaves_open_is_no_pass(project, today):
    made = with_feed(project(FEED))
    assert made.run(today, "file", behind=False).success
    assert made.launch("ingest", today, "documents", "embeddings").success
    check = checks_of(made.launch("ingest", today, "confidence"))["rule_duplicate"]
    assert not check.passed
    assert (check.metadata["unknown"].value, len(check.metadata["unknown_items"].value)) == (38, 20)
    assert check.description == "38 items judged: 38 unknown."


def test_warnings_are_counted_and_named_but_do_not_fail(project, today):
    copies = project(sources_yaml(file="feed.xml"))
    (copies.settings.home / "feed.xml").write_bytes(rss(item(1), item(2, text=prose(1)), item(3)))
    check = checks_of(copies.run(today))["rule_duplicate"]
    assert (check.passed, check.metadata["warn"].value, len(check.metadata["warn_items"].value)) == (True, 1, 1)


def test_a_rule_that_is_switched_off_passes_and_says_so(checks):
    check = checks["rule_required_patterns"]
    assert (check.passed, check.metadata["not_configured"].value) == (True, 38)


def test_a_day_without_items_passes_and_claims_nothing(project, today):
    empty = project(sources_yaml(file="feed.xml"))
    (empty.settings.home / "feed.xml").write_bytes(rss())
    checks = checks_of(empty.run(today))
    assert {one.description for one in checks.values()} == {"No item of the day was judged."}
    assert all(one.passed for one in checks.values())
