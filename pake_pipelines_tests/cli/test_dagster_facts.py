"""What the terminal learns of Dagster over GraphQL is complete or left out, and says why it is missing."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from dagster_graphql.schema import create_schema
from graphql import parse, validate

from pake_pipelines.cli import dagster_api, dagster_facts
from pake_pipelines.cli.dagster_api import DagsterApi
from pake_pipelines.cli.dagster_facts import DOWN, facts_of, read_facts
from pake_pipelines.settings import Settings

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LOCATION = {
    "workspaceOrError": {
        "locationEntries": [{"name": dagster_api.LOCATION, "locationOrLoadError": {"__typename": "RepositoryLocation"}}]
    }
}


def at(minutes):
    return (NOW - timedelta(minutes=minutes)).timestamp()


def daemon(kind, minutes, *, required=True, errors=()):
    beat = None if minutes is None else at(minutes)
    said = [{"message": error} for error in errors]
    return {"daemonType": kind, "required": required, "lastHeartbeatTime": beat, "lastHeartbeatErrors": said}


ANSWERS = {
    "Health": LOCATION,
    "Daemons": {
        "instance": {
            "daemonHealth": {
                "allDaemonStatuses": [
                    daemon("SENSOR", 1, errors=["once \n"]),
                    daemon("SCHEDULER", 6),
                    daemon("BACKFILL", None),
                    daemon("ASSET", None, required=False),
                ]
            }
        }
    },
    "Queue": {
        "queued": {"count": 2, "results": [{"creationTime": at(3)}, {"creationTime": at(9)}]},
        "going": {"count": 1},
    },
    "Pools": {
        "instance": {
            "concurrencyLimits": [
                {
                    "concurrencyKey": "knowledge", "limit": 3, "slotCount": 3, "pendingStepCount": 4,
                    "claimedSlots": [{"runId": "gone"}, {"runId": "old"}, {"runId": "new"}, {"runId": "going"}],
                }
            ]
        }
    },
    "Holders": {
        "runsOrError": {
            "results": [
                {"runId": "old", "endTime": at(9)}, {"runId": "new", "endTime": at(1)},
                {"runId": "going", "endTime": None},
            ]
        }
    },
    "Partitions": {
        "assetNodes": [
            {"assetKey": {"path": ["source", "a"]}, "partitionStats": {"numFailed": 2}},
            {"assetKey": {"path": ["whole"]}, "partitionStats": None},
        ]
    },
}  # fmt: skip


@pytest.fixture
def webserver(site):
    """A webserver that answers each query by its name; a name without an answer is an error."""
    answers = dict(ANSWERS)

    async def answer(request):
        name = (await request.json())["query"].split()[1].split("(")[0]
        told = {"data": answers[name]} if name in answers else {"errors": [{"message": f"no {name} today"}]}
        return web.Response(text=json.dumps(told), content_type="application/json")

    site.pages["/graphql"] = answer
    return DagsterApi(site.url("")), answers


@pytest.mark.parametrize("query", ["DAEMONS", "QUEUE", "POOLS", "HOLDERS", "PARTITIONS"])
def test_every_query_is_one_that_this_version_of_dagster_understands(query):
    assert validate(create_schema().graphql_schema, parse(getattr(dagster_facts, query))) == []


def test_failed_runs_are_asked_for_as_this_version_understands():
    assert validate(create_schema().graphql_schema, parse(dagster_api._FAILED_RUNS)) == []


def test_a_daemon_is_healthy_while_it_beats(webserver):
    facts = facts_of(webserver[0], NOW)
    assert {one.kind: one.healthy for one in facts.daemons} == {
        "SENSOR": True, "SCHEDULER": False, "BACKFILL": False, "ASSET": None,
    }  # fmt: skip
    assert facts.daemons[0].errors == ("once",)
    assert facts.errors == {}


def test_queue_and_partitions_are_counted(webserver):
    facts = facts_of(webserver[0], NOW)
    assert (facts.queue.queued, facts.queue.oldest_queued_at, facts.queue.in_progress) == (
        2,
        NOW - timedelta(minutes=9),
        1,
    )
    assert [(one.asset, one.failed) for one in facts.partitions] == [("source/a", 2)]


def test_slots_of_runs_that_are_gone_or_long_over_have_leaked(webserver):
    (pool,) = facts_of(webserver[0], NOW).pools
    assert (pool.name, pool.limit, pool.claimed, pool.waiting, pool.leaked) == ("knowledge", 3, 4, 4, 2)


def test_a_code_location_that_is_not_loaded_says_why(webserver):
    api, answers = webserver
    error = {"__typename": "PythonError", "message": "no such module"}
    answers["Health"] = {
        "workspaceOrError": {"locationEntries": [{"name": dagster_api.LOCATION, "locationOrLoadError": error}]}
    }
    facts = facts_of(api, NOW)
    assert (facts.code_location_loaded, facts.code_location_error) == (False, "no such module")


def test_a_part_that_cannot_be_read_has_its_cause_and_leaves_the_others_alone(webserver):
    api, answers = webserver
    del answers["Queue"]
    facts = facts_of(api, NOW)
    assert facts.queue is None
    assert facts.errors == {"queue": "Dagster refuses: no Queue today"}
    assert facts.code_location_loaded


def test_what_only_the_sensor_reads_is_left_out_on_purpose(webserver):
    facts = facts_of(webserver[0], NOW)
    assert [facts.runs, facts.checks, facts.ticks, facts.freshness] == [None] * 4


def test_without_a_stack_every_part_says_so(tmp_path):
    facts = read_facts(Settings(home=tmp_path), NOW)
    assert set(facts.errors) == {"daemons", "code_location", "queue", "pools", "partitions"}
    assert set(facts.errors.values()) == {DOWN}
