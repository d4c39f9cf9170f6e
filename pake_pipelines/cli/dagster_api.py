"""Asking the running Dagster webserver over GraphQL: launch a run, follow it, end it. Loopback only."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

LOCATION: Final = "pake_pipelines"
REPOSITORY: Final = "__repository__"
STILL_LOADING: Final = "the code location is still loading"
_NOT_YET: Final = "DagsterUserCodeUnreachableError"
ENDED: Final = frozenset({"SUCCESS", "FAILURE", "CANCELED"})


class DagsterError(Exception):
    """Dagster does not answer, or refuses; the message says what was asked and what came back."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run; times in seconds since the epoch, None where it has not come to that."""

    key: str
    status: str
    started: float | None
    ended: float | None


@dataclass(frozen=True, slots=True)
class Made:
    """One materialization of a run with its metadata: the numbers, and the facts (truth values, texts, JSON)."""

    asset: str
    numbers: Mapping[str, float]
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunState:
    """A run as Dagster sees it now; `failed_checks` maps an asset to the description of its first failed check."""

    run_id: str
    status: str
    steps: Sequence[Step] = ()
    made: Sequence[Made] = ()
    failed_checks: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None

    @property
    def ended(self) -> bool:
        """Whether the run is over."""
        return self.status in ENDED


_RELOAD = """
mutation Reload($location: String!) {
  reloadRepositoryLocation(repositoryLocationName: $location) {
    __typename
    ... on PythonError { message }
    ... on UnauthorizedError { message }
  }
}
"""
_LAUNCH = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on InvalidSubsetError { message }
    ... on PipelineNotFoundError { message }
    ... on UnauthorizedError { message }
  }
}
"""

_STATE = """
query State($id: ID!) {
  runOrError(runId: $id) {
    __typename
    ... on Run {
      runId status
      stepStats { stepKey status startTime endTime }
      assetMaterializations {
        assetKey { path }
        metadataEntries { label
          ... on IntMetadataEntry { intValue } ... on FloatMetadataEntry { floatValue }
          ... on BoolMetadataEntry { boolValue } ... on TextMetadataEntry { text }
          ... on JsonMetadataEntry { jsonString } }
      }
      eventConnection(limit: 1000) { events { __typename
        ... on AssetCheckEvaluationEvent { evaluation { success assetKey { path } checkName description } }
        ... on ExecutionStepFailureEvent { stepKey error { message errorChain { error { message } } } }
        ... on RunFailureEvent { error { message } } } }
    }
  }
}
"""

_STARTED_RUNS = """
query Started { runsOrError(filter: {statuses: [NOT_STARTED, STARTING, STARTED, CANCELING]}) {
  ... on Runs { results { runId creationTime } } } }
"""

_FAILED_RUNS = """
query Failed($after: Float!) {
  runsOrError(filter: {statuses: [FAILURE], updatedAfter: $after}, limit: 500) {
    ... on Runs { results { runId jobName updateTime } } } }
"""

_TERMINATE = """
mutation End($ids: [String!]!, $policy: TerminateRunPolicy) {
  terminateRuns(runIds: $ids, terminatePolicy: $policy) { __typename }
}
"""

_REPORT = """
mutation Report($params: ReportRunlessAssetEventsParams!) {
  reportRunlessAssetEvents(eventParams: $params) {
    __typename
    ... on PythonError { message }
    ... on UnauthorizedError { message }
  }
}
"""

_HEALTH = """
query Health {
  version
  instance { daemonHealth { allDaemonStatuses { daemonType required healthy } } }
  locationStatusesOrError { __typename ... on WorkspaceLocationStatusEntries { entries { name loadStatus } } }
  workspaceOrError { ... on Workspace { locationEntries { name locationOrLoadError { __typename
    ... on PythonError { message } } } } }
}
"""

_SCHEDULES = """
query Schedules($repository: RepositorySelector!) {
  schedulesOrError(repositorySelector: $repository) {
    ... on Schedules { results { name cronSchedule scheduleState { status }
      futureTicks(limit: 1) { results { timestamp } } } }
  }
}
"""


class DagsterApi:
    """The GraphQL endpoint of the webserver at `address`."""

    def __init__(self, address: str, timeout: float = 20) -> None:
        """Talk to the webserver at `address` (http://host:port), waiting `timeout` seconds for each answer."""
        self.address = address
        self._timeout = timeout

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the data of a query or mutation. Raises DagsterError."""
        request = urllib.request.Request(  # noqa: S310  # the scheme is ours
            f"{self.address}/graphql",
            data=json.dumps({"query": query, "variables": variables}).encode(),
            headers={"Content-Type": "application/json"},
        )
        # a proxy in the environment must never see what goes to our own loopback
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=self._timeout) as answer:
                said = json.load(answer)
        except urllib.error.HTTPError as error:
            raise DagsterError(f"Dagster at {self.address} answers {error.code}: {_errors(error)}") from error
        # while nothing listens yet, a connection within one machine may meet itself, and hear what it has said
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise DagsterError(f"Dagster at {self.address} does not answer: {error}") from error
        if said.get("errors"):
            raise DagsterError(f"Dagster refuses: {said['errors'][0].get('message')}")
        data: dict[str, Any] = said["data"]
        return data

    def is_up(self) -> bool:
        """Tell whether the webserver answers and our code location is loaded."""
        try:
            return self.location_error() is None
        except DagsterError:
            return False

    def location_error(self) -> str | None:
        """Return why our code location is not loaded, None when it is. Raises DagsterError."""
        entries = self.ask(_HEALTH)["workspaceOrError"].get("locationEntries", [])
        mine = next((entry for entry in entries if entry["name"] == LOCATION), None)
        found = mine and mine["locationOrLoadError"]
        if not found or (found["__typename"] == "PythonError" and _NOT_YET in found["message"]):
            return STILL_LOADING
        return found["message"] if found["__typename"] == "PythonError" else None

    def daemons(self) -> dict[str, bool]:
        """Return whether each required daemon is healthy."""
        statuses = self.ask(_HEALTH)["instance"]["daemonHealth"]["allDaemonStatuses"]
        return {one["daemonType"]: bool(one["healthy"]) for one in statuses if one["required"]}

    def schedules(self) -> list[dict[str, Any]]:
        """Return name, cron, whether it runs, and the next tick (seconds since the epoch) of every schedule."""
        selector = {"repositoryName": REPOSITORY, "repositoryLocationName": LOCATION}
        found = self.ask(_SCHEDULES, repository=selector)["schedulesOrError"].get("results", [])
        return [
            {
                "name": one["name"],
                "cron": one["cronSchedule"],
                "running": one["scheduleState"]["status"] == "RUNNING",
                "next": next((tick["timestamp"] for tick in one["futureTicks"]["results"]), None),
            }
            for one in found
        ]

    def launch(
        self,
        job: str,
        partition: str,
        assets: Sequence[Sequence[str]],
        config: Mapping[str, Any],
        tags: Mapping[str, str],
    ) -> str:
        """Queue a run of `job` over `assets` for one partition and return its id. Raises DagsterError."""
        params = {
            "selector": {
                "pipelineName": job,
                "repositoryName": REPOSITORY,
                "repositoryLocationName": LOCATION,
                "assetSelection": [{"path": list(path)} for path in assets],
            },
            "runConfigData": dict(config),
            "executionMetadata": {
                "tags": [
                    {"key": key, "value": value} for key, value in {**tags, "dagster/partition": partition}.items()
                ]
            },
        }
        found = self.ask(_LAUNCH, params=params)["launchRun"]
        if "DagsterInvalidSubsetError" in str(found.get("message")):
            self.reload()  # the configuration may name sources that the code location has not seen yet
            found = self.ask(_LAUNCH, params=params)["launchRun"]
        if found["__typename"] != "LaunchRunSuccess":
            raise DagsterError(f"Dagster does not launch {job}: {found.get('message') or found}")
        run_id: str = found["run"]["runId"]
        return run_id

    def reload(self) -> None:
        """Let Dagster read the configuration again. Raises DagsterError when it cannot be read."""
        found = self.ask(_RELOAD, location=LOCATION)["reloadRepositoryLocation"]
        if found["__typename"] != "WorkspaceLocationEntry":
            raise DagsterError(f"Dagster does not reload {LOCATION}: {found.get('message') or found}")

    def run(self, run_id: str) -> RunState:
        """Return how a run stands. Raises DagsterError."""
        found = self.ask(_STATE, id=run_id)["runOrError"]
        if found["__typename"] != "Run":
            raise DagsterError(f"no run {run_id}")
        return RunState(
            found["runId"],
            found["status"],
            [
                Step(one["stepKey"], one["status"] or "WAITING", one["startTime"], one["endTime"])
                for one in found["stepStats"]
            ],
            [_made(one) for one in found["assetMaterializations"]],
            _failed_checks(found["eventConnection"]["events"]),
            _failure(found["eventConnection"]["events"]),
        )

    def started_runs(self) -> list[str]:
        """Return the ids of all runs that have begun and are not over."""
        return self.orphans(before=float("inf"))

    def orphans(self, *, before: float) -> list[str]:
        """Return the ids of all runs that began before a moment (seconds since the epoch) and are not over."""
        found = self.ask(_STARTED_RUNS)["runsOrError"].get("results", [])
        return [one["runId"] for one in found if one["creationTime"] < before]

    def failed_runs(self, after: float) -> list[dict[str, Any]]:
        """Return runId, jobName and updateTime of up to 500 runs that failed after a moment (epoch seconds)."""
        found: list[dict[str, Any]] = self.ask(_FAILED_RUNS, after=after)["runsOrError"].get("results", [])
        return found

    def report_asset(self, asset: str, *, made: bool, partition: str | None, description: str) -> None:
        """Report what became of an asset outside of any run: it was made, or else looked at. Raises DagsterError."""
        params = {
            "eventType": "ASSET_MATERIALIZATION" if made else "ASSET_OBSERVATION",
            "assetKey": {"path": asset.split("/")},
            "partitionKeys": [partition] if partition else None,
            "description": description,
        }
        found = self.ask(_REPORT, params=params)["reportRunlessAssetEvents"]
        if found["__typename"] != "ReportRunlessAssetEventsSuccess":
            raise DagsterError(f"Dagster does not take the report on {asset}: {found.get('message') or found}")

    def terminate(self, run_ids: Sequence[str], *, forced: bool = False) -> None:
        """Ask runs to end; `forced` only marks them as cancelled, for runs whose process is gone."""
        policy = "MARK_AS_CANCELED_IMMEDIATELY" if forced else "SAFE_TERMINATE"
        if run_ids:
            self.ask(_TERMINATE, ids=list(run_ids), policy=policy)


def _errors(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["errors"][0]["message"])
    except (ValueError, KeyError, IndexError, OSError):
        return error.reason


def _made(event: Mapping[str, Any]) -> Made:
    numbers = {
        entry["label"]: entry.get("intValue", entry.get("floatValue"))
        for entry in event["metadataEntries"]
        if entry.get("intValue", entry.get("floatValue")) is not None
    }
    facts = {entry["label"]: _fact(entry) for entry in event["metadataEntries"] if entry["label"] not in numbers}
    return Made("/".join(event["assetKey"]["path"]), numbers, facts)


def _fact(entry: Mapping[str, Any]) -> Any:
    if "jsonString" in entry:
        return json.loads(entry["jsonString"])
    return entry.get("boolValue", entry.get("text"))


def _failed_checks(events: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    found = [event["evaluation"] for event in events if event["__typename"] == "AssetCheckEvaluationEvent"]
    failed: dict[str, str] = {}
    for one in found:
        if not one["success"]:
            # the first says what went wrong, a later one only what follows from it
            failed.setdefault("/".join(one["assetKey"]["path"]), one["description"] or one["checkName"])
    return failed


def _failure(events: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the message of the first failure, its root cause first."""
    for event in events:
        if event["__typename"] == "ExecutionStepFailureEvent" and event.get("error"):
            chain = event["error"].get("errorChain") or []
            cause = chain[-1]["error"]["message"] if chain else event["error"]["message"]
            return f"{event['stepKey']}: {cause.strip()}"
        if event["__typename"] == "RunFailureEvent" and event.get("error"):
            return str(event["error"]["message"]).strip()
    return None
