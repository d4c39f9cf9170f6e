"""Upkeep of the two databases: rows that are dead, indexes that are bloated, records that are old."""
