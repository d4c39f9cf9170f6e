"""Whether the index of signatures says what the documents say: some of it has to be computed anew to know."""

from datetime import date
from typing import Final

from pake_pipelines.dedup.minhash import bands, sign
from pake_pipelines.store import signature_upkeep
from pake_pipelines.store.database import Connection
from pake_pipelines.store.integrity import Offenders

_SHOWN: Final = 20


async def index_offenders(connection: Connection, day: date) -> Offenders:
    """Return what the index lacks of the compared documents of `day`, and what a sample of it should not hold.

    Documents without a word have no signature. Bands that belong to no signature are counted, but have no item.
    """
    bare = await signature_upkeep.compared_without_signature(connection, day)
    made = sign([(document.title, document.text) for _, document in bare])
    lacking = [pake_id for (pake_id, _), signatures in zip(bare, made, strict=True) if signatures]
    lacking += await signature_upkeep.wrongly_banded(connection, day, bands)
    return Offenders(len(lacking) + await signature_upkeep.stray_bands(connection, bands), tuple(lacking[:_SHOWN]))
