"""The knowledge stages, in order: each asset runs one stage for its day and reports the counts."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import dagster as dg
from pydantic import Field

from pake_pipelines.defs.knowledge.gate import check_gate, gate_spec
from pake_pipelines.defs.knowledge.rule_checks import check_rules, rule_check_specs
from pake_pipelines.defs.shared.metadata import counts
from pake_pipelines.defs.shared.partitions import day_of
from pake_pipelines.defs.shared.promises import keep_promises, promise_specs
from pake_pipelines.defs.shared.resource import KnowledgeBase
from pake_pipelines.defs.shared.tags import KNOWLEDGE_GROUP, KNOWLEDGE_POOL, OWNER
from pake_pipelines.store.marks import Stage

if TYPE_CHECKING:
    from pake_pipelines.pipeline.gate import Withheld
    from pake_pipelines.pipeline.kit import Kit
    from pake_pipelines.pipeline.run import Run
    from pake_pipelines.store.database import Database

# stage -> what it depends on, and what a person should know of it
_ASSETS: Final[Mapping[str, tuple[list[str], str]]] = {
    "documents": (
        ["entries"],
        "Clean text of every entry, with its language and readability; items that a filter stops stay with the reason.",
    ),
    "embeddings": (
        ["documents"],
        "One vector of 384 numbers for each different text (all-MiniLM-L6-v2), in pgvector.",
    ),
    "duplicates": (
        ["documents", "embeddings"],
        "Every new document compared with all others by address, words and meaning; copies form groups.",
    ),
    "connections": (
        ["duplicates"],
        "Edges between items: `duplicate_of`, `similar_to`, `shares_entity` and `cites`, with strength and evidence.",
    ),
    "confidence": (
        ["connections", "link_checks"],
        "Every quality rule evaluated and the six factors of confidence weighed, each with its reason.",
    ),
    "knowledge_nodes": (
        ["confidence"],
        "The knowledge base: every kept item with its verdict (verified, pending, quarantined, rejected) and why.",
    ),
}
_KINDS: Final[Mapping[str, set[str]]] = {"embeddings": {"python", "postgres", "huggingface"}}


class StageConfig(dg.Config):
    """How far a stage goes in one run."""

    everywhere: bool = Field(
        False,
        description="Settle the days of the whole store, not only this partition's: after rules or the model have "
        "changed, or for a scan that compares everything anew.",
    )
    sources: list[str] | None = Field(
        None,
        description="Settle only the items of these sources; those of others stay in the queue (confidence and "
        "knowledge_nodes only).",
    )


def knowledge_assets(partitions: dg.PartitionsDefinition[str]) -> list[dg.AssetsDefinition]:
    """Return the assets of all knowledge stages."""
    return [_asset(partitions, stage.value, *_ASSETS[stage.value]) for stage in Stage]


def _asset(
    partitions: dg.PartitionsDefinition[str], name: str, deps: list[str], description: str
) -> dg.AssetsDefinition:
    @dg.asset(
        name=name,
        deps=deps,
        partitions_def=partitions,
        group_name=KNOWLEDGE_GROUP,
        owners=[OWNER],
        kinds=_KINDS.get(name, {"python", "postgres"}),
        pool=KNOWLEDGE_POOL,
        check_specs=_check_specs(name),
        description=description,
        retry_policy=dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.FULL),
    )
    async def run_stage(
        context: dg.AssetExecutionContext, config: StageConfig, knowledge_base: KnowledgeBase
    ) -> dg.MaterializeResult:
        # a code location only describes the stages; importing them is left to the run
        from pake_pipelines.pipeline.chain import STAGES
        from pake_pipelines.pipeline.run import Run
        from pake_pipelines.store.marks import count_done
        from pake_pipelines.store.runs import log_stage

        kit, sources = knowledge_base.kit(), None if config.sources is None else tuple(config.sources)
        run = Run(context.run_id, day_of(context), datetime.now(UTC), everywhere=config.everywhere, sources=sources)
        async with knowledge_base.open(kit) as database:
            gate = await _withheld(kit, database, name, run)
            async with _logged_failure(database, name, run):
                result = await STAGES[name](kit, database, replace(run, withheld=gate.entry_ids))
            async with database.connection() as connection:
                rows = await count_done(connection, Stage(name), run.day)
            if result.changed:
                async with database.transaction() as connection:
                    await log_stage(
                        connection,
                        operation=name,
                        day=run.day,
                        details=counts(result),
                        seconds=result.seconds,
                        run_id=run.run_id,
                    )
            checks = await _check_results(kit, database, name, run)
        said = {"withheld_days": [str(one.day) for one in gate.days]} if gate.days else {}
        return dg.MaterializeResult(metadata=counts(replace(result, rows=rows)) | said, check_results=checks)

    return run_stage


@asynccontextmanager
async def _logged_failure(database: "Database", name: str, run: "Run") -> AsyncIterator[None]:
    from pake_pipelines.redaction import redact
    from pake_pipelines.store.runs import log_failed_stage

    try:
        yield
    except Exception as error:
        said = redact(f"{type(error).__name__}: {error}")
        try:
            async with database.transaction() as connection:
                await log_failed_stage(connection, operation=name, day=run.day, error=said, run_id=run.run_id)
        except Exception as lost:  # noqa: BLE001  # what went wrong first is what the run has to say
            error.add_note(f"and the database could not be told: {lost}")
        raise


async def _withheld(kit: "Kit", database: "Database", name: str, run: "Run") -> "Withheld":
    """Return what the gates of other days keep from being published; the gate of the run's own day is behind it."""
    from pake_pipelines.pipeline.gate import Withheld, withheld

    if name != Stage.KNOWLEDGE_NODES:
        return Withheld()
    async with database.connection() as connection:
        return await withheld(connection, kit.quality.gate, besides=run.day)


def _check_specs(name: str) -> list[dg.AssetCheckSpec]:
    if name != Stage.CONFIDENCE:
        return promise_specs(name)
    return [gate_spec(), *promise_specs(name), *rule_check_specs()]


async def _check_results(kit: "Kit", database: "Database", name: str, run: "Run") -> list[dg.AssetCheckResult]:
    promises = await keep_promises(database, name, run.day, run.sources)
    if name != Stage.CONFIDENCE:
        return promises
    # the first failed check is what the command line shows of an asset
    gate = await check_gate(database, run.day, kit.quality.gate)
    return [gate, *promises, *await check_rules(database, run.day)]
