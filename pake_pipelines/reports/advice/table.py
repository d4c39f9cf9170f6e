"""The table of all recommendations, and what of it applies now."""

from collections.abc import Collection
from typing import Final

from pake_pipelines.reports.advice.ahead import AHEAD
from pake_pipelines.reports.advice.merging import merged, of_alerts
from pake_pipelines.reports.advice.quality import QUALITY
from pake_pipelines.reports.advice.rule import Rule
from pake_pipelines.reports.advice.situation import Situation
from pake_pipelines.reports.advice.upkeep import UPKEEP
from pake_pipelines.reports.advice.watching import WATCHING
from pake_pipelines.reports.document import Recommendation, Tone

RULES: Final[tuple[Rule, ...]] = (*WATCHING, *UPKEEP, *AHEAD, *QUALITY)
ALERTS: Final = "alerts"
"""Instead of a code: what the rules of firing alerts recommend."""

_GRAVITY: Final = (Tone.BAD, Tone.WARN, Tone.NOTICE)


def advise(situation: Situation, codes: Collection[str] | None = None) -> tuple[Recommendation, ...]:
    """Return what applies, the gravest first and else in the order of the table.

    With `codes` only the rules that stand for one of these requirements speak, and firing alerts with `ALERTS` among
    them.
    """
    rules = [rule for rule in RULES if codes is None or rule.code in codes]
    table = [said for rule in rules if (said := rule.recommend(situation)) is not None]
    heard = situation.alerts is not None and (codes is None or ALERTS in codes)
    alerts = of_alerts(situation.alerts.active, situation.places) if heard and situation.alerts else []
    return tuple(sorted(merged(table, alerts), key=lambda one: _GRAVITY.index(one.tone)))
