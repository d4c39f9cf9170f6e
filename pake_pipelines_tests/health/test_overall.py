"""Everything together stands as its critical parts do, and what is unknown is never healthy (C-17, C-18)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.model.health import HealthSample, HealthStatus, overall
from pake_pipelines_tests.health.conftest import NOW

S = HealthStatus
ONE_SERVICE = [status for status in S if status is not S.CRITICAL]


def sample(status, critical=False):
    return HealthSample("s", "tcp", critical, status, NOW, None, "")


samples = st.lists(st.builds(sample, st.sampled_from(ONE_SERVICE), st.booleans()), max_size=12)


@pytest.mark.parametrize(
    ("stand", "expected"),
    [
        ([], S.UNKNOWN),
        ([(S.NOT_CONFIGURED, True)], S.UNKNOWN),
        ([(S.HEALTHY, True), (S.NOT_CONFIGURED, True)], S.HEALTHY),
        ([(S.HEALTHY, True), (S.HEALTHY, False)], S.HEALTHY),
        ([(S.HEALTHY, True), (S.UNHEALTHY, False)], S.DEGRADED),
        ([(S.HEALTHY, True), (S.UNKNOWN, False)], S.DEGRADED),
        ([(S.DEGRADED, True), (S.HEALTHY, False)], S.DEGRADED),
        ([(S.UNKNOWN, True), (S.HEALTHY, False)], S.UNKNOWN),
        ([(S.UNKNOWN, True), (S.UNHEALTHY, False)], S.UNKNOWN),
        ([(S.UNHEALTHY, True), (S.HEALTHY, False)], S.CRITICAL),
        ([(S.UNHEALTHY, True), (S.UNKNOWN, True)], S.CRITICAL),
    ],
)
def test_it_goes_by_the_flags(stand, expected):
    assert overall(sample(status, critical) for status, critical in stand) is expected


@given(samples, st.data())
def test_a_critical_one_that_is_unhealthy_always_makes_it_critical(others, data):
    place = data.draw(st.integers(0, len(others)))
    assert overall([*others[:place], sample(S.UNHEALTHY, critical=True), *others[place:]]) is S.CRITICAL


@given(samples, st.booleans())
def test_it_is_never_healthy_while_anything_is_unknown(others, critical):
    assert overall([*others, sample(S.UNKNOWN, critical)]) is not S.HEALTHY


@given(samples)
def test_it_is_healthy_only_when_every_configured_one_is(stand):
    configured = [one for one in stand if one.status is not S.NOT_CONFIGURED]
    assert (overall(stand) is S.HEALTHY) == (bool(configured) and all(one.status is S.HEALTHY for one in configured))


@given(samples)
def test_without_a_critical_one_it_is_never_critical(stand):
    assert overall(one for one in stand if not one.critical) is not S.CRITICAL


@given(st.permutations([(S.HEALTHY, True), (S.UNHEALTHY, False), (S.UNKNOWN, True), (S.NOT_CONFIGURED, True)]))
def test_the_order_does_not_matter(stand):
    assert overall(sample(status, critical) for status, critical in stand) is S.UNKNOWN
