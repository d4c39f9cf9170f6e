"""Demonstrations: scripts that show on a scratch project, with real processes, what the documentation says."""
