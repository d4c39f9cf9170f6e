"""Child processes whose cost is measured: fresh interpreters with warm byte code, as on a machine in use."""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What a child and its own children used: CPU seconds (user and system), and what it printed."""

    cpu_seconds: float
    output: str


@contextmanager
def byte_code_cache() -> Iterator[dict[str, str]]:
    """Lend environment variables with which children keep byte code, whatever this process was told about it."""
    with tempfile.TemporaryDirectory(prefix="pake-bench-pyc-") as directory:
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        yield {**inherited, "PYTHONPYCACHEPREFIX": directory}


def python(arguments: Sequence[str], environment: Mapping[str, str], cwd: Path | None = None) -> Cost:
    """Run this interpreter with `arguments` and return its cost; raises RuntimeError if it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, *arguments], env=dict(environment), cwd=cwd, capture_output=True, text=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)[:200]} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return Cost(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout)
