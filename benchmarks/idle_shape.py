"""Prints the shape of the project's job `ingest` and the metadata of its results, for `benchmarks.idle_empty`."""

import json
from typing import Any

import dagster as dg

from pake_pipelines.definitions import defs


def shape(instance: dg.DagsterInstance) -> dict[str, Any]:
    """Return everything that Dagster does its own work by, of every asset of the job."""
    graph = defs.resolve_asset_graph()
    keys = defs.resolve_job_def("ingest").asset_layer.executable_asset_keys
    assets, first_day = [], None
    for key in sorted(keys, key=lambda one: (one.path[0] != "source", one)):  # sources before what hangs on them
        node = graph.get(key)
        definition = node.assets_def
        spec = definition.specs_by_key[key]
        event = instance.get_latest_materialization_event(key)
        made = event.asset_materialization if event else None
        if definition.partitions_def:
            first_day = definition.partitions_def.get_first_partition_key()
        assets.append(
            {
                "key": key.path,
                "step": definition.op.name,
                "deps": [dep.asset_key.path for dep in spec.deps],
                "group": spec.group_name,
                "owners": list(spec.owners),
                "kinds": sorted(spec.kinds),
                "description": spec.description,
                "skippable": spec.skippable,
                "partitioned": definition.partitions_def is not None,
                "pool": definition.op.pool,
                "checks": [check.name for check in sorted(definition.check_keys) if check.asset_key == key],
                "metadata": {name: value.value for name, value in made.metadata.items()} if made else {},
            }
        )
    return {"first_day": first_day, "assets": assets}


if __name__ == "__main__":
    with dg.DagsterInstance.get() as opened:
        print(json.dumps(shape(opened), default=str))
