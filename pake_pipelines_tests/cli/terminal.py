"""The `pake` command as the terminal runs it, in the test's own process, because starting one takes a second."""

import io
import json
import sys
from dataclasses import dataclass

from pake_pipelines.cli.main import run
from pake_pipelines.config.loading import LOADERS, load_sources
from pake_pipelines.settings import get_settings


@dataclass(frozen=True)
class Done:
    """How a command ended and what it printed, folded into one line for each stream where that is easier to search."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self):
        return json.loads(self.stdout)

    @property
    def lines(self):
        return [json.loads(line) for line in self.stdout.splitlines()]


class Terminal:
    """A terminal in a project directory."""

    def __init__(self, home, monkeypatch, capsys):
        self.home = home
        self.file = home / "configs" / "sources.yaml"
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.file.parent.mkdir(parents=True, exist_ok=True)
        (home / "dagster.yaml").touch()
        self.environment(PAKE_HOME=str(home))
        monkeypatch.chdir(home)

    def environment(self, **variables):
        for name, value in variables.items():
            self._monkeypatch.setenv(name, value)

    def configure(self, text):
        self.file.write_text(text)

    @property
    def config(self):
        load_sources.cache_clear()
        return load_sources(self.file.parent)

    def pake(self, *arguments, stdin=b""):
        """Run `pake` with `arguments`; an exception that would be a traceback is the test's failure."""
        _forget_what_was_read()
        self._monkeypatch.setattr(sys, "argv", ["pake", *map(str, arguments)])
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        self._capsys.readouterr()
        code = 0
        try:
            run()
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            _forget_what_was_read()
        return Done(code, *self._capsys.readouterr())


def _forget_what_was_read():
    get_settings.cache_clear()
    for load in LOADERS.values():
        load.cache_clear()
