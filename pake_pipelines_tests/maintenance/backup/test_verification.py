"""A verification ends as badly as the worst of its proofs; with nothing to prove it is not done."""

import asyncio
from dataclasses import replace

import pytest

from pake_pipelines.maintenance.backup import verification
from pake_pipelines.maintenance.backup.proof_record import Proof, ProvenDatabase
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.model.maintenance import ProofState, TaskState
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.maintenance.backup.vault import place_of

DONE, FAILED, UNAVAILABLE = TaskState.DONE, TaskState.FAILED, TaskState.UNAVAILABLE


def proof(state, number=1):
    found = {
        ProofState.PROVEN: {"databases": (ProvenDatabase("knowledge", 61, 5, 1.0, 0.5, "sound"),)},
        ProofState.DAMAGED: {"faults": ("knowledge.dump is missing", "x", "y", "z")},
        ProofState.UNAVAILABLE: {"cause": "no room"},
    }[state]
    return Proof(f"backup-{number}", state, NOW, 2.0, "abc", "0.1.0", **found)


P, D, U = ProofState.PROVEN, ProofState.DAMAGED, ProofState.UNAVAILABLE


@pytest.mark.parametrize(
    ("states", "ended"),
    [
        ([P], DONE), ([P, P], DONE), ([D], FAILED), ([U], UNAVAILABLE), ([P, D, P], FAILED), ([D, U], FAILED),
        ([P, U], UNAVAILABLE), ([U, P], UNAVAILABLE), ([], UNAVAILABLE),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else value.value,
)  # fmt: skip
def test_it_ends_as_badly_as_the_worst(states, ended):
    outcome = verification.outcome([proof(state, number) for number, state in enumerate(states)])
    assert outcome.state is ended
    assert [one["state"] for one in outcome.details["backups"]] == [state.value for state in states]
    assert outcome.details["damaged"] == states.count(D)


def test_the_summary_names_the_damage_and_the_details_have_all_of_it():
    outcome = verification.outcome([proof(P, 1), proof(D, 2)])
    assert outcome.summary == (
        "backup-2 is damaged: knowledge.dump is missing; x; y and 1 more (1 damaged, 0 not tried of 2)"
    )
    assert [one["fault"] for one in outcome.details["faults"]] == ["knowledge.dump is missing", "x", "y", "z"]


@pytest.fixture
def place(tmp_path):
    """A place without a database that answers."""
    return place_of(tmp_path, "postgresql://nobody@127.0.0.1:1/nothing", "postgresql://nobody@127.0.0.1:1/nothing")


def test_without_any_backup_nothing_is_verified(place):
    outcome = asyncio.run(verification.run(place))
    assert outcome.state is UNAVAILABLE
    assert "there is no backup" in outcome.summary


def test_the_proof_after_each_backup_can_be_switched_off(tmp_path):
    place = place_of(tmp_path, "postgresql://x@127.0.0.1:1/x", "postgresql://x@127.0.0.1:1/x", proof={"enabled": False})
    assert asyncio.run(verification.prove_newest(place)).state is TaskState.SKIPPED


@pytest.mark.parametrize(
    ("options", "proved"),
    [
        ({}, ["backup-20261122T010000Z"]),
        ({"scope": "latest"}, ["backup-20261122T010000Z"]),
        ({"scope": "all"}, ["backup-20261121T010000Z", "backup-20261122T010000Z"]),
        ({"name": "backup-20261121T010000Z"}, ["backup-20261121T010000Z"]),
    ],
    ids=str,
)
def test_the_options_say_which_and_a_dry_run_touches_none(place, options, proved):
    for name in ("backup-20261121T010000Z", "backup-20261122T010000Z"):
        (place.settings.data / "backups" / name).mkdir(parents=True)
    place = replace(place, options=options)
    assert asyncio.run(verification.run(replace(place, dry_run=True))).details["names"] == proved
    assert not list(place.settings.data.rglob("proof.json"))
    outcome = asyncio.run(verification.run(place))  # no manifest in them, and no database to note it in
    assert [(one["name"], one["state"]) for one in outcome.details["backups"]] == [(one, "damaged") for one in proved]


def test_what_is_not_there_is_said(place):
    with pytest.raises(MaintenanceError, match="no backup 'backup-x'"):
        asyncio.run(verification.run(replace(place, options={"name": "backup-x"})))
    with pytest.raises(MaintenanceError, match="no scope 'some': latest, all"):
        asyncio.run(verification.run(replace(place, options={"scope": "some"})))
