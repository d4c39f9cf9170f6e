"""Floor 4, the Dagster face: assets, checks, jobs, schedules and resources; thin, and alone in knowing Dagster."""
