"""Whatever services do for hours, healing keeps its promises: a life of services is played, tick by tick."""

from datetime import timedelta

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from pake_pipelines.config.services import AnyService
from pake_pipelines.model.health import DOWN, SERVES, HealthStatus
from pake_pipelines.model.restart import Restart, RestartState, Surrender
from pake_pipelines.services.books import plan_with
from pake_pipelines.services.plan import Heal, ancestors, holds_back, plan_healing
from pake_pipelines.services.standing import Standing
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.services.place import sample

SHAPES = (
    {"a": []},
    {"a": [], "b": ["a"], "c": ["b"]},
    {"d": ["b", "c"], "b": ["a"], "c": ["a"], "a": []},
    {"a": [], "b": [], "c": ["a", "b"]},
)
STATUSES = ("healthy", "degraded", "unhealthy", "unhealthy", "unhealthy", "unknown", "not_configured")
ENDS = ("verified", "failed", "failed", "interrupted")
BOUND = 3


class Life:
    """Services that are up or down as fate has it, and a healer that carries out every plan as `heal` does."""

    def __init__(self, shape, fate):
        self.fate = fate
        self.services = TypeAdapter(dict[str, AnyService]).validate_python(
            {name: {"kind": "tcp", "port": 1, "start": ["x"], "depends_on": above} for name, above in shape.items()}
        )
        self.now = NOW
        self.status = dict.fromkeys(shape, "healthy")
        self.samples = {name: [] for name in shape}
        self.attempts = {name: [] for name in shape}
        self.left = {}
        self.made = []

    def standings(self):
        return {
            name: Standing(tuple(self.samples[name]), tuple(self.attempts[name]), self.left.get(name))
            for name in self.services
        }

    def tick(self, moves, seconds):
        self.now += timedelta(seconds=seconds)
        for name, status in zip(self.services, moves, strict=True):
            self.status[name] = status or self.status[name]
            self.samples[name].insert(0, self.look(name))
        plan = plan_healing(self.services, self.standings(), self.now)
        self.in_order(plan)
        for name in plan.over:
            del self.left[name]
        for one in plan.gives_up:
            self.left[one.service] = Surrender(one.service, self.now, one.detail, False)
        for name in plan.names:
            self.heal(name)

    def in_order(self, plan):
        done = set()
        for one in plan.heal:
            assert set(one.after) <= done
            done.add(one.service)

    def look(self, name):
        return sample(name, self.status[name], self.now)

    def heal(self, name):
        """Judge anew and try, as `heal` does with a fresh probe of the service and of all above it."""
        fresh = [self.look(one) for one in (name, *ancestors(self.services, name))]
        decided = plan_with(self.services, self.standings(), fresh, self.now).of(name)
        if not isinstance(decided, Heal) or decided.after:
            return
        self.judge(name)
        end = next(self.fate, "failed")
        begun, self.now = self.now, self.now + timedelta(seconds=5)
        if end == "verified":
            self.status[name] = "healthy"
        number = len(self.made) + 1
        self.attempts[name].insert(
            0, Restart(number, name, "", decided.attempt, RestartState(end), begun, self.now, "", "h", False, None)
        )
        self.made.append((name, begun))

    def judge(self, name):
        """Hold the healer to its promises at the moment in which it is about to act."""
        above = [HealthStatus(self.status[one]) for one in ancestors(self.services, name)]
        assert HealthStatus(self.status[name]) in DOWN
        assert not any(holds_back(one) for one in above)
        assert name not in self.left
        hour = [begun for one, begun in self.made if one == name and begun > self.now - timedelta(hours=1)]
        assert len(hour) < BOUND
        assert all(one.status in DOWN for one in self.samples[name][:2])
        self.waited(name)

    def waited(self, name):
        """Hold that the back-off was sat out, unless something above came back since."""
        if not self.attempts[name]:
            return
        last = self.attempts[name][0]
        wait = min(10 * 2 ** (last.attempt - 1), 300)
        if self.now - last.ended_at >= timedelta(seconds=wait):
            return
        above = ancestors(self.services, name)
        back = any(one.ended_at > last.begun_at for parent in above for one in self.attempts[parent])
        seen = any(
            newer.status in SERVES and newer.at > last.begun_at for parent in above for newer in self.samples[parent]
        )
        assert back or seen


@hypothesis_settings(max_examples=150, deadline=None)
@given(st.data())
def test_never_beyond_the_bound_never_under_a_dead_parent_never_on_the_unknown(data):
    shape = data.draw(st.sampled_from(SHAPES))
    moves = st.lists(
        st.tuples(
            st.tuples(*(st.sampled_from((*STATUSES, None, None, None, None)) for _ in shape)),
            st.sampled_from((5, 30, 30, 30, 120, 400, 1200)),
        ),
        min_size=5,
        max_size=60,
    )
    life = Life(shape, iter(data.draw(st.lists(st.sampled_from(ENDS), max_size=40))))
    for statuses, seconds in data.draw(moves):
        life.tick(statuses, seconds)


def test_a_service_that_never_comes_up_is_tried_three_times_and_then_left_to_people():
    life = Life({"a": []}, iter(()))
    for _ in range(240):
        life.tick(("unhealthy",), 30)
    assert len(life.made) == BOUND
    assert set(life.left) == {"a"}


def test_a_service_that_flaps_for_a_day_is_restarted_at_most_three_times_an_hour():
    life = Life({"a": []}, iter(["verified"] * 500))
    for minute in range(24 * 60):
        life.tick(("unhealthy" if minute % 7 > 2 else None,), 60)
    begun = [at for _, at in life.made]
    assert 3 <= len(begun) <= 72
    assert all(sum(at - timedelta(hours=1) < other <= at for other in begun) <= BOUND for at in begun)
