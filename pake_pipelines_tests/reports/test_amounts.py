"""Amounts are read with their unit; unknown is no nought, and a share says 100 only of all."""

import pytest

from pake_pipelines.health.catalogue import CATALOGUE
from pake_pipelines.reports.amounts import amount, lasting, share


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (34.56, "percent", "34.6 %"),
        (70, "percent", "70 %"),
        (0, "percent", "0 %"),
        (1.24, "ms", "1.2 ms"),
        (193.4, "ms", "193 ms"),
        (12_340, "ms", "12.3 s"),
        (59.5, "s", "59.5 s"),
        (600, "s", "10 min"),
        (9000, "s", "2.5 h"),
        (999, "bytes", "999 bytes"),
        (1_500_000_000, "bytes", "1.5 GB"),
        (-1500, "bytes", "-1.5 kB"),
        (7, "count", "7"),
        (None, "ms", "unknown"),
    ],
    ids=str,
)
def test_an_amount_is_read_in_the_size_that_suits_it(value, unit, said):
    assert amount(value, unit) == said


def test_every_unit_of_the_catalogue_can_be_read():
    for metric in CATALOGUE.values():
        assert amount(1.5, metric.unit)


@pytest.mark.parametrize(
    ("value", "said"),
    [(1, "100 %"), (0.999999, "99.99 %"), (0.9812, "98.12 %"), (0.5, "50 %"), (0.000001, "0.01 %"), (0, "0 %"),
     (None, "unknown")],
    ids=str,
)  # fmt: skip
def test_a_share_says_all_or_nothing_only_of_all_or_nothing(value, said):
    assert share(value) == said


def test_minutes_are_read_as_a_stretch_of_time():
    assert [lasting(one) for one in (0.5, 8, 600, None)] == ["30 s", "8 min", "10 h", "unknown"]
