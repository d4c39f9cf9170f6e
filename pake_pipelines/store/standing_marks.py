"""What tells whether what people wait to see has changed since somebody looked: one statement, asked often."""

from pake_pipelines.store.database import Connection


async def standing_marks(connection: Connection) -> str:
    """Return a digest of firing alerts and open incidents with who has them, and of what was made or done last.

    That is the newest node, the newest backup with its proof, the last task of maintenance that ended, and whether
    anything was ever sampled.
    """
    marks: str = await connection.fetchval(
        """
        SELECT md5(concat_ws('/',
            (SELECT string_agg(concat_ws(' ', alert_id, severity, acknowledged_by), ',' ORDER BY alert_id)
             FROM alerts WHERE state = 'firing'),
            (SELECT string_agg(concat_ws(' ', incident_id, severity, status, owner), ',' ORDER BY incident_id)
             FROM incidents WHERE resolved_at IS NULL),
            (SELECT max(created_at) FROM knowledge_nodes),
            (SELECT concat_ws(' ', name, state) FROM backups WHERE removed_at IS NULL ORDER BY created_at DESC LIMIT 1),
            (SELECT run_no FROM maintenance_runs WHERE state <> 'running' ORDER BY run_no DESC LIMIT 1),
            EXISTS (SELECT FROM metric_samples)))
        """
    )
    return marks
