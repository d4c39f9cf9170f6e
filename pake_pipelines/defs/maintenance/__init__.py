"""Maintenance as Dagster shows it: each task an asset whose materializations say what was really done."""
