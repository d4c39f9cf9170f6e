"""Change: what makes a judgement differ from the one before, in words for the history of an item's confidence."""

from collections.abc import Iterator, Mapping, Sequence

from pake_pipelines.model.judgement import Confidence, Factor, RuleOutcome

FIRST = "first judgement"


def changes(
    old_outcomes: Sequence[RuleOutcome], old: Confidence, outcomes: Sequence[RuleOutcome], confidence: Confidence
) -> tuple[str, ...]:
    """Return what is different: factors and rules with what they were and are, weights, the calibration.

    Empty where nothing that counts differs.
    """
    return (*_factors(old, confidence), *_rules(old_outcomes, outcomes))


def _factors(old: Confidence, new: Confidence) -> Iterator[str]:
    before: Mapping[str, Factor] = {factor.name: factor for factor in old.factors}
    for factor in new.factors:
        was = before.get(factor.name)
        if was is None or was.value != factor.value:
            yield f"{factor.name} {_value(was)} to {_value(factor)}: {factor.reason}"
        elif was.weight != factor.weight:
            yield f"weight of {factor.name} {was.weight:g} to {factor.weight:g}"
    if (old.probability is None) != (new.probability is None):
        yield "calibration put in force" if old.probability is None else "calibration withdrawn"
    elif old.probability is not None and new.probability is not None and abs(old.probability - new.probability) > 1e-6:
        yield f"calibrated probability {old.probability:.3f} to {new.probability:.3f}"


def _rules(old: Sequence[RuleOutcome], new: Sequence[RuleOutcome]) -> Iterator[str]:
    before = {outcome.code: outcome for outcome in old}
    for outcome in new:
        was = before.get(outcome.code)
        if was is None or was.status is not outcome.status:
            yield f"{outcome.code} {was.status.value if was else 'new'} to {outcome.status.value}: {outcome.message}"


def _value(factor: Factor | None) -> str:
    return "unknown" if factor is None or factor.value is None else f"{factor.value:.2f}"
