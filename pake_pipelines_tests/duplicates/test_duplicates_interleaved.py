"""Two runs of the duplicates stage at once, killed or not, leave what one undisturbed run leaves."""

import asyncio
import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.run import Run
from pake_pipelines.settings import Settings
from pake_pipelines.store.database import open_database, with_database
from pake_pipelines_tests.conftest import NOW, TODAY
from pake_pipelines_tests.duplicates.arena import YESTERDAY, Arena, execute
from pake_pipelines_tests.duplicates.corpus import mixed, moved_on
from pake_pipelines_tests.duplicates.library import Library
from pake_pipelines_tests.duplicates.plants import PLANTS
from pake_pipelines_tests.embedder import WordEmbedder

pytestmark = pytest.mark.long

SCENES = ("first met", "changed")
_FIGHTS = 30
_TEMPLATES = {scene: f"duplicates_{scene.replace(' ', '_')}" for scene in SCENES}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A project whose documents pass the door whatever their length."""
    home = tmp_path_factory.mktemp("duplicates")
    (home / "configs").mkdir()
    (home / "configs" / "quality.yaml").write_text("ingest: {min_content_length: 0}")
    (home / "dagster.yaml").touch()
    return home


@pytest.fixture(scope="module")
def templates(server_url, home):
    """Two stores whose documents wait to be compared: for the first time, and after some of them have changed."""
    first, later = (with_database(server_url, name) for name in _TEMPLATES.values())
    asyncio.run(execute(server_url, f'CREATE DATABASE "{_TEMPLATES["first met"]}" TEMPLATE pake_knowledge'))
    asyncio.run(_build(first, home, changed=False))
    asyncio.run(execute(server_url, f'CREATE DATABASE "{_TEMPLATES["changed"]}" TEMPLATE "{_TEMPLATES["first met"]}"'))
    asyncio.run(_build(later, home, changed=True))
    yield _TEMPLATES
    for name in _TEMPLATES.values():
        asyncio.run(execute(server_url, f'DROP DATABASE "{name}" WITH (FORCE)'))


async def _build(url, home, *, changed):
    items = mixed(yesterday=YESTERDAY)
    kit = Kit(Settings(home=home, database_url=url), WordEmbedder())
    async with open_database(url) as database:
        library = Library(kit, database, Run("build", TODAY, NOW))
        if changed:
            for day in (YESTERDAY, TODAY):
                await library.walk(day=day)
            await library.put(*moved_on(items))
        else:
            await library.open()
            await library.put(*items)
        for day in (YESTERDAY, TODAY):
            await library.walk("documents", "embeddings", day=day)
        # or its workers would, in the midst of a fight, and a better plan might break a tie in another way
        async with database.connection() as connection:
            await connection.execute("ANALYZE")


@pytest.fixture(scope="module", params=SCENES, ids=lambda scene: scene.replace(" ", "-"))
def arena(request, server_url, templates, home, tmp_path_factory):
    opened = Arena(server_url, templates[request.param], home, tmp_path_factory.mktemp("arena"))
    yield opened
    opened.close()


def fights(arena, seeds):
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return dict(zip(seeds, threads.map(arena.fight, seeds), strict=True))


def test_the_serial_result_holds_duplicates_of_every_kind(arena):
    pairs = [json.loads(row) for row in arena.serial.held["duplicate_candidates"].elements()]
    assert {pair["level"] for pair in pairs} == {"exact", "near", "semantic"}
    assert {pair["decision"] for pair in pairs} == {"duplicate", "contradicted", "similar"}
    assert sum(arena.serial.held["duplicate_groups"].values()) >= 10
    assert all(arena.serial.held.values()), "a table without rows proves nothing"


def test_two_runs_at_once_that_may_die_leave_the_duplicates_of_a_serial_run(arena):
    found = fights(arena, range(_FIGHTS))
    assert {seed: fight for seed, fight in found.items() if not fight.sound} == {}
    died = [fight.ended.count(-9) for fight in found.values()]
    assert min(died.count(deaths) for deaths in range(3)) >= _FIGHTS / 10, "none, one and both died often enough"


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_fault_in_finding_duplicates_shows(arena, plant):
    assert any(not arena.fight(seed, plant).sound for seed in range(_FIGHTS))
