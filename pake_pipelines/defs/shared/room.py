"""What a room adds to the project's definitions: the door puts rooms together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as AssetJob


@dataclass(frozen=True, slots=True)
class Room:
    """The objects of one room."""

    assets: Sequence[dg.AssetsDefinition]
    jobs: "Sequence[AssetJob]"
    schedules: Sequence[dg.ScheduleDefinition]
    sensors: Sequence[dg.SensorDefinition] = ()
