"""Folders: which files there are and were, and the text in them."""
