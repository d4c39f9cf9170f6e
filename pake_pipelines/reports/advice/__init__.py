"""Recommendations: one table of rules over one picture of how everything stands (QA-27..30, MON-09..12, ANA-04..14).

Other reports say `advise(await look(desk), codes)`, and may share what `look` returned.
"""

from pake_pipelines.reports.advice.bounds import Bounds, bounds_of, monitoring_bounds
from pake_pipelines.reports.advice.looking import look
from pake_pipelines.reports.advice.rule import Rule
from pake_pipelines.reports.advice.situation import Situation
from pake_pipelines.reports.advice.table import ALERTS, RULES, advise

__all__ = ["ALERTS", "RULES", "Bounds", "Rule", "Situation", "advise", "bounds_of", "look", "monitoring_bounds"]
