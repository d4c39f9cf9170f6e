"""Link checks: the addresses that items link to are asked, politely and within bounds, and what came of it is kept.

Whoever links to an address that stands otherwise than before is judged again. robots.txt is not asked for: one request
in weeks for an address that people are pointed at is no crawling.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from pake_pipelines.config.manners import Http
from pake_pipelines.config.quality import LinkBudget, LinkRules
from pake_pipelines.model.link import LinkAnswer
from pake_pipelines.pipeline.host_gate import HostGate
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.link_intake import LinkIntake, OnTold
from pake_pipelines.pipeline.link_plan import DueLink, LinkPlan, Page
from pake_pipelines.pipeline.link_round import LinkRound
from pake_pipelines.pipeline.run import Run, StageResult, Stopwatch
from pake_pipelines.sources.clock import SYSTEM, Clock
from pake_pipelines.sources.http.client import open_client
from pake_pipelines.sources.http.paced import PacedGate
from pake_pipelines.sources.http.probe import probe
from pake_pipelines.store import levers, link_checks, link_views
from pake_pipelines.store.database import Database

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver

# a claim outlives its run's time by this much, so that what is stored last is still claimed
_CLAIM_REST: Final = timedelta(minutes=1)
_OFF: Final = "links.check_external is off: no link was asked"
_OFFLINE: Final = "this machine seems to be offline: nobody answered, and nobody's silence was taken for an answer"


@dataclass(frozen=True, slots=True)
class WayOut:
    """By which clock requests are paced, and who looks names up (None: the system)."""

    clock: Clock = SYSTEM
    resolver: "AbstractResolver | None" = None


USUAL: Final = WayOut()


@dataclass(frozen=True, slots=True)
class Effort:
    """What a round took, and whether it was given up because the machine is offline."""

    requests: int = 0
    hosts: int = 0
    offline: bool = False


async def check_links(
    kit: Kit, database: Database, run: Run, *, way_out: WayOut = USUAL, on_told: OnTold | None = None
) -> StageResult:
    """Ask what is due among the links of the items of the run's day, or of all items if it is `everywhere`.

    What is not reached within the bounds stays `unknown`, and the next run goes on there.
    """
    watch, rules = Stopwatch(), kit.quality.links
    if not rules.check_external:
        return StageResult(details={"note": _OFF})
    rules = await _in_force(database, rules, run.now)
    budget = rules.per_round if run.everywhere else rules.per_ingestion
    plan = await _plan(database, run, rules, budget)
    wanted, outside = len(plan.links) + len(plan.outside), len(plan.outside)
    intake = LinkIntake(database, rules, run.run_id, run.now, on_told=on_told)
    await intake.passed_over(plan.outside)
    until = run.now + timedelta(seconds=budget.max_seconds) + _CLAIM_REST
    async with database.transaction() as connection:
        plan.keep(await link_checks.claim(connection, plan.links, run.now, until, run.run_id))
    try:
        effort = await _ask(kit, database, plan, intake, budget.max_seconds, way_out)
    finally:
        await intake.close()
        async with database.transaction() as connection:
            await link_checks.release(connection, plan.links, run.now, until)
    async with database.connection() as connection:
        day = await link_views.links_of_day(connection, run.day, rules.max_per_item)
        left = await link_checks.count_due(connection, run.now, rules.max_per_item, _day(run))
    told = intake.told
    return StageResult(
        rows=day.total,
        looked_at=wanted,
        new=told.first,
        updated=told.changed - told.first,
        unchanged=len(told.checks) - told.changed,
        skipped=outside,
        seconds=watch.seconds,
        details={
            "told": dict(Counter(check.state for check in told.checks)),
            "of_day": dict(day.states),
            "requests": effort.requests,
            "hosts": effort.hosts,
            **({} if run.everywhere else {"from_cache": day.told - len(told.checks)}),
            "left_for_later": left,
            "items_to_judge_again": told.disturbed,
            "offline": effort.offline,
            **({"note": _OFFLINE} if effort.offline else {}),
        },
    )


async def ask_links(
    kit: Kit,
    database: Database,
    urls: Sequence[str],
    run: Run,
    *,
    dry_run: bool = False,
    way_out: WayOut = USUAL,
    on_told: OnTold | None = None,
) -> Effort:
    """Ask `urls` now, due or not; what came of those that some item links to is kept, unless `dry_run`."""
    rules, wanted = await _in_force(database, kit.quality.links, run.now), list(dict.fromkeys(urls))
    async with database.connection() as connection:
        known = await link_checks.checks_of(connection, wanted)
        kept = set() if dry_run else await link_checks.linked(connection, wanted, rules.max_per_item)
    plan = LinkPlan(most=len(wanted), most_per_host=len(wanted))
    for url in wanted:
        plan.take(DueLink(url, known.get(url)))
    intake = LinkIntake(database, rules, run.run_id, run.now, kept=kept, on_told=on_told)
    await intake.passed_over(plan.outside)
    try:
        effort = await _ask(kit, database, plan, intake, rules.per_round.max_seconds, way_out)
    finally:
        await intake.close()
    return effort


async def _in_force(database: Database, rules: LinkRules, now: datetime) -> LinkRules:
    """Return `rules` as they are at `now`: a recovery may have what was told believed longer for a while (SVC-29)."""
    async with database.connection() as connection:
        factor = await levers.number(connection, levers.LINK_TTL_FACTOR, 1, now)
    days = ("working_days", "broken_days", "skipped_days")
    return rules.model_copy(update={name: getattr(rules, name) * factor for name in days})


def _day(run: Run) -> date | None:
    return None if run.everywhere else run.day


async def _plan(database: Database, run: Run, rules: LinkRules, budget: LinkBudget) -> LinkPlan:
    plan = LinkPlan(budget.max_addresses, rules.max_per_host)
    async with database.transaction() as connection:
        async for url, before in link_checks.due(connection, run.now, rules.max_per_item, _day(run)):
            plan.take(DueLink(url, before))
            if plan.is_full:
                break
    return plan


async def _ask(
    kit: Kit, database: Database, plan: LinkPlan, intake: LinkIntake, seconds: float, way_out: WayOut
) -> Effort:
    if not plan.hosts:
        return Effort()
    rules = kit.quality.links
    http = manners(kit.sources.http, rules)
    async with AsyncExitStack() as stack:
        gate = HostGate(database, http, way_out.clock)
        stack.push_async_callback(gate.close)
        paced = PacedGate(gate, rules.host_pause_seconds, way_out.clock)
        client = await stack.enter_async_context(
            open_client(
                http,
                paced,
                concurrency=rules.concurrency,
                max_wait=timedelta(hours=kit.sources.polling.max_wait_hours),
                resolver=way_out.resolver,
                clock=way_out.clock,
            )
        )

        async def ask(page: Page) -> LinkAnswer:
            # whoever did not answer HEAD as hoped is asked by GET at once
            return await probe(
                client,
                page.url,
                seconds=rules.timeout_seconds,
                max_redirects=http.max_redirects,
                first="GET" if page.failed_before else "HEAD",
            )

        asking = LinkRound(ask, intake.answered)
        await asking.go(plan.hosts, concurrency=rules.concurrency, seconds=seconds)
        return Effort(paced.requests, paced.hosts, asking.offline)


def manners(http: Http, rules: LinkRules) -> Http:
    """Return the manners of `http` within the patience of the rules of links."""
    return http.model_copy(
        update={
            "connect_seconds": min(http.connect_seconds, rules.timeout_seconds),
            "read_seconds": min(http.read_seconds, rules.timeout_seconds),
            "total_seconds": rules.timeout_seconds,
        }
    )
