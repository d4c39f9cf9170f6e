"""Incidents in a real database: what tests of theirs do with them."""

from datetime import timedelta

from pake_pipelines.alerts import incidents as acting
from pake_pipelines.alerts.incident_steps import Wanted
from pake_pipelines.config.alerting import Incidents
from pake_pipelines.model.alert import GroupFired, Severity
from pake_pipelines.model.incident import IncidentStatus
from pake_pipelines.store import alerts
from pake_pipelines.store import incidents as store
from pake_pipelines_tests.conftest import NOW

CONFIG = Incidents(owners={"critical": "on-call"})


def fired(group, *alerts, severity=Severity.CRITICAL):
    return GroupFired(group, f"{group} is down", severity, alerts, "service-down", f"{group} does not answer")


class Desk:
    """Lets incidents follow groups, and people take them up, at a clock that only the test moves."""

    def __init__(self, database):
        self.database = database
        self.now = NOW

    def later(self, minutes):
        self.now += timedelta(minutes=minutes)

    async def follow(self, *groups, over=(), config=CONFIG):
        async with self.database.transaction() as connection:
            return await acting.follow(connection, config, groups, dict.fromkeys(over, ""), self.now)

    async def open(self, group="g", *alerts, severity=Severity.CRITICAL, config=CONFIG):
        """Open an incident of `group` and return its id."""
        followed = await self.follow(fired(group, *(alerts or (f"{group}-1",)), severity=severity), config=config)
        (incident_id,) = followed.opened
        return incident_id

    async def update(self, incident_id, *, status=None, owner=None, note=None, actor="ann"):
        wanted = Wanted(IncidentStatus(status) if status else None, owner, note)
        async with self.database.transaction() as connection:
            return await acting.update(connection, incident_id, wanted, actor, self.now)

    async def take_up_alert(self, alert_id, note=""):
        async with self.database.transaction() as connection:
            return await acting.take_up_alert(connection, alert_id, "ann", note, self.now)

    async def one(self, incident_id):
        async with self.database.connection() as connection:
            return (await store.find(connection, incident_id))[0]

    async def kinds(self, incident_id):
        async with self.database.connection() as connection:
            return [event.kind.value for event in await store.timeline(connection, incident_id)]

    async def acknowledge(self, alert_id, actor):
        async with self.database.transaction() as connection:
            await alerts.acknowledge(connection, [alert_id], actor, "", self.now)

    async def resolve(self, alert_id):
        """Close an alert by hand, as `pake alerts resolve` does."""
        async with self.database.transaction() as connection:
            resolved = await alerts.resolve_by_hand(connection, [alert_id], "ann", "", self.now)
            return await acting.resolved_by_hand(connection, CONFIG, resolved, "ann", "", self.now)

    async def alert(self, alert_id, *, group=None, **labels):
        """Have an alert with `labels` in the store that fires, in `group`."""
        async with self.database.transaction() as connection:
            await connection.execute(
                """
                INSERT INTO alerts (alert_id, fingerprint, rule, severity, labels, state, summary, started_at,
                                    last_seen_at, group_key)
                VALUES ($1, $1, 'r', 'critical', $2, 'firing', 's', $3, $3, $4)
                """,
                alert_id,
                labels,
                self.now,
                group,
            )
