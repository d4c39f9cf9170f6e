"""The capacity report: how full everything is, where it goes, and when it is full."""
