"""The gate closes when so many items break rules that it cannot be the items."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.config.quality import GateRules
from pake_pipelines.quality.gate import DayTally, is_closed

RULES = GateRules(max_failing_share=0.8, min_items=20)


@pytest.mark.parametrize(
    ("judged", "failing", "closed"),
    [(0, 0, False), (19, 19, False), (20, 16, False), (20, 17, True), (100, 80, False), (100, 81, True)],
)
def test_the_gate_closes_beyond_the_share_and_from_the_least_number_on(judged, failing, closed):
    assert is_closed(DayTally(judged, failing), RULES) is closed


@given(st.integers(0, 10_000), st.data())
def test_another_failing_item_never_opens_the_gate_and_another_sound_one_never_closes_it(judged, data):
    failing = data.draw(st.integers(0, judged))
    now = is_closed(DayTally(judged, failing), RULES)
    if now and judged >= RULES.min_items:
        assert is_closed(DayTally(judged + 1, failing + 1), RULES)
    if not now and judged >= RULES.min_items:
        assert not is_closed(DayTally(judged + 1, failing), RULES)


def test_a_day_without_items_has_no_failing_share():
    assert DayTally(0, 0).share == 0.0
