"""Health as Dagster shows it: what was probed, measured, alerted and healed, and the sensors behind it."""
