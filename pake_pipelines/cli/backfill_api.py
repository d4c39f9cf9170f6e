"""Asking Dagster over GraphQL for a backfill: one run of a job for each of some days, and how they stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pake_pipelines.cli.dagster_api import ENDED, LOCATION, REPOSITORY, DagsterApi, DagsterError

_PARTITION_TAG: Final = "dagster/partition"
_UNDER_WAY: Final = frozenset({"REQUESTED", "CANCELING", "FAILING"})
# a crashed run is tried again by a run of its own, which says so when it is there
_RETRY_COMES: Final = "dagster/will_retry"
_RETRY_IS_THERE: Final = "dagster/auto_retry_run_id"
_RUNS_FOR_A_DAY: Final = 2
# the daemon takes up new backfills this often (dagster/_daemon/controller.py), which no setting changes
DAEMON_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class DayRun:
    """The newest run of one day of a backfill; `retried` when another one is about to take its place."""

    run_id: str
    status: str
    retried: bool = False

    @property
    def over(self) -> bool:
        """Whether nothing more comes of this day."""
        return self.status in ENDED and not self.retried


@dataclass(frozen=True, slots=True)
class BackfillState:
    """A backfill as Dagster sees it now: its status, why it failed as a whole, and the runs of its days so far."""

    status: str
    error: str | None = None
    runs: Mapping[str, DayRun] = field(default_factory=dict)

    def over(self, days: Sequence[str]) -> bool:
        """Tell whether nothing more comes of `days`; Dagster itself notes that up to half a minute later."""
        if self.status not in _UNDER_WAY:
            return True
        return all(day in self.runs and self.runs[day].over for day in days)


_LAUNCH: Final = """
mutation Backfill($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
    ... on PartitionSetNotFoundError { message }
    ... on PartitionKeysNotFoundError { message }
    ... on PipelineNotFoundError { message }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on InvalidSubsetError { message }
    ... on UnauthorizedError { message }
  }
}
"""

_STATE: Final = """
query State($id: String!, $limit: Int!) {
  partitionBackfillOrError(backfillId: $id) {
    __typename
    ... on PartitionBackfill {
      status
      error { message }
      runs(limit: $limit) { runId status tags { key value } }
    }
    ... on BackfillNotFoundError { message }
    ... on PythonError { message }
  }
}
"""


def launch_backfill(
    api: DagsterApi,
    job: str,
    days: Sequence[str],
    assets: Sequence[Sequence[str]],
    *,
    config: Mapping[str, Any],
    tags: Mapping[str, str],
    title: str,
) -> str:
    """Request a run of `job` over `assets` for each of `days` and return the backfill's id. Raises DagsterError.

    A backfill of the job and not of bare assets: of those, Dagster makes what has no partitions (the report) only
    once all days are done, and counts a day with one dead source as failed in everything behind it.
    """
    params = {
        "selector": {
            "partitionSetName": f"{job}_partition_set",
            "repositorySelector": {"repositoryName": REPOSITORY, "repositoryLocationName": LOCATION},
        },
        "assetSelection": [{"path": list(path)} for path in assets],
        "partitionNames": list(days),
        "runConfigData": dict(config),
        "tags": [{"key": key, "value": value} for key, value in tags.items()],
        "title": title,
    }
    found = api.ask(_LAUNCH, params=params)["launchPartitionBackfill"]
    if found["__typename"] != "LaunchBackfillSuccess":
        raise DagsterError(f"Dagster does not launch a backfill of {job}: {found.get('message') or found}")
    backfill_id: str = found["backfillId"]
    return backfill_id


def backfill_state(api: DagsterApi, backfill_id: str, days: int) -> BackfillState:
    """Return how a backfill over so many `days` stands. Raises DagsterError."""
    found = api.ask(_STATE, id=backfill_id, limit=days * _RUNS_FOR_A_DAY)["partitionBackfillOrError"]
    if found["__typename"] != "PartitionBackfill":
        raise DagsterError(f"no backfill {backfill_id}: {found.get('message')}")
    return BackfillState(
        found["status"], found["error"] and found["error"]["message"], newest_of_each_day(found["runs"])
    )


def newest_of_each_day(runs: Sequence[Mapping[str, Any]]) -> dict[str, DayRun]:
    """Return the newest run of each day; `runs` come newest first."""
    newest: dict[str, DayRun] = {}
    for run in runs:
        tags = {tag["key"]: tag["value"] for tag in run["tags"]}
        retried = tags.get(_RETRY_COMES) == "true" and _RETRY_IS_THERE not in tags
        newest.setdefault(tags[_PARTITION_TAG], DayRun(run["runId"], run["status"], retried))
    return newest
