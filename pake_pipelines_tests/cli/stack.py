"""A real `pake up` in a process of its own, on a small project, for the tests of the terminal face."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil

from pake_pipelines_tests.settled import settle

PAKE = [sys.executable, "-c", "from pake_pipelines.cli.main import run; run()"]
READY = "Ctrl-C stops everything"

SOURCES = """
sources:
  notes: {name: Notes, kind: folder, path: notes, authority: local}
  dead: {name: Dead, kind: feed, url: "http://unreachable.invalid/feed"}
schedules: {}
"""
NOTE = "# Counting {0}\n\n" + "A note about counting things carefully, written number {0} of its kind. " * 6


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Project:
    """A small project directory and the `pake` commands run in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        (home / "configs").mkdir(parents=True)
        (home / "configs" / "sources.yaml").write_text(SOURCES)
        (home / "configs" / "quality.yaml").write_text("")
        (home / "dagster.yaml").write_text((Path(__file__).parents[2] / "dagster.yaml").read_text())
        (home / "notes").mkdir()
        for number in range(3):
            (home / "notes" / f"{number}.md").write_text(NOTE.format(number))
        settle(home / "notes")

    @property
    def variables(self):
        # no schedule and no sensor starts anything of its own while tests look on
        return {"PAKE_PORT": str(self.port), "PAKE_AUTOMATION_ENABLED": "0"}

    def env(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PAKE_", "DAGSTER_"))}
        return {**kept, "PAKE_HOME": str(self.home), **self.variables}

    def pake(self, *arguments, timeout=180):
        return subprocess.run(
            [*PAKE, *arguments], env=self.env(), cwd=self.home, capture_output=True, text=True, timeout=timeout
        )

    def json(self, *arguments):
        done = self.pake(*arguments, "--json")
        return json.loads(done.stdout)


class Up:
    """`pake up` while it lasts."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.log = project.home / "up.log"
        with self.log.open("wb") as sink:
            self.process = subprocess.Popen(
                [*PAKE, "up"], env=project.env(), cwd=project.home, stdout=sink, stderr=subprocess.STDOUT
            )

    def said(self):
        return self.log.read_text()

    def wait_until(self, text, seconds=240):
        deadline = time.monotonic() + seconds
        while text not in self.said():
            assert time.monotonic() < deadline, f"{text!r} was not said:\n{self.said()}"
            assert self.process.poll() is None, f"it ended before saying {text!r}:\n{self.said()}"
            time.sleep(0.2)

    def family(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, how=signal.SIGINT):
        self.process.send_signal(how)
        return self.process.wait(90)
