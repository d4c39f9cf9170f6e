"""Labels of people: drawing the items to label, keeping each answer at once, and making them ready to be measured."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pake_pipelines.model.calibration import Calibration
from pake_pipelines.quality.labelled import Labelled, agreed
from pake_pipelines.quality.sampling import Drawn, stratified_sample
from pake_pipelines.store import audit, labels
from pake_pipelines.store.database import Connection, Database
from pake_pipelines.store.labels import NewLabel, Shown, StoredLabel

_SUBJECT = "quality_labels"


@dataclass(frozen=True, slots=True)
class LabelSet:
    """What can be measured by, and how many labels or items cannot, by reason.

    `superseded` labels are of versions since replaced, `unscored` ones of items without a score; on `disagreed` items
    as many people said good as bad. `actors` labelled what is left; `newest` is when the last of all labels was given.
    """

    labels: list[Labelled]
    superseded: int
    unscored: int
    disagreed: int
    actors: tuple[str, ...]
    newest: datetime | None


async def load_labels(connection: Connection, calibration: Calibration | None) -> LabelSet:
    """Return the stored labels with the scores of now, as `calibration` maps them; None leaves them as they are."""
    given = await labels.stored(connection)
    usable = [one for one in given if not one.superseded and one.decision_score is not None]
    found, disagreed = agreed((one.entry_id, _labelled(one, calibration)) for one in usable)
    superseded = sum(one.superseded for one in given)
    return LabelSet(
        labels=found,
        superseded=superseded,
        unscored=len(given) - len(usable) - superseded,
        disagreed=disagreed,
        actors=tuple(sorted({one.actor for one in usable})),
        newest=max((one.created_at for one in given), default=None),
    )


def _labelled(one: StoredLabel, calibration: Calibration | None) -> Labelled:
    assert one.decision_score is not None
    score = one.decision_score if calibration is None else calibration.apply(one.decision_score)
    return Labelled(score, one.good, one.weight, one.source, one.published_at, one.authority, one.characters)


async def draw(database: Database, actor: str, size: int | None, seed: int) -> list[Drawn]:
    """Return the items that `actor` is to label: a stratified sample of `size`, or all when that is None."""
    async with database.connection() as connection:
        scores = await labels.unlabelled(connection, actor)
    return stratified_sample(scores, size or len(scores), seed) if scores else []


@dataclass(slots=True)
class Session:
    """One sitting of a person. Every answer is stored at once, with the audit's count of them."""

    database: Database
    actor: str
    seed: int
    answers: dict[int, bool] = field(default_factory=dict)
    _event_id: int | None = None

    async def item(self, drawn: Drawn) -> Shown | None:
        """Return what the person is to see, None when the item is gone by now."""
        async with self.database.connection() as connection:
            return await labels.shown(connection, drawn.entry_id)

    async def answer(self, drawn: Drawn, *, good: bool) -> None:
        """Store the person's word on an item."""
        async with self.database.transaction() as connection:
            await labels.save(connection, self.actor, [NewLabel(drawn.entry_id, good, drawn.weight)])
            await self._audit(connection, {**self.answers, drawn.entry_id: good})
        self.answers[drawn.entry_id] = good

    async def take_back(self, drawn: Drawn) -> None:
        """Remove an answer of this sitting, if the item has one."""
        if drawn.entry_id not in self.answers:
            return
        left = {entry_id: good for entry_id, good in self.answers.items() if entry_id != drawn.entry_id}
        async with self.database.transaction() as connection:
            await labels.take_back(connection, self.actor, drawn.entry_id)
            await self._audit(connection, left)
        self.answers = left

    async def _audit(self, connection: Connection, answers: dict[int, bool]) -> None:
        good = sum(answers.values())
        details = {"good": good, "bad": len(answers) - good, "seed": self.seed}
        if self._event_id is None:
            self._event_id = await audit.record(
                connection, actor=self.actor, action="labels.session", subject=_SUBJECT, details=details
            )
        else:
            await audit.add_details(connection, self._event_id, details)


async def import_labels(database: Database, actor: str, given: Sequence[NewLabel]) -> None:
    """Store labels that were made elsewhere, all or none."""
    good = sum(one.good for one in given)
    async with database.transaction() as connection:
        await labels.save(connection, actor, given)
        details = {"good": good, "bad": len(given) - good}
        await audit.record(connection, actor=actor, action="labels.import", subject=_SUBJECT, details=details)
