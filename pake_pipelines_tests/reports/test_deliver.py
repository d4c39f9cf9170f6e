"""The report is written when what it says has changed, and only then."""

import json
from dataclasses import asdict
from datetime import timedelta

import pytest

from pake_pipelines.config.loading import load_quality
from pake_pipelines.pipeline.calibrate import score_version
from pake_pipelines.pipeline.review import Ruling, review
from pake_pipelines.reports.opening import open_desk
from pake_pipelines.reports.qa.made import deliver as deliver_files
from pake_pipelines.reports.qa.made import report_of
from pake_pipelines_tests.chain import execute, rows, visit, walk
from pake_pipelines_tests.feeds import item, rss, sources_yaml


@pytest.fixture
async def kit(configure, kit_of, database, run):
    settings = configure(sources_yaml(feed="feed.xml"))
    (settings.home / "feed.xml").write_bytes(rss(item(1, title="<script>x</script>"), item(2)))
    kit = kit_of(settings)
    await visit(kit, database, run)
    await walk(kit, database, run)
    return kit


async def deliver(kit, database, now):
    async with open_desk(database, kit.settings, None, score_version(kit.quality), now) as desk:
        report = await report_of(desk)
    return deliver_files(kit.settings.data / "reports", report, 0)


def files(kit):
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in (kit.settings.data / "reports").iterdir()
        if path.is_file()
    }


CHANGES = (
    "UPDATE knowledge_nodes SET verification_status = 'verified'",
    "UPDATE knowledge_nodes SET confidence_score = 0.123",
    "UPDATE knowledge_nodes SET verification_status = 'rejected', title = title || '!'",
    "UPDATE qa_results SET checks = jsonb_set(checks, '{0,status}', '\"fail\"')",
    "UPDATE confidence_scores SET factors = jsonb_set(factors, '{0,value}', '0.01')",
    "UPDATE documents SET language = 'de'",
    "INSERT INTO quality_labels (entry_id, actor, good) SELECT entry_id, 'ana', true FROM entries",
    "UPDATE sources SET name = 'Another name'",
    "DELETE FROM knowledge_nodes",
)


async def test_the_files_say_the_same_and_any_change_of_it_writes_them_anew_and_nothing_else_does(kit, database, run):
    first = await deliver(kit, database, run.now)
    before = files(kit)
    assert set(before) == {"qa_report.html", "qa_report.md", "qa_report.json", "index.html"}
    data = json.loads(before["qa_report.json"][0])
    assert data["statistics"] | {"quality_score": data["quality_score"]} == asdict(first.report.statistics)
    assert data["statistics"]["total_items"] == 2
    assert "<b>2</b><span>items</span>" in first.written.page.read_text("utf-8")
    assert first.markdown == before["qa_report.md"][0].decode()
    again = await deliver(kit, database, run.now + timedelta(days=1))
    assert (first.is_new, again.is_new) == (True, False)
    assert (again.markdown, again.report.statistics) == (first.markdown, first.report.statistics)
    assert files(kit) == before
    for change in CHANGES:
        await execute(database, change)
        assert (await deliver(kit, database, run.now)).is_new, change
        assert not (await deliver(kit, database, run.now)).is_new, change


async def test_a_decision_of_a_person_and_other_lines_of_high_and_low_write_it_anew(
    kit, configure, kit_of, database, run
):
    await deliver(kit, database, run.now)
    (first, *_) = await rows(database, "SELECT pake_id FROM knowledge_nodes ORDER BY pake_id")
    await review(kit.quality, database, Ruling("approved", (first["pake_id"],), "ana"))
    assert (await deliver(kit, database, run.now)).is_new
    assert json.loads(files(kit)["qa_report.json"][0])["reviews"]["approved"] == 1
    load_quality.cache_clear()
    other = kit_of(configure(sources_yaml(feed="feed.xml"), "verdict: {high_confidence: 0.5}"))
    assert (await deliver(other, database, run.now)).is_new


async def test_an_empty_knowledge_base_has_a_report_and_a_file_that_is_gone_or_damaged_is_written_anew(
    configure, kit_of, database, run
):
    kit = kit_of(configure(""))
    delivered = await deliver(kit, database, run.now)
    directory = kit.settings.data / "reports"
    assert delivered.report.statistics.total_items == 0
    assert "The knowledge base is empty" in delivered.written.page.read_text("utf-8")
    assert json.loads((directory / "qa_report.json").read_text())["quality_score"] == 0.0
    for name in ("qa_report.html", "qa_report.md", "qa_report.json", None):
        (directory / name).unlink() if name else (directory / "qa_report.json").write_text('{"version": "')
        assert (await deliver(kit, database, run.now)).is_new, name
        assert len(files(kit)) == 4
