"""One rule of the table: when it speaks, what it says, and what acts on it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from pake_pipelines.reports.advice.situation import Situation
from pake_pipelines.reports.document import Recommendation, Tone

NAMED: Final = 3
"""How many things the evidence names; of the others it gives the number."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A recommendation: `find` returns the evidence where it applies, and None where it does not or is not known.

    `code` is the requirement that it stands for; several rules may stand for one. `when` says in words what `find`
    looks for, `acts` what acts on it. It leads to a runbook or to an asset of Dagster.
    """

    name: str
    code: str
    tone: Tone
    says: str
    when: str
    acts: str
    find: Callable[[Situation], str | None]
    runbook: str | None = None
    asset: str | None = None

    def recommend(self, situation: Situation) -> Recommendation | None:
        """Return the recommendation where the rule applies."""
        evidence = self.find(situation)
        if evidence is None:
            return None
        places = situation.places
        link = places.runbook(self.runbook) if self.runbook else places.asset(self.asset) if self.asset else None
        return Recommendation(self.code, self.tone, self.says, evidence, self.acts, link)


def named(things: Iterable[str]) -> str:
    """Return the first things, and how many more there are."""
    found = list(things)
    more = len(found) - NAMED
    return "; ".join(found[:NAMED]) + (f"; and {more} more" if more > 0 else "")
