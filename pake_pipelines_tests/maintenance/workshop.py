"""A place for tasks to work in, and tasks that do what a test asks for."""

from dataclasses import dataclass, field
from pathlib import Path

from pake_pipelines.config.loading import load
from pake_pipelines.config.maintenance import MaintenanceConfig
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.settings import Settings


@dataclass(frozen=True)
class Given:
    """A kind of task whose function is at hand."""

    function: object
    options: dict = field(default_factory=dict)
    description: str = "A task of a test."
    kinds: frozenset = frozenset({"python"})

    def load(self):
        return self.function


def config_of(home: Path, text: str = "") -> MaintenanceConfig:
    """Return the packaged configuration with `text` laid over it."""
    file = home / "configs" / "maintenance.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return load(MaintenanceConfig, file, "maintenance.yaml")


def place_of(home: Path, database_url: str, text: str = "", **given) -> Workplace:
    """Return a place in the project at `home`; nobody is waited for there."""
    settings = Settings(home=home, database_url=database_url, connect_attempts=1)
    return Workplace(settings, config_of(home, text), run_id="run-1", **given)
