"""The files of a report: newest and past copies, each whole or not there; and every report of the catalogue."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from pake_pipelines.config.loading import load_reports
from pake_pipelines.config.reports import REPORT_NAMES
from pake_pipelines.reports import rendering, whole
from pake_pipelines.reports.catalogue import REPORTS
from pake_pipelines.reports.kept import copies
from pake_pipelines.reports.opening import open_desk
from pake_pipelines.reports.writing import made_of, make, write_files, written
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.reports.hostile import hostile
from pake_pipelines_tests.reports.test_render import Page


@pytest.fixture(scope="module")
def made():
    return made_of(hostile(), dagster="http://127.0.0.1:3000")


def names(directory):
    return sorted(one.relative_to(directory).as_posix() for one in directory.rglob("*") if one.is_file())


def test_every_form_has_its_file_and_a_copy_is_kept(made, tmp_path):
    files = write_files(tmp_path, made, 3)
    stamp = "health_report-20261122T120000Z"
    tables = sorted(f"health_report/{key}.csv" for key in made.tables)
    assert names(tmp_path) == sorted([
        "health_report.html", "health_report.json", "health_report.md", *tables, "index.html",
        f"kept/{stamp}.html", f"kept/{stamp}.json",
    ])  # fmt: skip
    assert (files.page, files.copy) == (tmp_path / "health_report.html", tmp_path / "kept" / f"{stamp}.html")
    assert files.page.read_text("utf-8") == files.copy.read_text("utf-8") == made.html
    assert written(tmp_path, "health_report") == files


def test_the_oldest_copies_beyond_the_number_kept_go_and_those_of_other_reports_stay(made, tmp_path):
    other = tmp_path / "kept" / "health_report_of_mine-20260101T000000Z.html"
    other.parent.mkdir()
    other.touch()
    for day in range(5):
        write_files(tmp_path, replace(made, made_at=NOW + timedelta(days=day)), 2)
    assert [one.page.stem for one in copies(tmp_path)["health_report"]] == [
        "health_report-20261126T120000Z", "health_report-20261125T120000Z",
    ]  # fmt: skip
    assert len(list((tmp_path / "kept").glob("health_report-*.json"))) == 2
    assert other.exists()


def test_a_copy_leads_to_the_same_files_from_one_directory_deeper(made, tmp_path):
    link = '<a href="../docs/x.md">x</a> <a href="#s">s</a> <a href="http://127.0.0.1:3000/x">x</a>'
    files = write_files(tmp_path, replace(made, html=link), 1)
    assert files.copy.read_text("utf-8") == link.replace("../docs", "../../docs")


async def test_a_page_leads_to_those_before_it_that_are_still_kept(configure, database):
    settings = configure("")
    (settings.configs / "reports.yaml").write_text("keep: 3\n")
    load_reports.cache_clear()
    for minute in range(5):
        now = NOW + timedelta(minutes=minute)
        async with open_desk(database, settings, None, "v1", now) as desk:
            made = await make(desk, "log_report")
        write_files(settings.data / "reports", made, 3)
    links = re.findall(r'href="(kept/[^"]+)"', made.html)
    assert links == ["kept/log_report-20261122T120300Z.html", "kept/log_report-20261122T120200Z.html"]
    assert all((settings.data / "reports" / one).is_file() for one in links)


def test_no_copy_is_kept_where_none_is_wanted(made, tmp_path):
    assert write_files(tmp_path, made, 0).copy is None
    assert not (tmp_path / "kept").exists()


def test_tables_that_a_report_has_no_more_do_not_stay(made, tmp_path):
    write_files(tmp_path, made, 0)
    write_files(tmp_path, replace(made, tables={"figures": "name\r\n"}), 0)
    assert [one.name for one in (tmp_path / "health_report").iterdir()] == ["figures.csv"]
    assert (tmp_path / "health_report" / "figures.csv").read_bytes() == b"name\r\n"


def test_a_write_that_is_interrupted_leaves_every_file_whole(made, tmp_path, monkeypatch):
    write_files(tmp_path, replace(made, html="old", markdown="old", json="old", tables={}), 0)
    calls = iter(range(100))

    def fail_at_the_third(_):
        if next(calls) == 2:
            raise OSError("no space left on device")

    monkeypatch.setattr(whole.os, "fsync", fail_at_the_third)
    with pytest.raises(OSError, match="no space"):
        write_files(tmp_path, made, 1)
    assert (tmp_path / "health_report.html").read_text("utf-8") == made.html
    assert (tmp_path / "health_report.json").read_text() == "old", "it goes last, and says which state is complete"
    assert not [one for one in names(tmp_path) if one.endswith(".tmp")]


def test_a_renderer_of_ones_own_makes_a_further_file(monkeypatch, tmp_path):
    monkeypatch.setitem(rendering.RENDERERS, "txt", lambda document: document.title.upper())
    mine = made_of(hostile())
    write_files(tmp_path, mine, 0)
    assert (tmp_path / "health_report.txt").read_text("utf-8") == mine.title.upper()
    assert set(mine.forms) == {"html", "md", "json", "txt"}


def test_the_catalogue_has_the_reports_that_the_configuration_knows():
    assert set(REPORTS) == REPORT_NAMES


async def test_every_report_of_a_project_that_was_never_run_is_readable(configure, database):
    settings = configure("")
    for name in REPORTS:
        async with open_desk(database, settings, None, "v1", NOW) as desk:
            made = await make(desk, name)
        assert (made.name, made.made_at) == (name, NOW)
        assert made.title
        page = Page(made.html)
        assert page.open == []
        assert "script" not in page.tags
        assert len(made.html) < 1_000_000
        assert len(made.markdown.encode()) <= 30_000
        assert made.lead
        assert json.loads(made.json)["timestamp"] == NOW.isoformat()


async def test_a_desk_only_reads(configure, database):
    async with open_desk(database, configure(""), None, "v1", NOW) as desk:
        assert await desk.connection.fetchval("SHOW transaction_read_only") == "on"
        assert await desk.connection.fetchval("SHOW transaction_isolation") == "repeatable read"
        assert desk.asset("alerts").href == "http://127.0.0.1:3000/assets/alerts"
