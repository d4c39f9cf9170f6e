"""The ingestion report: what a run read, and what failed."""
