"""Planted bugs: each breaks a promise of the store on purpose, so that the harness can show that it would notice.

They are planted into the process of one run only.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pake_pipelines.model.document import Document
from pake_pipelines.pipeline.visitor import Visitor
from pake_pipelines.store import documents, fetches, marks, nodes, sources
from pake_pipelines.store.database import Connection
from pake_pipelines.store.fetches import NewFetch
from pake_pipelines.store.marks import Stage
from pake_pipelines.store.nodes import HistoryRow, NodeRow
from pake_pipelines.store.sources import Progress


async def _commit(connection: Connection) -> None:
    """End the transaction that the caller is in and open another: what was written so far stands alone."""
    await connection.execute("COMMIT")
    await connection.execute("BEGIN")


def hash_before_content() -> None:
    """A feed's hash is stored, in a transaction of its own, before what the feed says."""
    take = Visitor._take

    async def planted(self: Any, body: Any) -> None:
        if not self._reader.dated:
            async with self._database.transaction() as connection:
                await sources.save_progress(connection, [Progress(self._slug, self._reader.version, body.cursor)])
        await take(self, body)

    Visitor._take = planted  # type: ignore[method-assign]


def watermark_apart() -> None:
    """The row that says "this body was read" is committed apart from the entries that the body held."""
    save_fetches = fetches.save_fetches

    async def planted(connection: Connection, made: Sequence[NewFetch], run_id: str) -> list[int]:
        fetch_ids = await save_fetches(connection, made, run_id)
        await _commit(connection)
        return fetch_ids

    fetches.save_fetches = planted


def marks_before_results() -> None:
    """A stage's marks are committed before its results."""
    save_documents = documents.save_documents

    async def planted(connection: Connection, made: Sequence[Document], *, version: str, run_id: str) -> list[int]:
        await marks.mark(connection, Stage.DOCUMENTS, [one.entry_id for one in made], version, run_id)
        await _commit(connection)
        return await save_documents(connection, made, version=version, run_id=run_id)

    documents.save_documents = planted


def history_apart() -> None:
    """The history of verdicts is committed before the verdicts."""
    save_nodes = nodes.save_nodes

    async def planted(
        connection: Connection, given: Sequence[NodeRow], history: Sequence[HistoryRow], run_id: str
    ) -> list[Any]:
        await nodes.save_history(connection, history, run_id)
        await _commit(connection)
        return await save_nodes(connection, given, [], run_id)

    nodes.save_nodes = planted


PLANTS: Final[Mapping[str, Callable[[], None]]] = {
    plant.__name__: plant for plant in (hash_before_content, watermark_apart, marks_before_results, history_apart)
}
