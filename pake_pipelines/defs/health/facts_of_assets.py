"""Asset checks, failed partitions and freshness, each in bulk."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import dagster as dg
from dagster._core.storage.asset_check_execution_record import (
    AssetCheckExecutionRecord,
    AssetCheckExecutionRecordStatus,
)

from pake_pipelines.model.dagster_facts import CheckFact, FreshnessFact, PartitionsFact

if TYPE_CHECKING:
    from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetGraph
    from dagster._core.storage.partition_status_cache import AssetStatusCacheValue

# the status of a service or key figure has inputs of its own; as failed checks they would be told twice
OF_INPUTS: Final = frozenset({"service_health", "system_metrics", "application_metrics", "database_health", "alerts"})
_SAMPLE: Final = 20


def checks(instance: dg.DagsterInstance, graph: "BaseAssetGraph") -> tuple[CheckFact, ...]:
    """Return the latest evaluation of every check that ever was one, in runs and in ticks: one statement."""
    keys = [key for key in graph.asset_check_keys if key.asset_key.to_user_string() not in OF_INPUTS]
    latest = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    return tuple(_check(record) for record in latest.values())


def _check(record: AssetCheckExecutionRecord) -> CheckFact:
    over = record.status is not AssetCheckExecutionRecordStatus.PLANNED
    event = record.event.dagster_event if over and record.event else None
    said = event.asset_check_evaluation_data if event else None
    return CheckFact(
        asset=record.key.asset_key.to_user_string(),
        check=record.key.name,
        passed=record.status is AssetCheckExecutionRecordStatus.SUCCEEDED if over else None,
        error_severity=said is not None and said.severity is dg.AssetCheckSeverity.ERROR,
        at=datetime.fromtimestamp(record.event.timestamp if record.event else record.create_timestamp, UTC),
        run_id=record.run_id or None,
        detail=(said.description or _figures(said))[:500] if said else "",
    )


def _figures(said: dg.AssetCheckEvaluation) -> str:
    """Return the plain figures among what a check adds, for those that have no sentence of their own."""
    return ", ".join(
        f"{name} {entry.value}" for name, entry in said.metadata.items() if isinstance(entry.value, int | float)
    )


def failed_partitions(instance: dg.DagsterInstance, graph: "BaseAssetGraph") -> tuple[PartitionsFact, ...]:
    """Return the failed partitions of every partitioned asset that was ever launched.

    Dagster keeps a summary of each asset's partitions; it is brought up to date only where something was launched or
    made since, so that an idle reading is one statement for all.
    """
    # Dagster writes the summary in the format of this module, and loads it for nothing else that a code server does
    from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value

    keys = [key for key in graph.materializable_asset_keys if graph.get(key).is_partitioned]
    facts = []
    for record in instance.get_asset_records(keys):
        entry = record.asset_entry
        partitions = graph.get(entry.asset_key).partitions_def
        if partitions is None:
            continue
        kept: AssetStatusCacheValue | None = entry.cached_status
        newest = max(entry.last_materialization_storage_id or 0, entry.last_planned_materialization_storage_id or 0)
        current = (
            kept is not None
            and kept.latest_storage_id >= newest
            and kept.earliest_in_progress_materialization_event_id is None
            and kept.partitions_def_id == partitions.get_serializable_unique_identifier()
        )
        if not current:
            kept = get_and_update_asset_status_cache_value(instance, entry.asset_key, partitions)
        failed = sorted(kept.deserialize_failed_partition_subsets(partitions).get_partition_keys()) if kept else []
        facts.append(PartitionsFact(entry.asset_key.to_user_string(), len(failed), tuple(failed[-_SAMPLE:])))
    return tuple(facts)


def freshness(instance: dg.DagsterInstance, graph: "BaseAssetGraph") -> tuple[FreshnessFact, ...]:
    """Return how every asset with a freshness policy stands: one statement."""
    keys = [key for key in graph.materializable_asset_keys if graph.get(key).freshness_policy is not None]
    if not keys:
        return ()
    states = instance.event_log_storage.get_freshness_state_records(keys)
    return tuple(
        FreshnessFact(key.to_user_string(), states[key].freshness_state.value.lower() if key in states else "unknown")
        for key in sorted(keys)
    )
