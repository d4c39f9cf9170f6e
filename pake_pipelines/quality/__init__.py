"""Floor 2, pure: what is thought of one item: the quality rules, the confidence factors and the verdict.

No I/O and no clock. How a text is measured belongs in `text`; whether two items are the same belongs in `dedup`.
"""

from typing import Final

VERSION: Final = "2"
"""The code version of this room, part of each stage's version: raise it when the same item is judged otherwise."""
