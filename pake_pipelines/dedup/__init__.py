"""Floor 2, pure: canonical addresses, content hashes, the decision on a pair, and the grouping of pairs."""

from typing import Final

# raised whenever the same input would be decided differently
VERSION: Final = "2"
