"""Floor 2, pure: what can be said about one text alone: its clean form, language, measures, spam score, links.

No I/O beyond loading a library's own model, no clock, and nothing about other items or about trust.
"""

from typing import Final

VERSION: Final = "2"
"""The code version of this room, part of each stage's version: raise it when the same text gives other results."""
