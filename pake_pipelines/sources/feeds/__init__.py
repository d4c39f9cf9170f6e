"""Feeds: RSS 0.9x, 1.0, 1.1 and 2.0, Atom, CDF and JSON Feed; finding them, listing them, telling their items again."""
