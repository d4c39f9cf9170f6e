"""Calibrating: a curve fitted to people's labels, what it would change, and putting it in force."""

from dataclasses import asdict, dataclass

from pake_pipelines.config.quality import QualityConfig, VerdictRules
from pake_pipelines.model.calibration import Calibration, first_reaching
from pake_pipelines.pipeline.confidence import confidence_version
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.labels import LabelSet, load_labels
from pake_pipelines.quality.calibration import Choice, Fitted, fit_best
from pake_pipelines.store import audit, calibrations
from pake_pipelines.store.database import Connection, Database

_SUBJECT = "calibrations"


@dataclass(frozen=True, slots=True)
class Moved:
    """How many stored items lie on one step of the verdict's ladder now, and on another when calibrated."""

    before: str
    after: str
    items: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """What calibrating would do. `calibration` is None where it is refused; `moved` leaves out who stays."""

    given: LabelSet
    fitted: Fitted
    calibration: Calibration | None
    items: int
    moved: tuple[Moved, ...]


def score_version(rules: QualityConfig) -> str:
    """Return the version of the uncalibrated decision score under `rules`."""
    return confidence_version(rules, None)


async def propose(kit: Kit, database: Database, choice: Choice, *, seed: int = 0) -> Proposal:
    """Fit a calibration to the stored labels and count what it would move; nothing is stored."""
    async with database.connection() as connection:
        given = await load_labels(connection, None)
        fitted = fit_best(given.labels, choice, seed=seed)
        if fitted.curve is None:
            return Proposal(given, fitted, None, 0, ())
        calibration = Calibration(fitted.curve, score_version(kit.quality))
        items, moved = await _moved(connection, calibration, kit.quality.verdict)
    return Proposal(given, fitted, calibration, items, moved)


async def put_in_force(database: Database, proposal: Proposal, actor: str) -> int:
    """Store the proposed calibration in place of the one in force, and return its number."""
    assert proposal.calibration is not None
    figures = {
        "method": proposal.fitted.method,
        "held_out": {method: asdict(one) for method, one in (proposal.fitted.held_out or {}).items()},
        "overruled": proposal.fitted.objection,
    }
    async with database.transaction() as connection:
        number = await calibrations.save(
            connection, proposal.calibration, figures=figures, labels=len(proposal.given.labels), actor=actor
        )
        details = {"calibration_id": number, "version": proposal.calibration.version, **figures}
        await audit.record(connection, actor=actor, action="calibrations.fit", subject=_SUBJECT, details=details)
    return number


async def retire(database: Database, actor: str) -> int | None:
    """Take the calibration in force out of it; return its number, None if there was none."""
    async with database.transaction() as connection:
        number = await calibrations.retire(connection)
        if number is not None:
            details = {"calibration_id": number}
            await audit.record(connection, actor=actor, action="calibrations.retire", subject=_SUBJECT, details=details)
    return number


async def _moved(
    connection: Connection, calibration: Calibration, rules: VerdictRules
) -> tuple[int, tuple[Moved, ...]]:
    """Return how many items have a score, and how many of them change their step of the ladder (C-04)."""
    names = ("rejected", "archived", "flagged as low", "pending", "verified")
    ladder = (rules.auto_reject, rules.auto_archive, rules.low_confidence_flag, rules.auto_verify)
    held = await calibrations.in_force(connection)
    before, after = ([first_reaching(curve, threshold) for threshold in ladder] for curve in (held, calibration))
    counts = await calibrations.count_steps(connection, before, after)
    moved = [Moved(names[old], names[new], items) for (old, new), items in counts.items() if old != new]
    return sum(counts.values()), tuple(sorted(moved, key=lambda one: -one.items))
