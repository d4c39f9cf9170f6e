"""The log report: what was done by whom, and what the logs say by level."""
