"""The knowledge stages as assets, with their checks."""
