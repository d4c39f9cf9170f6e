"""Importing the definitions is cheap: no heavy library, no file but the project's own, no connection."""

import json
import os
import subprocess
import sys

import pytest

from pake_pipelines.settings import PACKAGE_HOME

HEAVY = (
    "torch", "spacy", "sentence_transformers", "trafilatura", "matplotlib", "pandas", "feedparser", "aiohttp",
    "asyncpg", "langdetect", "transformers", "alembic", "zstandard", "scipy", "sklearn", "apprise", "redis",
    "aiosmtplib", "psutil", "structlog", "pyrage", "fsspec", "opentelemetry",
)  # fmt: skip
PROBE = """
import json, sys
opened, connected = set(), []
def hook(event, args):
    if event == "open" and isinstance(args[0], str):
        opened.add(args[0])
    elif event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen"):
        connected.append(event)
import dagster
sys.addaudithook(hook)
import pake_pipelines.definitions
print(json.dumps({"modules": sorted(sys.modules), "opened": sorted(opened), "connected": connected}))
"""


@pytest.fixture(scope="module")
def probed():
    done = subprocess.run(
        [sys.executable, "-c", PROBE], cwd=PACKAGE_HOME, env={**os.environ, "PAKE_HOME": str(PACKAGE_HOME)},
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.parametrize("library", HEAVY)
def test_importing_the_definitions_does_not_load(library, probed):
    assert library not in probed["modules"]


def test_importing_the_definitions_reads_nothing_but_the_projects_own_configuration(probed):
    home = str(PACKAGE_HOME)
    code = (".py", ".pyc")
    read = [
        path.removeprefix(home + "/") for path in probed["opened"] if path.startswith(home) and not path.endswith(code)
    ]
    own = {path for path in read if not path.startswith(".venv/")}
    defaults = "pake_pipelines/config/defaults"
    names = ("sources", "quality", "monitoring", "maintenance", "reports")
    written = {f"{place}/{name}.yaml" for place in ("configs", defaults) for name in names}
    assert own == {*written, f"{defaults}/spam_phrases.yaml"}


def test_importing_the_definitions_connects_to_nothing_and_starts_nothing(probed):
    assert probed["connected"] == []
