"""Log files and leftovers in the data directory: what may go, decided before it goes."""
