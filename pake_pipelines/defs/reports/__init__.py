"""The reports as assets, and their editions as jobs with schedules."""
