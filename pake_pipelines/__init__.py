"""A knowledge base that fills, judges and looks after itself, with Dagster as its face."""
