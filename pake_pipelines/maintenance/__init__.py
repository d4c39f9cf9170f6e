"""Keeping the house: backups and their proof, clean-up, upkeep of the databases, audits. Tasks decide, then act."""
