"""The intake: parsed bodies -> raw fetches, entry versions, dead letters and what readers must remember.

One transaction holds all of that for a body, so that none of it ever exists without the rest. Bodies of several
sources that are ready at the same time share a transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.model.entry import Entry, Parsed
from pake_pipelines.pipeline.entry_plan import EntryPlan, identity_of, partition_of, plan_entries
from pake_pipelines.pipeline.grouping import Grouped
from pake_pipelines.sources.feeds.continuity import KnownItem, continued
from pake_pipelines.sources.protocol import Cursor, Window
from pake_pipelines.store import dead_letters, entries, fetches, marks, sources
from pake_pipelines.store.database import Connection, Database
from pake_pipelines.store.dead_letters import NewLetter
from pake_pipelines.store.entries import CurrentVersion, ItemKey, NewVersion
from pake_pipelines.store.fetches import NewFetch
from pake_pipelines.store.sources import Progress, SourceState

# rows of one transaction stay in the hundreds: long enough to share its cost, short enough for everybody waiting
_BODIES: Final = 32
# a feed holds some dozens of items; those it dropped last are the ones that may go on under another identifier
_RECENT: Final = 100


@dataclass(frozen=True, slots=True)
class Delivery:
    """One parsed body on its way in.

    `body` is its raw fetch, or `fetch_id` where the archive holds it already. At most `room` items are stored; with
    `backlog` the rest is taken from the archive next time. `progress` says whether and what its reader remembers,
    `window` for which look back. `renames` lets unknown identifiers continue known items; `dated` puts entries into
    the day they are dated by; `clears` takes back earlier dead letters of the body.
    """

    source: str
    day: date
    url: str
    parsed: Parsed
    fetched_at: datetime
    room: int
    parser_version: str
    modified_at: datetime | None = None
    body: NewFetch | None = None
    fetch_id: int | None = None
    cursor: Cursor | None = None
    window: Window | None = None
    remembers: bool = True
    dated: bool = False
    renames: bool = False
    clears: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a delivery; `rows` is by how much the source's entries of the run's day have grown."""

    new: int
    updated: int
    unchanged: int
    left_over: int
    rows: int


class Intake:
    """Takes deliveries of any number of sources at once; each source hands in one at a time."""

    def __init__(self, database: Database, run_id: str, first_day: date) -> None:
        """Store for `run_id`; `first_day` is the first partition."""
        self._database = database
        self._run_id = run_id
        self._first_day = first_day
        self._grouped = Grouped(self._carry_out, _BODIES)

    async def take(self, delivery: Delivery) -> Receipt:
        """Store `delivery` for good; return what became of it."""
        receipt = await self._grouped.put(delivery)
        crash.point(CrashPoint.FETCH_COMMITTED)
        return receipt

    async def close(self) -> None:
        """Take nothing more."""
        await self._grouped.close()

    async def _carry_out(self, deliveries: Sequence[Delivery]) -> Sequence[Receipt]:
        async with self._database.transaction() as connection:
            states = await sources.lock(connection, [one.source for one in deliveries])
            fetch_ids = await self._save_bodies(connection, deliveries)
            known = await self._known(connection, deliveries, states)
            plans = [
                plan_entries(one.parsed.entries, known[one.source], one.fetched_at, one.room) for one in deliveries
            ]
            versions = await self._versions(connection, deliveries, plans, fetch_ids)
            await entries.save_entries(connection, [one for some in versions for one in some], self._run_id)
            await self._request_other_days(connection, deliveries, versions)
            await self._save_letters(connection, deliveries, fetch_ids)
            await self._remember(connection, deliveries, plans, fetch_ids)
            crash.point(CrashPoint.FETCH_WATERMARK_WRITTEN)
        return [_receipt(*one) for one in zip(deliveries, plans, versions, strict=True)]

    async def _save_bodies(self, connection: Connection, deliveries: Sequence[Delivery]) -> list[int | None]:
        saved = iter(await fetches.save_fetches(connection, [one.body for one in deliveries if one.body], self._run_id))
        return [next(saved) if one.body else one.fetch_id for one in deliveries]

    async def _known(
        self, connection: Connection, deliveries: Sequence[Delivery], states: Mapping[str, SourceState]
    ) -> dict[str, dict[str, CurrentVersion]]:
        known: dict[str, dict[str, CurrentVersion]] = {one.source: {} for one in deliveries}
        wanted = [(one.source, entry.key) for one in deliveries for entry in one.parsed.entries]
        for (source, key), version in (await entries.current_versions(connection, wanted)).items():
            known[source][key] = version
        for one in deliveries:
            if one.renames and states[one.source].succeeded_at is not None:
                known[one.source] |= await self._continued(connection, one, known[one.source])
        return known

    async def _continued(
        self, connection: Connection, delivery: Delivery, known: Mapping[str, CurrentVersion]
    ) -> dict[str, CurrentVersion]:
        """Let entries with unknown identifiers go on from items that the document no longer has, where they do."""
        unknown = [entry for entry in delivery.parsed.entries if entry.key not in known]
        if not unknown:
            return {}
        source, keys = delivery.source, [entry.key for entry in delivery.parsed.entries]
        absent = await entries.recent_items(connection, source, keys, _RECENT)
        renames = continued(unknown, [KnownItem.of(replace(entry, key=key)) for key, entry in absent])
        if not renames:
            return {}
        await entries.rename_items(connection, source, renames, self._run_id)
        found = await entries.current_versions(connection, [(source, key) for key in renames])
        return {key: version for (_, key), version in found.items()}

    async def _versions(
        self,
        connection: Connection,
        deliveries: Sequence[Delivery],
        plans: Sequence[EntryPlan],
        fetch_ids: Sequence[int | None],
    ) -> list[list[NewVersion]]:
        identities = await _identities(
            connection,
            [
                (one.source, entry.key)
                for one, plan in zip(deliveries, plans, strict=True)
                for entry, current in plan.save
                if current is None
            ],
        )
        return [
            [self._version(delivery, entry, current, fetch_id, identities) for entry, current in plan.save]
            for delivery, plan, fetch_id in zip(deliveries, plans, fetch_ids, strict=True)
        ]

    def _version(
        self,
        delivery: Delivery,
        entry: Entry,
        current: CurrentVersion | None,
        fetch_id: int | None,
        identities: Mapping[ItemKey, UUID],
    ) -> NewVersion:
        if fetch_id is None:
            raise ValueError(f"{delivery.source}: an entry has no body that it came from")
        dated = (delivery.modified_at or entry.published_at) if delivery.dated else None
        day = partition_of(dated, delivery.day, self._first_day)
        if current:
            return NewVersion(delivery.source, current.pake_id, current.version + 1, day, fetch_id, entry)
        return NewVersion(delivery.source, identities[delivery.source, entry.key], 1, day, fetch_id, entry)

    async def _request_other_days(
        self, connection: Connection, deliveries: Sequence[Delivery], versions: Sequence[Sequence[NewVersion]]
    ) -> None:
        """Ask this run's stages for what belongs to another day than the run's."""
        elsewhere = [
            version.pake_id
            for delivery, some in zip(deliveries, versions, strict=True)
            for version in some
            if version.day != delivery.day
        ]
        if elsewhere:
            await marks.request(connection, await entries.ids_in_force(connection, elsewhere), self._run_id)

    async def _save_letters(
        self, connection: Connection, deliveries: Sequence[Delivery], fetch_ids: Sequence[int | None]
    ) -> None:
        letters = []
        for delivery, fetch_id in zip(deliveries, fetch_ids, strict=True):
            if delivery.clears:
                await dead_letters.clear(connection, delivery.source, delivery.url)
            unparsed = delivery.parsed.unparsed
            letters += [NewLetter(delivery.source, delivery.day, fetch_id, letter) for letter in unparsed]
        await dead_letters.save(connection, letters, self._run_id)

    async def _remember(
        self,
        connection: Connection,
        deliveries: Sequence[Delivery],
        plans: Sequence[EntryPlan],
        fetch_ids: Sequence[int | None],
    ) -> None:
        made = []
        for delivery, plan, fetch_id in zip(deliveries, plans, fetch_ids, strict=True):
            if not delivery.remembers:
                continue
            if delivery.window is None:
                backlog = fetch_id if plan.left_over else None
                made.append(Progress(delivery.source, delivery.parser_version, delivery.cursor, backlog))
            elif delivery.cursor is not None and not plan.left_over:
                days = delivery.window
                await sources.save_window_cursor(
                    connection, delivery.source, days.first, days.last, delivery.cursor, self._run_id
                )
        if made:
            await sources.save_progress(connection, made)


async def _identities(connection: Connection, items: Sequence[ItemKey]) -> dict[ItemKey, UUID]:
    """Return an id for each of the new `items` that no other item has."""
    chosen: dict[ItemKey, UUID] = {}
    left, attempt = list(items), 1
    while left:
        proposed = {item: identity_of(*item, attempt) for item in left}
        taken = await entries.taken_ids(connection, list(proposed.values()))
        chosen |= {item: identity for item, identity in proposed.items() if identity not in taken}
        left = [item for item, identity in proposed.items() if identity in taken]
        attempt += 1
    return chosen


def _receipt(delivery: Delivery, plan: EntryPlan, versions: Sequence[NewVersion]) -> Receipt:
    here = sum(version.day == delivery.day for version in versions)
    gone = sum(current is not None and current.day == delivery.day and not current.archived for _, current in plan.save)
    return Receipt(plan.new, plan.updated, plan.unchanged, plan.left_over, here - gone)
