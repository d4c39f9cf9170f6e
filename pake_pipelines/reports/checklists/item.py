"""What a checklist is made of: its items, each with how it is judged, what to do, and where that is described."""

from dataclasses import dataclass

from pake_pipelines.reports.checklists.judged import Judged, together
from pake_pipelines.reports.checklists.seen import Seen
from pake_pipelines.reports.checklists.tasks import Judge


@dataclass(frozen=True, slots=True)
class ListItem:
    """An item: what it asks, how that is judged (None: by a person), what to do, and where that is described."""

    key: str
    says: str
    todo: str
    judge: Judge | None = None
    runbook: str | None = None
    asset: str | None = None


@dataclass(frozen=True, slots=True)
class CheckList:
    """A checklist: its rhythm is one of `RHYTHMS`, and says how long a person's tick holds."""

    name: str
    title: str
    rhythm: str
    items: tuple[ListItem, ...]


def both(*judges: Judge) -> Judge:
    """Return an item that is as good as the worst of several."""

    def judge(seen: Seen) -> Judged:
        return together(one(seen) for one in judges)

    return judge
