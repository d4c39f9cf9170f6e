"""What the QA report counts in the database is what is there: counted again here, row by row."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from pake_pipelines.pipeline.review import Ruling, review
from pake_pipelines.store import qa_findings, qa_statistics
from pake_pipelines_tests.chain import execute, rows, visit, walk
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml
from pake_pipelines_tests.site import Page

SPAM = "Click here to claim it. Limited time offer, act now, 100% free and no obligation!!! " * 3
GERMAN = (
    "Die kleinen Bibliotheken pflegen ihre Kataloge gemeinsam, weil keine von ihnen allein genug Zeit dafür hat. " * 2
)
LINKED = f"{prose(4)} https://a.example/1 and https://a.example/2 say more."


@pytest.fixture
async def kit(configure, kit_of, database, run, site):
    """A knowledge base with a story and its copy, spam, a text in German, one with links, and one too short."""
    kit = kit_of(configure(sources_yaml(web=site.url("/feed"), other=site.url("/other"))))
    site.pages["/feed"] = Page(
        rss(
            item(1, title="Story", text=prose(1)),
            item(2, title="You won", text=SPAM),
            item(3, title="Kataloge", text=GERMAN),
            item(4, title="Linked", text=LINKED),
            item(5, title="Short", text="Too short."),
        )
    )
    site.pages["/other"] = Page(rss(item(6, title="Story", text=prose(1))))
    await visit(kit, database, run)
    await walk(kit, database, run)
    return kit


@pytest.fixture
async def nodes(kit, database):
    return await rows(
        database,
        """
        SELECT n.*, i.source, q.checks, c.factors, d.language, t.evidence
        FROM knowledge_nodes n JOIN items i USING (pake_id) JOIN qa_results q USING (entry_id)
        JOIN confidence_scores c USING (entry_id) JOIN documents d USING (entry_id) JOIN text_signals t USING (entry_id)
        """,
    )


async def ask(database, question, *arguments, **named):
    async with database.connection() as connection:
        return await question(connection, *arguments, **named)


async def test_totals_are_those_of_the_nodes(nodes, database):
    found = await ask(database, qa_statistics.totals, high=0.6, low=0.5)
    statuses = Counter(node["verification_status"] for node in nodes)
    assert found.total == len(nodes) == 5
    assert (found.pending, found.rejected, found.quarantined) == tuple(
        statuses[status] for status in ("pending", "rejected", "quarantined")
    )
    assert (found.rejected, found.quarantined) == (1, 1)
    assert found.duplicates == sum("flagged" in node["metadata"] for node in nodes) > 0
    scores = [node["confidence_score"] for node in nodes]
    assert found.average == pytest.approx(sum(scores) / 5, abs=1e-4)
    assert (found.high, found.low) == (sum(one >= 0.6 for one in scores), sum(one < 0.5 for one in scores))


@pytest.mark.parametrize(("score", "tenth"), [(0.0, 0.0), (0.3, 0.3), (0.7, 0.7), (0.699, 0.6), (1.0, 0.9)])
async def test_a_score_at_a_line_lies_above_it(score, tenth, nodes, database):
    await execute(database, "UPDATE knowledge_nodes SET confidence_score = $1, verification_status = 'pending'", score)
    assert await ask(database, qa_statistics.tenths) == [qa_statistics.Tenth(tenth, "pending", 5)]
    found = await ask(database, qa_statistics.totals, high=score, low=score)
    assert (found.high, found.low) == (5, 0)


async def test_every_answer_of_every_rule_is_counted(nodes, database):
    expected = Counter((check["code"], check["status"]) for node in nodes for check in node["checks"])
    found = await ask(database, qa_findings.rules)
    assert {(one.code, one.status): one.items for one in found} == expected


async def test_samples_are_of_those_that_a_rule_says_something_against(nodes, database):
    found = await ask(database, qa_findings.rule_samples, 1)
    checks = {(node["pake_id"], check["code"]): check for node in nodes for check in node["checks"]}
    assert {one.status for one in found} <= {"fail", "unknown", "warn"}
    assert len({(one.code, one.status) for one in found}) == len(found)
    for one in found:
        check = checks[one.pake_id, one.code]
        assert (check["status"], check["message"]) == (one.status, one.message)
    assert ("spam", "fail", "You won") in {(one.code, one.status, one.title) for one in found}


async def test_factors_are_means_over_what_is_known(nodes, database):
    await execute(
        database,
        """
        UPDATE confidence_scores SET factors = jsonb_set(factors, '{0,value}', 'null')
        WHERE entry_id = (SELECT min(entry_id) FROM confidence_scores)
        """,
    )
    (changed,) = [one for one in await ask(database, qa_findings.factors) if one.known != one.items]
    first = min(nodes, key=lambda node: node["entry_id"])
    values = [node["factors"][0]["value"] for node in nodes if node is not first]
    assert (changed.items, changed.known) == (5, 4)
    assert changed.mean == pytest.approx(sum(values) / 4, abs=1e-4)
    assert changed.missed == pytest.approx(changed.weight * (1 - changed.mean), abs=1e-3)


async def test_each_source_has_its_items_its_dropped_ones_and_what_they_break(nodes, database):
    found = {one.source: one for one in await ask(database, qa_statistics.by_source)}
    assert (found["web"].items, found["web"].dropped, found["web"].rejected, found["web"].quarantined) == (4, 1, 1, 1)
    assert (found["other"].items, found["other"].dropped) == (1, 0)
    faults = {(one.source, one.code) for one in await ask(database, qa_findings.faults_by_source)}
    assert {("web", "spam"), ("web", "language_supported")} <= faults
    assert "other" not in {source for source, _ in faults}


async def test_a_source_of_which_everything_was_dropped_is_told_too(nodes, database):
    await execute(database, "DELETE FROM knowledge_nodes")
    (web,) = await ask(database, qa_statistics.by_source)
    assert (web.source, web.items, web.dropped, web.average) == ("web", 0, 1, None)


async def test_languages_and_spam_evidence_are_counted_once_for_each_item(nodes, database):
    languages = {one.language: one.items for one in await ask(database, qa_statistics.languages)}
    assert languages == Counter(node["language"] for node in nodes)
    expected = Counter(signal for node in nodes for signal in {one[0] for one in node["evidence"]})
    assert {one.signal: one.items for one in await ask(database, qa_findings.spam_evidence)} == expected
    assert expected["action"] >= 1


async def test_links_nobody_asked_are_unknown_and_broken_ones_are_named(nodes, database):
    before = {one.state: one.addresses for one in await ask(database, qa_findings.links, 20)}
    assert before["unknown"] >= 2
    await execute(
        database,
        """
        INSERT INTO link_checks (url, state, detail, checked_at, expires_at, run_id)
        VALUES ('https://a.example/1', 'broken', '404 Not Found', now(), now(), 'r')
        ON CONFLICT (url) DO UPDATE SET state = 'broken', detail = excluded.detail
        """,
    )
    assert {one.state: one.addresses for one in await ask(database, qa_findings.links, 20)}["broken"] == 1
    (broken,) = await ask(database, qa_findings.broken_addresses, 20, 5)
    assert (broken.url, broken.detail, broken.items) == ("https://a.example/1", "404 Not Found", 1)


async def test_verdicts_are_told_by_the_day_on_which_they_came(nodes, database):
    (day,) = await rows(database, "SELECT min(created_at) AS at FROM confidence_history")
    found = await ask(database, qa_statistics.verdicts_by_day, day["at"])
    assert sum(one.items for one in found) == 5
    assert await ask(database, qa_statistics.verdicts_by_day, day["at"] + timedelta(days=1)) == []


async def test_what_people_decided_is_told_with_what_automation_had_made_of_it(kit, nodes, database):
    by_title = {node["title"]: node["pake_id"] for node in nodes}
    for decision, title in (("approved", "You won"), ("rejected", "Linked"), ("rejected", "You won")):
        await review(kit.quality, database, Ruling(decision, (by_title[title],), "ana"))
    found = {(one.decision, one.before): one.items for one in await ask(database, qa_statistics.reviews)}
    assert found == {("rejected", "rejected"): 1, ("rejected", "pending"): 1}


async def test_a_decision_on_an_earlier_version_is_no_longer_told(kit, nodes, database, run, site):
    by_title = {node["title"]: node["pake_id"] for node in nodes}
    await review(kit.quality, database, Ruling("approved", (by_title["You won"],), "ana"))
    site.pages["/feed"] = Page(rss(item(2, title="You won again", text=SPAM)))
    again = replace(run, run_id="run-2")
    await visit(kit, database, again)
    await walk(kit, database, again)
    assert await ask(database, qa_statistics.reviews) == []


async def test_issues_are_the_flagged_and_the_bad_ones(nodes, database):
    found = await ask(database, qa_statistics.newest_issues, 20)
    bad = {node["pake_id"] for node in nodes if node["verification_status"] in {"rejected", "quarantined"}}
    flagged = {node["pake_id"] for node in nodes if {"flagged", "invalid"} & node["metadata"].keys()}
    assert {one.pake_id for one in found} == bad | flagged
    assert all(one.issue for one in found)
    assert len(await ask(database, qa_statistics.newest_issues, 2)) == 2


async def test_the_figures_of_one_report_are_of_one_moment(nodes, database):
    async with database.transaction() as connection:
        await qa_statistics.hold_still(connection)
        before = await qa_statistics.totals(connection, high=0.8, low=0.4)
        await execute(database, "DELETE FROM knowledge_nodes")
        assert await qa_statistics.totals(connection, high=0.8, low=0.4) == before
        assert sum(one.items for one in await qa_statistics.by_source(connection)) == before.total
