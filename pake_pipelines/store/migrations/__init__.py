"""Alembic migrations of the knowledge database; `HEAD` is the revision that this code needs."""

from typing import Final

HEAD: Final = "0007"
