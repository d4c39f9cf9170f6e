"""The deployment report: what is installed and configured here, against what is needed."""
