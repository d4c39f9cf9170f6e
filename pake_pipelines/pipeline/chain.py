"""The chain behind the sources: the stages of every ingestion run, and the link check among them, in order."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from pake_pipelines.pipeline.confidence import score_items
from pake_pipelines.pipeline.connections import connect_items
from pake_pipelines.pipeline.documents import build_documents
from pake_pipelines.pipeline.duplicates import find_duplicates
from pake_pipelines.pipeline.embeddings import embed_documents
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.link_checks import check_links
from pake_pipelines.pipeline.names import LINK_CHECKS
from pake_pipelines.pipeline.publish import publish_nodes
from pake_pipelines.pipeline.run import Run, StageResult
from pake_pipelines.store.database import Database
from pake_pipelines.store.marks import Stage

StageFunction = Callable[[Kit, Database, Run], Awaitable[StageResult]]

STAGES: Final[Mapping[str, StageFunction]] = {
    Stage.DOCUMENTS.value: build_documents,
    LINK_CHECKS: check_links,
    Stage.EMBEDDINGS.value: embed_documents,
    Stage.DUPLICATES.value: find_duplicates,
    Stage.CONNECTIONS.value: connect_items,
    Stage.CONFIDENCE.value: score_items,
    Stage.KNOWLEDGE_NODES.value: publish_nodes,
}
