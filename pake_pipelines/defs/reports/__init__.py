"""The reports as assets."""
