"""One asset per source, all read in one step, and `entries`, which everything behind depends on."""

from datetime import UTC, datetime

import dagster as dg

from pake_pipelines.config.source_kinds import Source
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.defs.shared.metadata import counts
from pake_pipelines.defs.shared.partitions import day_of
from pake_pipelines.defs.shared.promises import keep_promises, promise_specs
from pake_pipelines.defs.shared.resource import KnowledgeBase
from pake_pipelines.defs.shared.tags import DISABLED_GROUP, OWNER, SOURCES_GROUP, SOURCES_POOL
from pake_pipelines.defs.sources.events import CHECKS, check_results, together, visit_metadata

ENTRIES = dg.AssetKey("entries")


class FetchConfig(dg.Config):
    """How a run reads its sources."""

    max_items_per_run: int | None = None
    """At most so many new items of each source; what is left over comes next time. None: the source's own limit."""

    full_reprocess: bool = False
    """Read everything again as if for the first time; nothing is stored twice."""

    only_due: bool = False
    """Pass over sources that rest after failures or have nothing new to be expected yet; schedules do."""


def source_key(slug: str) -> dg.AssetKey:
    """Return the key of a source's asset."""
    return dg.AssetKey(["source", slug])


def _spec(slug: str, source: Source) -> dg.AssetSpec:
    tags = ", ".join(source.tags) or "none"
    return dg.AssetSpec(
        source_key(slug),
        description=f"**{source.name}**: {source.kind} at `{source.address}`.\n\n"
        f"Authority: {source.authority}. Tags: {tags}.",
        group_name=SOURCES_GROUP,
        owners=[OWNER],
        kinds={"python", source.kind},
        skippable=True,
        metadata={"address": source.address, "authority": source.authority},
    )


def _check_specs(key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    return [dg.AssetCheckSpec(name, asset=key, description=said) for name, said in CHECKS.items()]


def disabled_specs(config: SourcesConfig) -> list[dg.AssetSpec]:
    """Return the listed but disabled sources: visible in the catalogue with the reason, never read."""
    return [
        dg.AssetSpec(
            source_key(slug),
            description=f"**{source.name}** is disabled: {source.disabled_because}.",
            group_name=DISABLED_GROUP,
            owners=[OWNER],
            kinds={source.kind},
        )
        for slug, source in config.sources.items()
        if not source.enabled
    ]


def source_assets(config: SourcesConfig, partitions: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """Return the one step that reads all selected sources concurrently and yields `entries` last."""
    slugs = {source_key(slug): slug for slug in config.enabled}
    entries_spec = dg.AssetSpec(
        ENTRIES,
        deps=list(slugs),
        description="What the sources published, as they published it: one row for each version of an item. "
        "Everything behind depends on this table, never on a single source, so a dead source stops nobody else.",
        group_name=SOURCES_GROUP,
        owners=[OWNER],
        kinds={"python", "postgres"},
        skippable=True,
    )

    @dg.multi_asset(
        name="read_sources",
        specs=[*(_spec(slug, source) for slug, source in config.enabled.items()), entries_spec],
        check_specs=[*(spec for key in slugs for spec in _check_specs(key)), *promise_specs("entries")],
        partitions_def=partitions,
        can_subset=True,
        pool=SOURCES_POOL,
    )
    async def read_sources(  # type: ignore[no-untyped-def]  # Dagster reads a return annotation as one output's type
        context: dg.AssetExecutionContext, config: FetchConfig, knowledge_base: KnowledgeBase
    ):
        # a code location only describes the sources; importing what reads them is left to the run
        from pake_pipelines.pipeline.fetch import fetch_sources
        from pake_pipelines.pipeline.run import Run, Stopwatch
        from pake_pipelines.store.entries import count_of_day

        watch, run, kit = Stopwatch(), Run(context.run_id, day_of(context), datetime.now(UTC)), knowledge_base.kit()
        assets, checks = context.selected_asset_keys, context.selected_asset_check_keys
        asked = assets | {check.asset_key for check in checks}
        wanted = [slug for key, slug in slugs.items() if key in asked]
        visits = []
        async with knowledge_base.open(kit) as database:
            async for visit in fetch_sources(
                kit,
                database,
                wanted,
                run,
                limit=config.max_items_per_run,
                full_reprocess=config.full_reprocess,
                only_due=config.only_due,
            ):
                visits.append(visit)
                key = source_key(visit.source)
                if key in assets and not visit.failed and not visit.skipped:
                    yield dg.MaterializeResult(key, metadata=visit_metadata(visit))
                for result in check_results(key, visit):
                    if dg.AssetCheckKey(key, result.check_name or "") in checks:
                        yield result
            async with database.connection() as connection:
                rows = await count_of_day(connection, run.day)
            promises = await keep_promises(database, "entries", run.day)
        visited = [visit for visit in visits if not visit.skipped]
        if visited and all(visit.failed for visit in visited):
            raise dg.Failure(
                f"no source could be read: {len(visited)} of {len(visited)} failed",
                metadata={visit.source: visit.error or "" for visit in visited},
                allow_retries=False,
            )
        if ENTRIES in assets:
            yield dg.MaterializeResult(ENTRIES, metadata=counts(together(visits, rows, watch.seconds)))
        for promise in promises:
            if dg.AssetCheckKey(ENTRIES, promise.check_name or "") in checks:
                yield promise

    return read_sources
