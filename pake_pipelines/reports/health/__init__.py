"""The health report: how the services stand and stood, and what to do."""
