"""The gate (QA-35): when too many of a day's items break a rule, the rules or a source broke, not the items."""

from dataclasses import dataclass

from pake_pipelines.config.quality import GateRules


@dataclass(frozen=True, slots=True)
class DayTally:
    """How many items of a day were judged, and how many of them break at least one rule."""

    judged: int
    failing: int

    @property
    def share(self) -> float:
        """The share of the judged items that break a rule, in [0, 1]; 0 without any."""
        return self.failing / self.judged if self.judged else 0.0


def is_closed(tally: DayTally, rules: GateRules) -> bool:
    """Tell whether a day's verdicts are withheld. Warnings and open questions do not count, nor do low scores."""
    return tally.judged >= rules.min_items and tally.share > rules.max_failing_share
