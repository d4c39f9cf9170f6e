"""Migrating the knowledge database, and telling which revision it has."""

import logging
from importlib import resources

from pake_pipelines.store.migrations import HEAD


def migrate(url: str) -> None:
    """Bring the knowledge database at `url` to this code's revision; does nothing when it is there already."""
    from alembic import command
    from alembic.config import Config

    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", str(resources.files("pake_pipelines.store.migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    command.upgrade(config, HEAD)
