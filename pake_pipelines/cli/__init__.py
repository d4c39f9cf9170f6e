"""Floor 4, the terminal face: the `pake` command. What moves data runs as a Dagster run, so that the UI shows it."""
