"""`pake duplicates reindex`: the index of bands, written anew from the signatures."""

import asyncio

from pake_pipelines.cli.console import out, print_json
from pake_pipelines.cli.sources.options import Json
from pake_pipelines.dedup.minhash import bands
from pake_pipelines.reports.amounts import counted
from pake_pipelines.settings import get_settings
from pake_pipelines.store.database import addresses, open_database
from pake_pipelines.store.signature_upkeep import rebuild_bands


def reindex(as_json: Json = False) -> None:
    """Write the index of bands anew from the signatures: the repair for a failed check `index_consistent`.

    Runs wait until it is done; a million items take a few minutes.
    """
    written = asyncio.run(_reindex())
    if as_json:
        print_json({"bands_written": written})
    else:
        out.print(f"[green]✓[/] {counted(written, 'band')} written")


async def _reindex() -> int:
    async with open_database(addresses(get_settings()).knowledge) as database, database.transaction() as connection:
        return await rebuild_bands(connection, bands)
