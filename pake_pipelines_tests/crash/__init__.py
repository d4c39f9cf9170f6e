"""Crash safety: a real ingestion run, killed with SIGKILL at every crash point, then run again."""
