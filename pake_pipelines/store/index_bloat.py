"""How large an index would be if it were built anew, reckoned from what the server's statistics say of its columns."""

import math
from dataclasses import dataclass
from typing import Final

from pake_pipelines.store.upkeep_tables import Bloat, bloat_of

PAGE: Final = 8192


@dataclass(frozen=True, slots=True)
class IndexShape:
    """What an index's size follows from; `width` is that of its columns' values, `repeats` how many rows of a single
    column have the same value.
    """

    rows: float | None
    width: float | None
    fillfactor: int
    unique: bool
    repeats: float | None
    connections: int


def estimated(method: str, bytes_: int, shape: IndexShape) -> Bloat | None:
    """Return the bloat that an index's statistics imply; None for methods without a formula, or never analyzed."""
    if shape.rows is None or shape.width is None or bytes_ <= PAGE:
        return None
    if method == "btree":
        return bloat_of(bytes_, _btree_pages(shape, shape.rows, shape.width) * PAGE, exact=False)
    if method == "hnsw":
        return bloat_of(bytes_, _hnsw_pages(shape, shape.rows, shape.width) * PAGE, exact=False)
    return None


def _btree_pages(shape: IndexShape, rows: float, width: float) -> int:
    """Return the leaf pages and the meta page of a fresh b-tree, by ioguix/pgsql-bloat-estimation, btree_bloat.sql.

    A page has a header of 24 bytes and 16 of its own kind; a tuple a line pointer of 4, a header of 8 and its values,
    to a multiple of 8. The formula is older than deduplication (PostgreSQL 13), by which rows with the same value
    share a tuple of up to 812 bytes (nbtsort.c) and cost 6 bytes each; that is known of a single column only.
    """
    each: float = 4 + 8 + _aligned(width)
    if not shape.unique and shape.repeats:
        together = min(shape.repeats, (812 - each) / 6)
        each = min(each, 6 + each / together) if together > 1 else each
    return 1 + math.ceil(rows / max(math.floor((PAGE - 24 - 16) * shape.fillfactor / 100 / each), 1))


def _hnsw_pages(shape: IndexShape, rows: float, width: float) -> int:
    """Return the pages of a fresh HNSW index, by the layout in pgvector's hnsw.h.

    Each vector has an element of 72 bytes and the vector, and a list of neighbours of 4 bytes and twice `m` item
    pointers of 6, with a line pointer each; of the layers above the first, 1 / m have a further list.
    """
    neighbours = 4 + (2 + 1 / shape.connections) * shape.connections * 6
    each = _aligned(72 + width) + _aligned(neighbours) + 2 * 4
    return 1 + math.ceil(rows / max(math.floor((PAGE - 24 - 8) / each), 1))


def _aligned(bytes_: float) -> int:
    return math.ceil(bytes_ / 8) * 8
