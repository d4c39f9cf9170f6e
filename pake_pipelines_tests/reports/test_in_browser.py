"""Every page in a real browser: nothing is asked for, nothing runs, strangers' words are words, and it fits a phone."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from demos.browser import Told, chromium, find_chromium
from pake_pipelines.config.loading import load_monitoring, load_reports, load_sources
from pake_pipelines.reports.catalogue import REPORTS
from pake_pipelines.reports.index import write_index
from pake_pipelines.reports.opening import open_desk
from pake_pipelines.reports.status.writing import make_status, make_status_without_database, write_status
from pake_pipelines.reports.writing import make, write_files
from pake_pipelines.settings import Settings
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.reports import hostile_project
from pake_pipelines_tests.reports.monitoring_history import SERVICES

pytestmark = [
    pytest.mark.skipif(find_chromium() is None, reason="skipped: no Chromium"),
    pytest.mark.long,
]

NOW = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
PLANTED = """<!doctype html><meta name=viewport content="width=device-width"><body onclick="0">
<div style="width: 2000px">wide</div><p style="color: #aaa; background: #fff">pale</p><a href="javascript:0">runs</a>
<img src="http://127.0.0.1:9/pixel.png"><script>console.log("said"); nowhere.to.be.found()</script>"""
PAGES = [*REPORTS, "status", "index"]
LOOKS = [(390, False), (390, True), (1280, False), (1280, True)]
SEEN_OF_PAGE = """
(() => {
  const all = [...document.querySelectorAll('*')];
  return {
    scripts: document.scripts.length,
    handlers: all.filter(one => [...one.attributes].some(other => other.name.startsWith('on'))).length,
    fetched: document.querySelectorAll('img, iframe, object, embed, video, audio, link, form, base').length,
    links: [...document.querySelectorAll('a[href]')].map(one => one.getAttribute('href')),
    text: document.body.textContent,
    sevens: document.body.textContent.includes('49 49'),
  };
})()
"""
# WCAG 2: 4.5 for text, 3 for large text (24 px, or 18.66 px and bold)
SEEN_OF_LOOK = """
(() => {
  const channel = one => { one /= 255; return one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4; };
  const numbers = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = one => {
    for (; one; one = one.parentElement) {
      const found = numbers(getComputedStyle(one).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const pale = [];
  const kinds = new Map();
  for (const one of document.body.querySelectorAll(':not(svg):not(svg *)')) {
    const text = [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    const kind = one.tagName + '.' + one.className + '<' + one.parentElement.className;
    if (!text || kinds.has(kind) || !one.getClientRects().length) continue;
    kinds.set(kind, true);
    const style = getComputedStyle(one);
    const [a, b] = [light(numbers(style.color)), light(behind(one))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700);
    if (contrast < (large ? 3 : 4.5)) pale.push(kind + ' ' + contrast.toFixed(2));
  }
  return {
    width: document.scrollingElement.scrollWidth,  // a phone makes innerWidth as large as it needs
    looked_at: kinds.size,
    pale,
  };
})()
"""


@dataclass
class Looked:
    """What was seen of a page."""

    size: int
    told: Told
    page: dict
    looks: dict = field(default_factory=dict)


@pytest.fixture(scope="module")
def looked(module_database_url, tmp_path_factory):
    """What was seen of every page: of an empty project, of one full of hostile words, and without a database."""
    home = tmp_path_factory.mktemp("project")
    (home / "configs").mkdir()
    (home / "configs" / "monitoring.yaml").write_text(SERVICES)
    (home / "configs" / "sources.yaml").write_text("sources: {}\n")
    for load in (load_monitoring, load_sources):
        load.cache_clear()
    return asyncio.run(look_at_all(Settings(home=home), module_database_url, tmp_path_factory))


async def look_at_all(settings, url, directories):
    pages = {}
    async with open_database(url) as database:
        for state, facts in (("empty", None), ("hostile", hostile_project.facts(NOW))):
            if state == "hostile":
                async with database.transaction() as connection:
                    await hostile_project.fill(connection, NOW)
            directory = directories.mktemp(state)
            await write_all(database, settings, directory, facts)
            pages |= {(state, name): directory / f"{name}.html" for name in PAGES}
    directory = directories.mktemp("down")
    config = load_reports(settings.configs).status_page
    status = make_status_without_database(
        directory, config, hostile_project.facts(NOW), NOW, "http://127.0.0.1:3000", "".join(hostile_project.WORDS)
    )
    pages["down", "status"] = write_status(directory, status)
    pages["planted", "faults"] = directory / "planted.html"
    pages["planted", "faults"].write_text(PLANTED)
    async with chromium(find_chromium()) as browser:
        return {key: await look_at(browser, page) for key, page in pages.items()}


async def write_all(database, settings, directory, facts):
    for past in (timedelta(days=1), timedelta()):
        async with open_desk(database, settings, facts, "v", NOW - past) as desk:
            names = REPORTS if not past else ["health_report"]
            for name in names:
                write_files(directory, await make(desk, name), keep=3)
            write_status(directory, await make_status(desk))
    write_index(directory, NOW)


async def look_at(browser, page):
    await browser.look(width=LOOKS[0][0])
    await browser.open(page)
    found = Looked(page.stat().st_size, browser.told, await browser.evaluate(SEEN_OF_PAGE))
    for width, dark in LOOKS:
        await browser.look(width=width, dark=dark)
        found.looks[width, dark] = await browser.evaluate(SEEN_OF_LOOK)
    return found


ALL = [(state, name) for state in ("empty", "hostile") for name in PAGES] + [("down", "status")]


@pytest.mark.parametrize(("state", "name"), ALL, ids=["-".join(one) for one in ALL])
def test_a_page_runs_nothing_asks_for_nothing_and_fits_every_screen(looked, state, name):
    found = looked[state, name]
    assert (found.told.console, found.told.exceptions, found.told.requests) == ([], [], [])
    assert (found.page["scripts"], found.page["handlers"], found.page["fetched"]) == (0, 0, 0)
    assert not found.page["sevens"]  # what looks like a template is none
    assert [one for one in found.page["links"] if not is_safe(one)] == []
    assert found.size <= 1_000_000
    assert {look: seen["width"] for look, seen in found.looks.items() if seen["width"] > look[0]} == {}


def is_safe(link):
    return link.startswith(("http://", "https://", "#")) or ":" not in link


@pytest.mark.parametrize(("state", "name"), ALL, ids=["-".join(one) for one in ALL])
def test_its_text_can_be_read_in_light_and_in_dark(looked, state, name):
    looks = looked[state, name].looks
    assert min(seen["looked_at"] for seen in looks.values()) >= 3
    assert {look: seen["pale"] for look, seen in looks.items() if seen["pale"]} == {}


def test_the_look_finds_every_fault_that_is_planted(looked):
    found = looked["planted", "faults"]
    assert "said" in found.told.console
    assert len(found.told.exceptions) == 1
    assert found.told.requests == ["http://127.0.0.1:9/pixel.png"]
    assert (found.page["scripts"], found.page["handlers"], found.page["fetched"]) == (1, 1, 1)
    assert [is_safe(one) for one in found.page["links"]] == [False]
    assert found.looks[390, False]["width"] > 2000
    assert [one.split("<")[0] for one in found.looks[390, False]["pale"]] == ["P."]


def test_strangers_words_are_shown_as_the_words_that_they_are(looked):
    text = looked["hostile", "status"].page["text"]
    assert "<script>alert(1)</script>" in text
    assert "[click](javascript:alert(3))" in text
    assert "مرحبا بالعالم" in text
    assert "\u202e" not in text
