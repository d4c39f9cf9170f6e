"""`pake cache`: what is kept of dear results, cleaning it, and which policy would have kept the most."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

import typer
from rich.markup import escape

from pake_pipelines.cli.actor import at_the_terminal
from pake_pipelines.cli.ages import ago, lasting
from pake_pipelines.cli.console import err, fail, out, print_json
from pake_pipelines.cli.sources.options import Json, ask
from pake_pipelines.cli.tables import Rows
from pake_pipelines.config.loading import load_maintenance
from pake_pipelines.maintenance.cache import choosing, cleanup, levels, replay
from pake_pipelines.maintenance.runner import run_task
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, TaskState
from pake_pipelines.reports.amounts import counted
from pake_pipelines.settings import Settings, get_settings
from pake_pipelines.store import audit, cache_accesses, cache_figures, cache_upkeep
from pake_pipelines.store.cache_redis import RedisTier
from pake_pipelines.store.cache_upkeep import Held
from pake_pipelines.store.database import Connection

app = typer.Typer(help="Results that are kept: what there is, cleaning it, replaying its use.", no_args_is_help=True)


class How(StrEnum):
    """How far to clean: as far as the state asks for, or a level."""

    SMART = "smart"
    LIGHT = "light"
    TARGETED = "targeted"
    MODERATE = "moderate"
    AGGRESSIVE = "aggressive"
    DEEP = "deep"


_TASKS: Final = {How.LIGHT: "cache_light_cleanup", How.DEEP: "cache_deep_cleanup"}
_SHOWN: Final = 20
_WAIT_SECONDS: Final = 10

Category = Annotated[str, typer.Argument(metavar="CATEGORY", help="As `pake cache stats` names it.")]


@app.command()
def stats(as_json: Json = False) -> None:
    """Show what is kept by category, how it is used, and what a smart clean-up would do now."""
    settings, now = get_settings(), datetime.now(UTC)
    told = ask(settings, lambda connection: _told(connection, settings, now))
    if as_json:
        print_json(told)
        return
    numbers = ("entries", "bytes", "accesses in 24 h", "hits in 24 h")
    table = Rows("category", *numbers, right=numbers)
    for name, one in told["categories"].items():
        share = "-" if one["hit_ratio_percent"] is None else f"{one['hit_ratio_percent']:.1f} %"
        table.add_row(name, f"{one['entries']:,}", f"{one['bytes']:,}", f"{one['accesses_24h']:,}", share)
    out.print(table if told["categories"] else "nothing is kept yet")
    for name in ("hot_entries", "avg_access_count", "avg_age_seconds", "optimized_entries"):
        value = told[name]
        shown = "-" if value is None else f"{value:,.1f}".removesuffix(".0")
        out.print(f"{name.replace('_', ' '):18} {shown}")
    out.print(f"{'policy':18} {told['policy']}")
    out.print(f"a smart clean-up would now be [bold]{told['level']}[/]: {escape('; '.join(told['reasons']))}")


async def _told(connection: Connection, settings: Settings, now: datetime) -> dict[str, Any]:
    rules = load_maintenance(settings.configs).cache
    decision = levels.decide(await cleanup.state_of(connection, now), rules)
    kept = await cache_figures.totals(connection)
    used = await cache_accesses.used_by_category(connection, now - timedelta(days=1))
    return {
        "categories": {
            name: {
                **asdict(kept.get(name, cache_figures.Totals())),
                "accesses_24h": used[name].accesses if name in used else 0,
                "hit_ratio_percent": used[name].hit_ratio_percent if name in used else None,
            }
            for name in sorted({*kept, *used})
        },
        **asdict(await cache_figures.figures(connection, now)),
        "sizes": await cache_figures.sizes(connection),
        "accesses_logged": await cache_accesses.count(connection),
        "policy": choosing.policy_of(rules, await cache_accesses.chosen(connection)),
        "level": decision.level.value,
        "reasons": list(decision.reasons),
    }


@app.command()
def clean(
    how: Annotated[How, typer.Argument(help="How far to go; docs/cache.md says what each removes.")] = How.SMART,
    category: Annotated[
        str | None, typer.Option("--category", metavar="NAME", help="Only this category; `links` too.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Clean the cache now. Results are made again when they are needed; nothing that was read is lost."""
    settings = get_settings()
    place = Workplace(
        settings=settings,
        config=load_maintenance(settings.configs),
        dry_run=dry_run,
        options={"level": how.value, "category": category},
        say=lambda line: err.print(f"[dim]{escape(line)}[/]"),
    )
    task = _TASKS.get(how, "cache_cleanup")
    outcome = asyncio.run(run_task(place, task, actor=at_the_terminal(), wait_seconds=_WAIT_SECONDS))
    if as_json:
        print_json({"state": outcome.state.value, "summary": outcome.summary, **outcome.details})
    else:
        _show(outcome)
    if outcome.state is TaskState.FAILED:
        raise typer.Exit(1)


def _show(outcome: Outcome) -> None:
    out.print(f"[bold]{escape(outcome.summary)}[/]", soft_wrap=True)
    out.print(f"because {escape('; '.join(outcome.details['reasons']))}", soft_wrap=True)
    for name, value in outcome.details.items():
        if isinstance(value, int | float) and name.startswith(("removed_", "compressed", "bytes_saved")):
            out.print(f"{name.replace('_', ' '):28} {value:,}")
    out.print(_rows(outcome.details["categories"]))
    if "policies" in outcome.details:
        _show_policies(outcome.details)


@app.command()
def clear(
    everything: Annotated[bool, typer.Option("--all", help="All entries, living ones too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Remove everything that is kept, living or not, in Redis too; answers about links stay. See `clean` for less."""
    if not everything:
        fail("nothing was removed", hint="`pake cache clean light` removes what expired; --all removes everything")
    if not yes and not typer.confirm("Remove all entries of the cache? The next run does the work again."):
        raise typer.Exit(1)
    settings, actor = get_settings(), at_the_terminal()
    removed = ask(settings, lambda connection: _clear(connection, actor))
    in_redis = asyncio.run(_clear_redis(os.environ.get(load_maintenance(settings.configs).cache.redis_url_env)))
    if as_json:
        print_json({"removed": removed, "removed_in_redis": in_redis})
    else:
        too = "" if in_redis is None else f", {in_redis:,} in Redis"
        out.print(f"{counted(removed, 'entry', 'entries')} removed{too}")


async def _clear(connection: Connection, actor: str) -> int:
    removed = await cache_upkeep.remove_all(connection)
    await audit.record(connection, actor=actor, action="cache.cleared", subject="cache", details={"removed": removed})
    return removed


async def _clear_redis(url: str | None) -> int | None:
    if not url:
        return None
    try:
        tier = RedisTier(url)
        try:
            return await tier.clear()
        finally:
            await tier.close()
    except (ValueError, ConnectionError) as error:
        fail(f"the entries are gone, but Redis was not cleared: {error}", hint="its copies end within a day")


@app.command("replay")
def replay_log(as_json: Json = False) -> None:
    """Replay the access log through every policy: what each would have answered, and which one is chosen."""
    settings = get_settings()
    details = asyncio.run(_replayed(settings))
    if as_json:
        print_json(details)
    else:
        _show_policies(details)


async def _replayed(settings: Settings) -> Mapping[str, Any]:
    rules = load_maintenance(settings.configs).cache
    async with Workplace(settings, load_maintenance(settings.configs)).open() as database:
        return await choosing.choose_policy(database, rules, datetime.now(UTC), dry_run=True)


def _show_policies(details: Mapping[str, Any]) -> None:
    out.print(_rows(details["policies"]))
    out.print(
        f"ceiling (MIN, all of the future known): {details['ceiling_hit_ratio_percent']:.2f} % of "
        f"{details['accesses_replayed']:,} accesses"
    )
    few = details["accesses_replayed"] < replay.FEWEST
    why = f" (fewer than {replay.FEWEST:,} accesses say nothing)" if few else ""
    out.print(f"chosen: [bold]{details['policy']}[/]{why}")


@app.command()
def show(category: Category, as_json: Json = False) -> None:
    """Show the entries of a category, those used most first."""
    settings, now = get_settings(), datetime.now(UTC)
    held = ask(settings, lambda connection: cache_upkeep.held(connection, category))
    if not held:
        hint = "`pake links` shows answers about links" if category == cleanup.LINKS else "see `pake cache stats`"
        fail(f"nothing is kept in {category!r}", hint=hint)
    held.sort(key=lambda one: (-one.access_count, one.key))
    if as_json:
        print_json([asdict(one) for one in held])
        return
    out.print(_entries(held[:_SHOWN], now))
    if len(held) > _SHOWN:
        out.print(f"[dim]and {len(held) - _SHOWN:,} more; --json shows all[/]")


def _entries(held: Sequence[Held], now: datetime) -> Rows:
    numbers = ("bytes", "ms", "accesses", "used", "ends in")
    table = Rows("key", *numbers, right=numbers)
    for one in held:
        ends = "-" if one.expires_at is None else lasting(one.expires_at - now) if one.expires_at > now else "expired"
        key = one.key if len(one.key) <= 40 else f"{one.key[:39]}…"
        table.add_row(
            key,
            f"{one.size_bytes:,}",
            f"{one.cost_ms:.1f}",
            one.access_count,
            ago(one.accessed_at, now),
            ends,
        )
    return table


def _rows(rows: Sequence[Mapping[str, Any]]) -> Rows:
    names = [name.replace("_", " ") for name in (rows[0] if rows else ())]
    table = Rows(*names, right=names[1:])
    for row in rows:
        table.add_row(*(f"{value:,}" if isinstance(value, int | float) else value for value in row.values()))
    return table
