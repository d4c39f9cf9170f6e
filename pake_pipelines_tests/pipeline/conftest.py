"""What the tests of this room share: the samples, walked once with the real model."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest
import yaml

from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.run import Run
from pake_pipelines.settings import PACKAGE_HOME, Settings
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.chain import rows, visit, walk
from pake_pipelines_tests.conftest import NOW, TODAY

_FACTS = """
SELECT i.source, e.title, e.pake_id, e.problems, d.text, d.dropped, n.verification_status AS status, n.reasons,
       n.metadata ->> 'flagged' AS flagged, n.confidence_score AS score, q.spam_score, g.canonical_id, d.language
FROM entries e JOIN items i USING (pake_id) LEFT JOIN documents d ON d.entry_id = e.entry_id
LEFT JOIN knowledge_nodes n ON n.pake_id = e.pake_id LEFT JOIN qa_results q ON q.entry_id = e.entry_id
LEFT JOIN duplicate_members m ON m.pake_id = e.pake_id LEFT JOIN duplicate_groups g USING (group_id)
WHERE e.superseded_at IS NULL
"""


@pytest.fixture(scope="session")
def manifest():
    return yaml.safe_load((PACKAGE_HOME / "data" / "samples" / "manifest.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def sample_settings(tmp_path_factory, module_database_url) -> Settings:
    """A project with the shipped configuration and the samples, all dated today."""
    home: Path = tmp_path_factory.mktemp("samples")
    shutil.copytree(PACKAGE_HOME / "configs", home / "configs")
    shutil.copytree(PACKAGE_HOME / "data" / "samples", home / "data" / "samples")
    for note in (home / "data" / "samples" / "notes").iterdir():
        os.utime(note, (NOW.timestamp(), NOW.timestamp()))
    return Settings(home=home, database_url=module_database_url)


@pytest.fixture(scope="module")
def walked(sample_settings):
    """What became of each sample item, by (source, title), and every compared pair."""
    return asyncio.run(_walk(sample_settings))


async def _walk(settings):
    kit = Kit.of(settings)
    slugs = [slug for slug in kit.sources.enabled if slug.startswith("sample-")]
    async with open_database(kit.database) as database:
        run = Run("samples", TODAY, NOW)
        await visit(kit, database, run, *slugs)
        await walk(kit, database, run)
        facts = {(row["source"], row["title"]): row for row in await rows(database, _FACTS)}
        pairs = {
            frozenset((row["a_id"], row["b_id"])): row for row in await rows(database, "TABLE duplicate_candidates")
        }
    return facts, pairs
