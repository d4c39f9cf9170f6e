"""The registry of checklists and their items (DOC-01..03, DOC-10..13)."""

from collections.abc import Mapping
from typing import Final

from pake_pipelines.reports.checklists.daily import DAILY
from pake_pipelines.reports.checklists.item import CheckList
from pake_pipelines.reports.checklists.monthly import MONTHLY
from pake_pipelines.reports.checklists.weekly import WEEKLY
from pake_pipelines.reports.checklists.yearly import YEARLY

CHECKLISTS: Final[Mapping[str, CheckList]] = {one.name: one for one in (DAILY, WEEKLY, MONTHLY, YEARLY)}
