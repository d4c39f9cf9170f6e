"""Migrating the knowledge database, and telling which revision it has."""

import logging
from importlib import resources
from typing import TYPE_CHECKING

from pake_pipelines.store.migrations import HEAD

if TYPE_CHECKING:
    from alembic.config import Config


def migrate(url: str) -> None:
    """Bring the knowledge database at `url` to this code's revision; does nothing when it is there already."""
    from alembic import command

    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = _configuration()
    config.attributes["url"] = url
    command.upgrade(config, HEAD)


def known_revisions() -> frozenset[str]:
    """Return the revisions that this code can bring to its own."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(_configuration())
    return frozenset(script.revision for script in scripts.walk_revisions())


def _configuration() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resources.files("pake_pipelines.store.migrations")))
    config.set_main_option("path_separator", "os")
    return config
