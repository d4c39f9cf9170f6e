"""At most one calibration is in force, and the others are kept."""

import math

from pake_pipelines.model.calibration import Calibration, Isotonic, Platt
from pake_pipelines.store import calibrations
from pake_pipelines_tests.store.test_labels import score

STEEP = Calibration(Platt(2.0, -0.5), "rules-1")
STEPS = Calibration(Isotonic((0.1, 0.4, 0.9), (0.05, 0.5, 0.95)), "rules-2")


async def save(database, calibration, **options):
    async with database.transaction() as connection:
        return await calibrations.save(
            connection, calibration, figures={"brier": 0.2}, labels=80, actor="anna", **options
        )


async def in_force(database):
    async with database.connection() as connection:
        return await calibrations.in_force(connection)


async def test_none_is_in_force_at_first(database):
    assert await in_force(database) is None


async def test_what_is_saved_is_in_force_as_it_was_and_takes_the_place_of_the_one_before(database):
    for calibration in (STEEP, STEPS):
        await save(database, calibration)
        assert await in_force(database) == calibration
    async with database.connection() as connection:
        newest, oldest = await calibrations.listed(connection)
    assert (newest.calibration, newest.in_force) == (STEPS, True)
    assert (oldest.calibration, oldest.in_force) == (STEEP, False)
    assert (oldest.figures, oldest.labels, oldest.actor) == ({"brier": 0.2}, 80, "anna")


async def test_one_that_is_only_kept_changes_nothing(database):
    await save(database, STEEP)
    await save(database, STEPS, in_force=False)
    assert await in_force(database) == STEEP


async def test_retiring_leaves_none_in_force_and_says_which_it_was(database):
    number = await save(database, STEEP)
    async with database.transaction() as connection:
        assert await calibrations.retire(connection) == number
        assert await calibrations.retire(connection) is None
    assert await in_force(database) is None


async def test_items_are_counted_by_the_thresholds_that_they_reach(shelf, database):
    await shelf.put("abcde")
    await shelf.write({key: f"text {key}" for key in "abcde"})
    await shelf.write({"e": "text e"}, dropped="too_short")
    await score(shelf, database, a=0.05, b=0.1, c=0.5, d=0.95, e=0.95)
    async with database.connection() as connection:
        counts = await calibrations.count_steps(connection, [0.1, 0.9], [0.0, 0.5])
        nobody = await calibrations.count_steps(connection, [0.1, 0.9], [math.inf, math.inf])
    assert counts == {(0, 1): 1, (1, 1): 1, (1, 2): 1, (2, 2): 1}
    assert nobody == {(0, 0): 1, (1, 0): 2, (2, 0): 1}
