"""The processes that we started (`service_processes`), told by pid and time of creation: a pid alone is used again."""

from datetime import datetime

from pake_pipelines.model.health import OwnProcess
from pake_pipelines.store.database import Connection


async def save(connection: Connection, service: str, process: OwnProcess, log: str, now: datetime) -> None:
    """Write which process was started for `service`, and the file that its output goes to."""
    await connection.execute(
        """
        INSERT INTO service_processes (service, pid, created_at, started_at, log) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (service) DO UPDATE SET (pid, created_at, started_at, log)
            = (excluded.pid, excluded.created_at, excluded.started_at, excluded.log)
        """,
        service,
        process.pid,
        process.created_at,
        now,
        log,
    )


async def forget(connection: Connection, service: str) -> None:
    """Forget the process of `service`: it was ended."""
    await connection.execute("DELETE FROM service_processes WHERE service = $1", service)


async def processes(connection: Connection) -> dict[str, OwnProcess]:
    """Return what was started last for each service, whether it still runs or not."""
    rows = await connection.fetch("SELECT service, pid, created_at FROM service_processes ORDER BY service")
    return {row["service"]: OwnProcess(row["pid"], row["created_at"]) for row in rows}
