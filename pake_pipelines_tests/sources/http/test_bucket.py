"""The token bucket: a burst at once, then an even pace, and never more over any stretch of time."""

from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.config.manners import Rate
from pake_pipelines.sources.http.bucket import reserve

RATE = Rate(requests_per_minute=60, burst=10)


def times(rate, arrivals):
    """Return when each of the requests that arrive at `arrivals` may go out."""
    full_at, out = float("-inf"), []
    for now in arrivals:
        wait, full_at = reserve(full_at, rate, now)
        out.append(now + wait)
    return out


def test_a_burst_goes_out_at_once_and_the_rest_one_a_second():
    assert times(RATE, [0.0] * 13) == [0.0] * 10 + [1.0, 2.0, 3.0]


def test_a_rested_bucket_is_full_again_and_no_fuller():
    assert times(RATE, [0.0] * 10 + [1000.0] * 11)[10:] == [1000.0] * 10 + [1001.0]


def test_one_request_in_three_seconds_is_never_exceeded():
    assert times(Rate(requests_per_minute=20, burst=1), [0.0, 0.0, 4.0, 9.0]) == [0.0, 3.0, 6.0, 9.0]


@given(st.lists(st.floats(0, 100), min_size=1, max_size=60), st.integers(1, 5), st.integers(1, 600))
def test_no_stretch_of_time_sees_more_than_the_burst_and_the_rate(gaps, burst, per_minute):
    rate = Rate(requests_per_minute=per_minute, burst=burst)
    out = times(rate, sorted(gaps))
    assert out == sorted(out)
    for first in range(len(out)):
        for last in range(first, len(out)):
            assert last - first + 1 <= burst + (out[last] - out[first]) * per_minute / 60 + 1e-6
