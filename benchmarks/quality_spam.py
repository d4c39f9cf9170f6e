"""Quality of the spam score on the collection written for it, beside the formula of the guide on the same texts.

    python -m benchmarks.quality_spam

Spam is what scores above `spam.max_score`; every figure is of the untouched half of the collection unless its name says
otherwise (benchmarks/spam_collection/README.md). Three quarters of its ham were written to be mistaken for spam: the
rate of false alarms there is an upper bound, and that of the ordinary ham stands beside it.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from benchmarks.spam_collection import Example, half, load
from pake_pipelines.config.loading import load_quality
from pake_pipelines.config.quality import SpamRules
from pake_pipelines.text.spam import score_spam

GUIDE_KEYWORDS: Final = ("spam", "advertisement", "promotion", "click here", "buy now", "limited offer")
"""QA-07: the share of these that occur anywhere in the text is the score of the guide's own code (D-18)."""

GUIDE_MAX_SCORE: Final = 0.3
_RESAMPLES: Final = 2000
_INTERVAL: Final = (2.5, 97.5)  # per cent


class Outcome(NamedTuple):
    """What a rule said of each example, beside what it is."""

    examples: Sequence[Example]
    flagged: Sequence[bool]

    def count(self, label: Literal["spam", "ham"], flagged: bool, hard: bool | None = None) -> int:
        """How many examples of a label were flagged or not; `hard` restricts them."""
        return sum(
            example.label == label and one == flagged and hard in (None, example.is_hard)
            for example, one in zip(self.examples, self.flagged, strict=True)
        )

    @property
    def precision(self) -> float:
        """The share of spam in what was flagged; 1 where nothing was."""
        right, wrong = self.count("spam", True), self.count("ham", True)
        return right / (right + wrong) if right + wrong else 1.0

    @property
    def recall(self) -> float:
        """The share of the spam that was flagged."""
        return self.count("spam", True) / (self.count("spam", True) + self.count("spam", False))

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        right = self.count("spam", True)
        return 2 * right / (2 * right + self.count("ham", True) + self.count("spam", False))

    def false_alarms(self, hard: bool) -> float:
        """The share of the hard, or of the ordinary ham that was flagged."""
        return self.count("ham", True, hard) / (self.count("ham", True, hard) + self.count("ham", False, hard))

    def missed(self) -> dict[str, int]:
        """How many texts of each kind of spam were not flagged."""
        return self._kinds("spam", False)

    def false_alarm_kinds(self) -> dict[str, int]:
        """How many texts of each kind of ham were flagged."""
        return self._kinds("ham", True)

    def shown(self) -> dict[str, Any]:
        """Every figure, for a report."""
        return {
            "f1": self.f1,
            "precision": self.precision,
            "recall": self.recall,
            "false_alarms_hard": self.false_alarms(hard=True),
            "false_alarms_ordinary": self.false_alarms(hard=False),
            "missed": self.missed(),
            "false_alarms": self.false_alarm_kinds(),
        }

    def _kinds(self, label: str, flagged: bool) -> dict[str, int]:
        kinds = Counter(
            example.kind
            for example, one in zip(self.examples, self.flagged, strict=True)
            if example.label == label and one == flagged
        )
        return dict(kinds.most_common())


def guide_score(example: Example) -> float:
    """The guide's own formula: distinct keywords that occur as substrings, by the number of keywords."""
    said = f"{example.title}\n{example.text}".lower()
    return sum(keyword in said for keyword in GUIDE_KEYWORDS) / len(GUIDE_KEYWORDS)


def outcome(examples: Sequence[Example], scored: Callable[[Example], float], limit: float) -> Outcome:
    """What `scored` says of `examples` when everything above `limit` is flagged."""
    return Outcome(examples, [scored(example) > limit for example in examples])


def interval(measured: Outcome, seed: int = 0) -> tuple[float, float]:
    """The 95 % bootstrap interval of F1: the examples drawn again, with replacement, 2000 times."""
    spam = np.array([example.label == "spam" for example in measured.examples])
    flagged = np.array(measured.flagged)
    drawn = np.random.default_rng(seed).integers(0, len(spam), (_RESAMPLES, len(spam)))
    right = (spam & flagged)[drawn].sum(axis=1)
    wrong = (spam ^ flagged)[drawn].sum(axis=1)
    low, high = np.percentile(2 * right / (2 * right + wrong), _INTERVAL)
    return float(low), float(high)


def figures(rules: SpamRules | None = None) -> dict[str, Any]:
    """Every figure of the score by `rules` (the packaged ones), flat, with details in `spam_at_limit` and below."""
    rules = rules or load_quality(Path("no-such-directory")).spam
    halves = {side: [example for example in load() if half(example) == side] for side in ("tuning", "untouched")}
    scores = {
        example.id: score_spam(example.title, example.text, rules, links=example.links).score
        for examples in halves.values()
        for example in examples
    }

    def scored(example: Example) -> float:
        return scores[example.id]

    untouched = halves["untouched"]
    at_limit = outcome(untouched, scored, rules.max_score)
    return {
        "spam_f1": at_limit.f1,
        "spam_f1_interval": interval(at_limit),
        "spam_f1_guide_formula": outcome(untouched, guide_score, GUIDE_MAX_SCORE).f1,
        "spam_precision": at_limit.precision,
        "spam_recall": at_limit.recall,
        "spam_false_alarms_hard": at_limit.false_alarms(hard=True),
        "spam_false_alarms_ordinary": at_limit.false_alarms(hard=False),
        "spam_f1_tuning": outcome(halves["tuning"], scored, rules.max_score).f1,
        "spam_at_limit": at_limit.shown(),
        "spam_at_quarantine": outcome(untouched, scored, rules.max_score * rules.suspicious_share).shown(),
    }


if __name__ == "__main__":
    print(json.dumps(figures(), indent=2))
