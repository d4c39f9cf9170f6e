"""The sources as assets, and the table that all of them write into."""
