"""Dagster definitions of the same shape as the project's that do nothing: the peer of `benchmarks.idle`.

Keys, dependencies, groups, kinds, checks, pools, partitions and the metadata of the results come from the file that
`PAKE_BENCH_SHAPE` names, which `benchmarks.idle` writes from the real definitions and a real run.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg

Asset = Mapping[str, Any]


def build(shape: Mapping[str, Any]) -> dg.Definitions:
    """Return definitions of the given shape."""
    partitions = dg.DailyPartitionsDefinition(start_date=shape["first_day"], end_offset=1)
    assets = shape["assets"]
    steps: dict[str, list[Asset]] = {}
    for one in assets:
        steps.setdefault(one["step"], []).append(one)
    job = dg.define_asset_job("ingest", selection=dg.AssetSelection.groups(*sorted({one["group"] for one in assets})))
    return dg.Definitions(
        assets=[_step(name, members, partitions) for name, members in steps.items()],
        jobs=[job],
        executor=dg.in_process_executor,
    )


def _step(name: str, members: list[Asset], partitions: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=name,
        specs=[_spec(one) for one in members],
        check_specs=[
            dg.AssetCheckSpec(check, asset=dg.AssetKey(one["key"])) for one in members for check in one["checks"]
        ],
        partitions_def=partitions if members[0]["partitioned"] else None,
        can_subset=len(members) > 1,
        pool=members[0]["pool"],
    )
    async def nothing(context: dg.AssetExecutionContext):
        for one in members:
            key = dg.AssetKey(one["key"])
            checks = [
                dg.AssetCheckResult(asset_key=key, check_name=check, passed=True, metadata={"count": 0})
                for check in one["checks"]
            ]
            yield dg.MaterializeResult(key, metadata=one["metadata"], check_results=checks)

    return nothing


def _spec(one: Asset) -> dg.AssetSpec:
    return dg.AssetSpec(
        dg.AssetKey(one["key"]),
        deps=[dg.AssetKey(dep) for dep in one["deps"]],
        group_name=one["group"],
        owners=one["owners"],
        kinds=set(one["kinds"]),
        description=one["description"],
        skippable=one["skippable"],
    )


if "PAKE_BENCH_SHAPE" in os.environ:
    defs = build(json.loads(Path(os.environ["PAKE_BENCH_SHAPE"]).read_text()))
