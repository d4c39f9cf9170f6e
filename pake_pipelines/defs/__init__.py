"""Floor 4, the Dagster face: assets, checks, jobs, schedules and resources; thin, and the only rooms that know Dagster."""
