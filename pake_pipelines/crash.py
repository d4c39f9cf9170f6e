"""Named crash points: places where a test ends the process as a power cut would.

`point()` does nothing unless the environment variable `PAKE_CRASH_AT` names it; then the process kills itself with
SIGKILL, so that no handler, transaction or `finally` can tidy up. Every write has one inside and one behind it.
"""

import os
import signal
from enum import StrEnum
from typing import Final

VARIABLE: Final = "PAKE_CRASH_AT"


class CrashPoint(StrEnum):
    """Every crash point; the crash harness visits all of them."""

    LAKE_WRITTEN = "lake.written"
    LAKE_RENAMED = "lake.renamed"
    FETCH_BODIES_WRITTEN = "fetch.bodies_written"
    FETCH_ENTRIES_WRITTEN = "fetch.entries_written"
    FETCH_WATERMARK_WRITTEN = "fetch.watermark_written"
    FETCH_COMMITTED = "fetch.committed"
    DOCUMENTS_WRITTEN = "documents.written"
    DOCUMENTS_COMMITTED = "documents.committed"
    EMBEDDINGS_WRITTEN = "embeddings.written"
    EMBEDDINGS_COMMITTED = "embeddings.committed"
    DUPLICATES_CANDIDATES_WRITTEN = "duplicates.candidates_written"
    DUPLICATES_GROUPS_WRITTEN = "duplicates.groups_written"
    DUPLICATES_COMMITTED = "duplicates.committed"
    CONNECTIONS_WRITTEN = "connections.written"
    CONNECTIONS_COMMITTED = "connections.committed"
    CONFIDENCE_WRITTEN = "confidence.written"
    CONFIDENCE_COMMITTED = "confidence.committed"
    PUBLISH_NODES_WRITTEN = "publish.nodes_written"
    PUBLISH_HISTORY_WRITTEN = "publish.history_written"
    PUBLISH_COMMITTED = "publish.committed"
    REPORT_WRITTEN = "report.written"
    REPORT_RENAMED = "report.renamed"
    ALERTS_WRITTEN = "alerts.written"
    ALERTS_COMMITTED = "alerts.committed"
    DELIVERY_CLAIMED = "delivery.claimed"
    DELIVERY_SENT = "delivery.sent"
    DELIVERY_MARKED = "delivery.marked"
    HEAL_CLAIMED = "heal.claimed"
    HEAL_STOPPED = "heal.stopped"
    HEAL_SPAWNED = "heal.spawned"
    HEAL_LAUNCHED = "heal.launched"
    HEAL_STARTED = "heal.started"
    HEAL_VERIFIED = "heal.verified"
    HEAL_SETTLED = "heal.settled"
    RECOVERY_BEGUN = "recovery.begun"
    RECOVERY_ACTED = "recovery.acted"
    RECOVERY_WAITING = "recovery.waiting"
    RESTORE_RESTORED = "restore.restored"
    SWAP_BETWEEN = "swap.between"
    SWAP_RENAMED = "swap.renamed"
    SWAP_COMMITTED = "swap.committed"
    RETENTION_WRITTEN = "retention.written"
    RETENTION_RENAMED = "retention.renamed"
    RETENTION_RECORDED = "retention.recorded"
    RETENTION_VERIFIED = "retention.verified"
    RETENTION_DELETED = "retention.deleted"
    RETENTION_REMOVED = "retention.removed"
    BACKUP_STAGED = "backup.staged"
    BACKUP_FROZEN = "backup.frozen"
    BACKUP_DUMPED = "backup.dumped"
    BACKUP_MANIFEST_WRITTEN = "backup.manifest_written"
    BACKUP_SYNCED = "backup.synced"
    BACKUP_UPLOADED = "backup.uploaded"
    BACKUP_RENAMED = "backup.renamed"
    BACKUP_NOTED = "backup.noted"
    BACKUP_LEAVING = "backup.leaving"
    BACKUP_REMOVED = "backup.removed"
    BASE_TAKEN = "base.taken"
    BASE_SYNCED = "base.synced"
    BASE_RENAMED = "base.renamed"
    BASE_LEAVING = "base.leaving"


def point(here: CrashPoint) -> None:
    """Kill this process with SIGKILL if the environment asks for it at this point."""
    if os.environ.get(VARIABLE) == here.value:
        os.kill(os.getpid(), signal.SIGKILL)
