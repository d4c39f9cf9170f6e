"""What tells whether anything that is open has changed since somebody looked: one statement, asked often."""

from pake_pipelines.store.database import Connection


async def open_marks(connection: Connection) -> str:
    """Return a digest of the alerts that fire, who has taken them up, and of the incidents that are open."""
    marks: str = await connection.fetchval(
        """
        SELECT md5(concat_ws('/',
            (SELECT string_agg(concat_ws(' ', alert_id, severity, acknowledged_by), ',' ORDER BY alert_id)
             FROM alerts WHERE state = 'firing'),
            (SELECT string_agg(concat_ws(' ', incident_id, severity, status, owner), ',' ORDER BY incident_id)
             FROM incidents WHERE resolved_at IS NULL)))
        """
    )
    return marks
