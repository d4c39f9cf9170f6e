"""Taking in what came of asking links: each answer is judged, stored with its neighbours, and made known to items."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pake_pipelines.config.quality import LinkRules
from pake_pipelines.model.link import LinkAnswer, LinkCheck
from pake_pipelines.pipeline.batches import batches
from pake_pipelines.pipeline.grouping import Grouped
from pake_pipelines.pipeline.link_plan import DueLink, Page
from pake_pipelines.quality.links import judge_link, skip
from pake_pipelines.store import link_checks
from pake_pipelines.store.database import Database

OnTold = Callable[[LinkCheck], None]

# answers that are stored in one transaction; a run that is killed loses at most these
_TOGETHER: Final = 50


@dataclass(slots=True)
class Told:
    """How the addresses stand of which something was told; `first` counts those that were never told of before.

    `changed` counts those that items are judged otherwise by now, `disturbed` these items.
    """

    checks: list[LinkCheck] = field(default_factory=list)
    first: int = 0
    changed: int = 0
    disturbed: int = 0


class LinkIntake:
    """Takes in the answers of one run at `now`; only those about `kept` addresses are stored (None: all)."""

    def __init__(
        self,
        database: Database,
        rules: LinkRules,
        run_id: str,
        now: datetime,
        *,
        kept: Collection[str] | None = None,
        on_told: OnTold | None = None,
    ) -> None:
        """Tell `on_told` of each address."""
        self.told = Told()
        self._database = database
        self._rules = rules
        self._run_id = run_id
        self._now = now
        self._kept = kept
        self._on_told = on_told
        self._saving = Grouped(self._save, _TOGETHER)

    async def answered(self, page: Page, answer: LinkAnswer, online: bool) -> None:
        """Take in the answer of `page`; what it says of a host depends on whether this machine is `online`."""
        for link in page.links:
            check = judge_link(link.url, link.before, answer, self._now, self._rules, online=online)
            await self._saving.put((link, check))

    async def passed_over(self, links: Sequence[tuple[DueLink, str]]) -> None:
        """Take in links that are not asked, with the reasons."""
        for batch in batches(links):
            await self._save([(link, skip(link.url, reason, self._now, self._rules)) for link, reason in batch])

    async def close(self) -> None:
        """Take in nothing more."""
        await self._saving.close()

    async def _save(self, given: Sequence[tuple[DueLink, LinkCheck]]) -> Sequence[None]:
        checks = [check for _, check in given]
        stored = [check for check in checks if self._kept is None or check.url in self._kept]
        async with self._database.transaction() as connection:
            changed = await link_checks.save_checks(connection, stored, self._run_id)
            disturbed = await link_checks.disturb_linking(connection, changed, self._rules.max_per_item)
        self.told.checks += checks
        self.told.first += sum(link.before is None for link, _ in given)
        self.told.changed += len(changed)
        self.told.disturbed += disturbed
        if self._on_told is not None:
            for check in checks:
                self._on_told(check)
        return [None] * len(given)
