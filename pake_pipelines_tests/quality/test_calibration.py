"""A calibration never turns the order round, leaves a true score alone, and mends a distorted one on unseen sources."""

import json
import math
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pake_pipelines.model.calibration import Calibration, Isotonic, Platt, first_reaching
from pake_pipelines.quality.calibration import fit, fit_best, held_out
from pake_pipelines.quality.labelled import Labelled
from pake_pipelines_tests.quality.labels import both_kinds, drawn

METHODS = ["isotonic", "platt"]
_shares = st.floats(0.0, 1.0)
_rising = st.lists(_shares, min_size=1, max_size=8, unique=True).map(sorted)
_isotonic = _rising.flatmap(
    lambda scores: st.lists(_shares, min_size=len(scores), max_size=len(scores)).map(
        lambda values: Isotonic(tuple(scores), tuple(sorted(values)))
    )
)
_platt = st.builds(Platt, slope=st.floats(0.0, 1e3), intercept=st.floats(-1e3, 1e3))
curves = st.one_of(_isotonic, _platt)


def squared(truth: float) -> float:
    """Return a score that says too little of what is good."""
    return truth**2


@given(curves, _shares, _shares)
def test_applying_keeps_the_order_and_stays_within_0_and_1(curve: Isotonic | Platt, one: float, other: float) -> None:
    low, high = (curve.apply(score) for score in sorted((one, other)))
    assert 0.0 <= low <= high <= 1.0


@given(_isotonic)
def test_an_isotonic_curve_goes_through_its_points_and_is_flat_beyond(curve: Isotonic) -> None:
    assert [curve.apply(score) for score in curve.scores] == pytest.approx(curve.values)
    assert curve.apply(0.0) == curve.values[0]
    assert curve.apply(1.0) == curve.values[-1]


@given(st.floats(1e-6, 1.0 - 1e-6))
def test_a_slope_of_one_leaves_scores_as_they_are(score: float) -> None:
    assert Platt(1.0, 0.0).apply(score) == pytest.approx(score)


@given(curves)
def test_what_is_stored_is_what_comes_back(curve: Isotonic | Platt) -> None:
    calibration = Calibration(curve, "rules-1")
    method, parameters = calibration.to_stored()
    back = Calibration.from_stored(method, json.loads(json.dumps(parameters)), "rules-1")
    assert back == calibration
    assert back.version == calibration.version


def test_the_version_is_that_of_the_curve_and_being_outdated_that_of_the_score() -> None:
    one, same, other = (Calibration(Platt(slope, 0.0), rules) for slope, rules in ((1, "a"), (1, "b"), (2, "a")))
    assert one.version == same.version != other.version
    assert not one.is_outdated("a")
    assert one.is_outdated("b")


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("platt", {"slope": -1.0, "intercept": 0.0}),
        ("platt", {"slope": math.inf, "intercept": 0.0}),
        ("platt", {"slope": 1.0}),
        ("isotonic", {"scores": [], "values": []}),
        ("isotonic", {"scores": [0.1, 0.2], "values": [0.5]}),
        ("isotonic", {"scores": [0.2, 0.2], "values": [0.1, 0.5]}),
        ("isotonic", {"scores": [0.1, 0.2], "values": [0.5, 0.4]}),
        ("isotonic", {"scores": [0.1, 0.2], "values": [0.5, 1.1]}),
        ("isotonic", {"scores": None, "values": [0.5]}),
    ],
    ids=["falling", "infinite", "half", "empty", "unequal", "same-score", "fall", "beyond", "none"],
)
def test_what_is_no_calibration_is_refused(method: str, parameters: dict) -> None:
    with pytest.raises(ValueError, match="calibration"):
        Calibration.from_stored(method, parameters, "rules-1")


@given(curves, _shares)
def test_the_first_score_that_reaches_a_threshold_does_and_none_below_it(
    curve: Isotonic | Platt, threshold: float
) -> None:
    calibration = Calibration(curve, "rules-1")
    first = first_reaching(calibration, threshold)
    if math.isinf(first):
        assert calibration.apply(1.0) < threshold
        return
    assert calibration.apply(first) >= threshold
    assert first == 0.0 or calibration.apply(math.nextafter(first, 0.0)) < threshold


def test_without_a_calibration_a_threshold_is_itself() -> None:
    assert first_reaching(None, 0.9) == 0.9


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=40, deadline=None)  # the first call loads the libraries
@given(labels=both_kinds, one=_shares, other=_shares)
def test_a_fitted_curve_never_falls_whatever_the_labels_say(
    method: str, labels: list[Labelled], one: float, other: float
) -> None:
    curve = fit(method, labels)
    low, high = (curve.apply(score) for score in sorted((one, other)))
    assert 0.0 <= low <= high <= 1.0


@pytest.mark.parametrize("method", METHODS)
def test_a_score_that_is_true_already_is_left_nearly_as_it_is(method: str) -> None:
    curve = fit(method, drawn(3000))
    assert max(abs(curve.apply(step / 20) - step / 20) for step in range(1, 20)) < 0.08


@pytest.mark.parametrize("method", METHODS)
def test_a_distorted_score_is_mended(method: str) -> None:
    curve = fit(method, drawn(3000, shown=squared))
    assert max(abs(curve.apply(squared(step / 20)) - step / 20) for step in range(2, 19)) < 0.1


@pytest.mark.parametrize("method", METHODS)
def test_on_sources_not_seen_a_distorted_score_gains(method: str) -> None:
    found = held_out(method, drawn(400, shown=squared), resamples=200)
    assert found.labels == 400
    assert found.brier_after < found.brier_before
    assert found.gain.low > 0.0
    assert found.calibration_error_after.value < found.calibration_error_before.value / 2


@pytest.mark.parametrize("method", METHODS)
def test_a_score_that_points_the_wrong_way_becomes_the_base_rate_at_most(method: str) -> None:
    curve = fit(method, drawn(500, shown=lambda truth: 1.0 - truth))
    assert curve.apply(0.9) - curve.apply(0.1) < 0.1


@pytest.mark.parametrize("method", METHODS)
def test_seven_good_labels_out_of_seven_promise_no_certainty(method: str) -> None:
    labels = [Labelled(0.1, good=False)] * 7 + [Labelled(0.9, good=True)] * 7
    curve = fit(method, labels)
    assert curve.apply(0.9) <= 8 / 9 + 0.01
    assert curve.apply(0.1) >= 1 / 9 - 0.01


@pytest.mark.parametrize("method", METHODS)
def test_weights_count(method: str) -> None:
    labels = drawn(600)
    rarer = [replace(one, weight=4.0 if not one.good else 1.0) for one in labels]
    assert fit(method, rarer).apply(0.5) == pytest.approx(0.2, abs=0.08)


@pytest.mark.parametrize("method", METHODS)
def test_no_source_is_in_fit_and_check(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from pake_pipelines.quality import calibration

    labels, seen = drawn(200, sources=6), []

    def remembered(method: str, known: list[Labelled]) -> Isotonic | Platt:
        seen.append({one.source for one in known})
        return fit(method, known)

    monkeypatch.setattr(calibration, "fit", remembered)
    assert calibration.held_out(method, labels, resamples=20).labels == 200
    # each source is missing from exactly one fit, the one that it was checked by
    assert sorted(source for known in seen for source in {one.source for one in labels} - known) == sorted(
        {one.source for one in labels}
    )


@pytest.mark.parametrize(("number", "methods"), [(120, {"platt"}), (400, {"platt", "isotonic"})], ids=["few", "many"])
def test_auto_takes_platt_of_few_labels_and_what_does_better_of_many(number: int, methods: set[str]) -> None:
    found = fit_best(drawn(number, shown=squared))
    assert found.held_out.keys() == methods
    assert found.held_out[found.method].brier_after == min(one.brier_after for one in found.held_out.values())
    assert (found.refusal, found.objection) == (None, None)


def test_what_rises_in_steps_is_more_than_platt_can_follow() -> None:
    drawing = random.Random(0)
    labels = [
        Labelled(score, drawing.random() < (0.9 if score > 0.7 else 0.5 if score > 0.3 else 0.02), 1.0, f"s{place % 8}")
        for place, score in enumerate(drawing.random() for _ in range(1500))
    ]
    assert fit_best(labels).method == "isotonic"


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        (drawn(49), "49 labels are too few to calibrate by: at least 50 are needed"),
        (
            [replace(one, good=place < 51) for place, one in enumerate(drawn(60))],
            "51 good and 9 bad labels: at least 10 of each kind are needed",
        ),
    ],
    ids=["few", "one-sided"],
)
def test_too_few_labels_are_refused(labels: list[Labelled], why: str) -> None:
    found = fit_best(labels)
    assert found.refusal == why
    assert found.curve is None


def test_labels_of_one_source_cannot_be_checked_which_is_an_objection() -> None:
    found = fit_best(drawn(100, sources=1))
    assert "all labels are from one source" in found.objection
    assert found.curve is not None


def test_a_curve_that_does_worse_on_unseen_sources_is_an_objection() -> None:
    # what the score means differs from source to source, so that no source tells of another
    labels = [replace(one, good=(one.score > 0.5) == (one.source == "source 0")) for one in drawn(120, sources=2)]
    found = fit_best(labels)
    assert "makes the Brier score worse" in found.objection


@pytest.mark.parametrize("choice", METHODS)
def test_a_method_that_is_asked_for_is_taken(choice: str) -> None:
    found = fit_best(drawn(300, shown=squared), choice)
    assert (found.method, found.held_out.keys()) == (choice, {choice})


def test_a_seed_gives_the_same_calibration() -> None:
    assert fit_best(drawn(250), seed=3) == fit_best(drawn(250), seed=3)
