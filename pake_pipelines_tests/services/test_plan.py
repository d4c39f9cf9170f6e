"""What healing decides: who is restarted now, who waits and for what, who is given up."""

from datetime import timedelta

import pytest
from pydantic import TypeAdapter

from pake_pipelines.config.services import AnyService
from pake_pipelines.model.restart import Restart, RestartState, Surrender
from pake_pipelines.services.plan import GiveUp, Heal, Wait, WaitReason, ancestors, plan_healing
from pake_pipelines.services.standing import Standing
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.services.place import sample

SERVICES = TypeAdapter(dict[str, AnyService])


def services(**parents):
    """Return healable services: their names and what they depend on."""
    return SERVICES.validate_python(
        {name: {"kind": "tcp", "port": 1, "start": ["x"], "depends_on": above} for name, above in parents.items()}
    )


def ago(seconds):
    return NOW - timedelta(seconds=seconds)


def attempt(seconds_ago, *, number=1, state="failed", lasted=0, by_hand=False, name="a", detail=""):
    begun = ago(seconds_ago)
    ended = None if state in {"begun", "started"} else begun + timedelta(seconds=lasted)
    return Restart(
        1000 - int(seconds_ago),
        name,
        "down",
        number,
        RestartState(state),
        begun,
        ended,
        detail,
        "healing",
        by_hand,
        None,
    )


def standing(statuses, *attempts, surrender=None, name="a", every=30, age=0):
    """Return a standing whose samples say `statuses`, newest first: h(ealthy), d(egraded), u(nhealthy), ? or n."""
    words = {"h": "healthy", "d": "degraded", "u": "unhealthy", "?": "unknown", "n": "not_configured"}
    samples = [sample(name, words[one], ago(age + every * number)) for number, one in enumerate(statuses)]
    return Standing(tuple(samples), attempts, surrender)


def alone(*args, **options):
    """Return what is decided about a lone service of that standing."""
    return plan_healing(services(a=[]), {"a": standing(*args, **options)}, NOW).of("a")


def wait(found):
    assert isinstance(found, Wait), found
    return found.reason


def test_a_service_that_is_down_twice_in_a_row_is_healed_and_one_blip_is_not():
    assert isinstance(alone("uu"), Heal)
    assert wait(alone("u")) is WaitReason.ONCE
    assert wait(alone("uhu")) is WaitReason.ONCE


@pytest.mark.parametrize("statuses", ["hu", "d", "?uuu", "n", ""])
def test_what_serves_or_of_which_nothing_is_known_is_not_healed(statuses):
    assert alone(statuses) is None


def test_a_sample_that_is_old_tells_nothing_about_now():
    assert alone("uu", age=601) is None


def test_what_has_no_command_is_only_watched():
    watched = SERVICES.validate_python(
        {
            "a": {"kind": "tcp", "port": 1},
            "b": {"kind": "tcp", "port": 1, "start": ["x"], "restarts": {"enabled": False}},
        }
    )
    plan = plan_healing(watched, {"a": standing("uuu"), "b": standing("uuu", name="b")}, NOW)
    assert (plan.heal, plan.waits, plan.gives_up) == ((), (), ())


def test_parents_come_before_their_children_however_they_are_written():
    chain = services(c=["b"], b=["a"], a=[])
    plan = plan_healing(chain, {name: standing("uu", name=name) for name in chain}, NOW)
    assert plan.names == ("a", "b", "c")
    assert [one.after for one in plan.heal] == [(), ("a",), ("a", "b")]


def test_a_child_waits_for_a_parent_that_nobody_can_start():
    pair = SERVICES.validate_python(
        {"a": {"kind": "tcp", "port": 1}, "b": {"kind": "tcp", "port": 1, "start": ["x"], "depends_on": ["a"]}}
    )
    found = plan_healing(pair, {"a": standing("uu"), "b": standing("uu", name="b")}, NOW).of("b")
    assert wait(found) is WaitReason.PARENT
    assert "a is down" in found.detail


def test_a_child_is_not_healed_under_a_grandparent_that_is_down_while_the_parent_still_answers():
    chain = services(a=[], b=["a"], c=["b"])
    known = {"a": standing("u"), "b": standing("hh", name="b"), "c": standing("uu", name="c")}
    assert wait(plan_healing(chain, known, NOW).of("c")) is WaitReason.PARENT


def test_a_child_is_not_healed_under_a_parent_of_which_nothing_is_known():
    pair = services(a=[], b=["a"])
    for above in ({}, {"a": standing("?")}, {"a": standing("h", age=700)}):
        found = plan_healing(pair, {**above, "b": standing("uu", name="b")}, NOW).of("b")
        assert wait(found) is WaitReason.PARENT
        assert found.detail == "nothing is known of a"


@pytest.mark.parametrize("status", ["d", "n"])
def test_a_parent_that_is_slow_or_not_set_up_does_not_hold_its_children_back(status):
    pair = services(a=[], b=["a"])
    assert isinstance(plan_healing(pair, {"a": standing(status), "b": standing("uu", name="b")}, NOW).of("b"), Heal)


def test_the_back_off_doubles_with_every_attempt_in_a_row_up_to_its_end():
    waits = []
    for number in range(1, 9):
        service = services(a=[])
        service["a"] = service["a"].model_copy(
            update={"restarts": service["a"].restarts.model_copy(update={"max_per_hour": 99})}
        )
        found = plan_healing(service, {"a": standing("uuuu", attempt(1, number=number))}, NOW).of("a")
        assert wait(found) is WaitReason.BACK_OFF
        waits.append((found.until - ago(1)).total_seconds())
    assert waits == [10, 20, 40, 80, 160, 300, 300, 300]


def test_after_the_back_off_the_next_attempt_has_the_next_number():
    found = alone("uuuu", attempt(21, number=2), attempt(60, number=1))
    assert found.attempt == 3


def test_an_attempt_that_was_settled_by_health_begins_the_count_anew():
    settled = "uu" + "h" * 21 + "u"
    assert alone(settled, attempt(800, number=2, state="verified")).attempt == 1
    assert alone("uu" + "h" * 20 + "?h", attempt(800, number=2, state="verified")).attempt == 3


def test_the_bound_holds_for_the_hour_whatever_came_of_the_attempts():
    three = [attempt(60 * minute, number=1, state=state) for minute, state in
             ((20, "verified"), (40, "interrupted"), (59, "failed"))]  # fmt: skip
    assert isinstance(alone("uu" + "h" * 30, *three), GiveUp)
    older = [*three[:2], attempt(60 * 60 + 1)]
    assert isinstance(alone("uu" + "h" * 30, *older), Heal)


def test_attempts_by_hand_neither_count_nor_wait():
    by_hand = [attempt(60 * minute, state="failed", by_hand=True) for minute in (2, 3, 4, 5)]
    assert alone("uuuu", *by_hand).attempt == 1


def test_what_was_given_up_says_what_the_last_attempt_met():
    three = [attempt(60 * minute, detail=f"port taken {minute}") for minute in (5, 10, 20)]
    assert "port taken 5" in alone("uu", *three).detail


def test_what_was_given_up_stays_so_after_the_hour_until_it_serves():
    left = Surrender("a", ago(7200), "3 attempts", False)
    assert wait(alone("uu", surrender=left)) is WaitReason.LEFT_ALONE
    plan = plan_healing(services(a=[]), {"a": standing("hu", surrender=left)}, NOW)
    assert plan.over == ("a",)


def test_a_surrender_ends_with_the_service():
    left = Surrender("gone", ago(60), "3 attempts", False)
    assert plan_healing(services(a=[]), {"gone": Standing((), (), left)}, NOW).over == ("gone",)


def test_what_served_before_it_was_given_up_does_not_end_the_surrender():
    left = Surrender("a", ago(10), "stopped", True)
    plan = plan_healing(services(a=[]), {"a": standing("h", age=30, surrender=left)}, NOW)
    assert plan.over == ()


def test_what_was_stopped_by_hand_is_left_alone():
    left = Surrender("a", ago(60), "stopped by ann", True)
    assert wait(alone("uuu", surrender=left)) is WaitReason.STOPPED


def test_an_attempt_under_way_is_not_disturbed():
    assert wait(alone("uuu", attempt(50, state="started"))) is WaitReason.UNDER_WAY


def test_a_start_has_its_grace_and_an_attempt_that_failed_has_had_it():
    interrupted = alone("uuuu", attempt(25, state="interrupted"))
    assert wait(interrupted) is WaitReason.GRACE
    assert interrupted.until == ago(25) + timedelta(seconds=30)
    assert isinstance(alone("uuuu", attempt(25, state="failed")), Heal)


def test_what_was_down_before_an_attempt_that_worked_does_not_count_after_it():
    assert wait(alone("uuu", attempt(45, state="verified"), every=50)) is WaitReason.ONCE


def parent_came_back(seconds_ago, child_tried_ago):
    pair = services(a=[], b=["a"])
    up = int(seconds_ago // 30) + 1
    known = {
        "a": standing("h" * up + "uuu"),
        "b": standing("u" * 20, attempt(child_tried_ago, number=6, name="b"), name="b"),
    }
    return plan_healing(pair, known, NOW).of("b")


def test_a_child_is_retried_at_once_when_its_parent_has_come_back_since():
    assert isinstance(parent_came_back(30, 100), Heal)


def test_a_child_that_was_tried_after_its_parent_came_back_sits_out_its_back_off():
    assert wait(parent_came_back(60, 20)) is WaitReason.BACK_OFF


def test_a_parent_that_was_restarted_came_back_when_that_was_verified():
    pair = services(a=[], b=["a"])
    known = {
        "a": standing("huu", attempt(25, state="verified", lasted=2)),
        "b": standing("uuuu", attempt(20, name="b"), name="b"),
    }
    found = plan_healing(pair, known | {"b": standing("uuuu", attempt(20, number=5, name="b"), name="b")}, NOW).of("b")
    assert wait(found) is WaitReason.BACK_OFF
    assert isinstance(plan_healing(pair, known, NOW).of("b"), Heal), "its own back-off of 10 s is over"


def test_late_recovery_stays_within_the_bound():
    pair = services(a=[], b=["a"])
    tried = [attempt(60 * minute, number=1, name="b") for minute in (5, 6, 7)]
    known = {"a": standing("huuu"), "b": standing("uuuu", *tried, name="b")}
    assert isinstance(plan_healing(pair, known, NOW).of("b"), GiveUp)


def test_a_child_is_not_given_up_while_its_parent_is_the_fault():
    pair = services(a=[], b=["a"])
    tried = [attempt(60 * minute, name="b") for minute in (5, 6, 7)]
    known = {"a": standing("uuu"), "b": standing("uuuu", *tried, name="b")}
    assert wait(plan_healing(pair, known, NOW).of("b")) is WaitReason.PARENT


def test_a_clock_that_was_set_back_neither_frees_attempts_nor_waits_for_ever():
    ahead = [attempt(-7200 - number, number=1) for number in range(3)]
    assert isinstance(alone("uu", *ahead), GiveUp)
    found = alone("uu", attempt(-7200, number=1))
    assert wait(found) is WaitReason.BACK_OFF
    assert found.until == NOW + timedelta(seconds=10)


def test_the_key_changes_with_every_attempt_and_with_nothing_else():
    first = plan_healing(services(a=[]), {"a": standing("uu")}, NOW)
    again = plan_healing(services(a=[]), {"a": standing("uuu")}, NOW)
    later = plan_healing(services(a=[]), {"a": standing("uuu", attempt(100))}, NOW)
    assert first.key == again.key != later.key


def test_everything_above_is_told_parents_first_and_once():
    diamond = services(d=["b", "c"], b=["a"], c=["a"], a=[])
    assert ancestors(diamond, "d") == ["a", "b", "c"]
