"""What backup and proof cost per gigabyte, and how much of planted damage a proof finds.

The base holds written text, nodes and vectors with their index. Each round makes a backup of it and proves it, as the
two tasks do: dump and row hashes from one snapshot; checksums, a restore into a scratch server, row hashes again.

The damage matrix plants bit flips, cut files, zeroed pages, exchanged files, older manifests and a missing table in
copies of a smaller backup, one at a time. Beside the proof it prints what is found by `pg_restore -l`, which many call
verifying, by the exit code of a restore, and by counting rows. The row hashes stand beside them, too: what they find
with no checksum before them.
"""

import argparse
import asyncio
import os
import statistics
import sys
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import Any

from benchmarks.backup_base import fill
from benchmarks.backup_damage import LOOKS, Examiner, make_originals, planned
from benchmarks.report import Report, publish
from benchmarks.scratch import scratch_project
from pake_pipelines.config.loading import load_maintenance
from pake_pipelines.maintenance.backup import create
from pake_pipelines.maintenance.backup.proof import prove
from pake_pipelines.maintenance.backup.targets import target_of
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import ProofState
from pake_pipelines.settings import Settings
from pake_pipelines.store.database import Patience, addresses, wait_for
from pake_pipelines.store.scratch import ScratchServer


def main() -> None:
    """Measure and print."""
    asked = arguments()
    with scratch_project("sources: {}\n") as settings:
        timed = asyncio.run(measure(settings, asked.megabytes * 1_000_000, asked.rounds, asked.seed))
    with scratch_project("sources: {}\n") as settings:
        found, kinds = asyncio.run(matrix(settings, asked.flips, asked.matrix_megabytes * 1_000_000, asked.seed))
    total: Counter[str] = sum(found.values(), Counter())
    publish(
        Report(
            "backup",
            {
                "seconds_per_gb": timed.pop("seconds_per_gb"),
                "damage_planted": kinds.total(),
                "damage_detected": total["proof"],
                "found_by_restore_list": total["restore_list"],
                "found_by_row_counts": total["row_counts"],
            },
            {"damage found by": {look: total[look] for look in LOOKS}},
            {
                **timed,
                **{
                    f"found of {kind}": {"planted": count, **{look: found[kind][look] for look in LOOKS}}
                    for kind, count in kinds.items()
                },
                "load of the machine": os.getloadavg(),
            },
        )
    )


async def measure(settings: Settings, size: int, rounds: int, seed: int) -> dict[str, Any]:
    """Return what backup and proof of a base of `size` bytes take, in seconds."""
    place = workplace(settings)
    url = addresses(settings).knowledge
    connection = await wait_for(url, Patience())
    documents = await fill(connection, size, seed)
    bytes_there = await connection.fetchval("SELECT pg_database_size(current_database())")
    await connection.close()
    print(f"{documents:,} documents in {bytes_there / 1e6:,.0f} MB", file=sys.stderr)
    parts: list[dict[str, float]] = []
    for number in range(rounds):
        there = replace(place, clock=lambda number=number: place.clock() + timedelta(seconds=number))
        began = monotonic()
        made = await create.run(there)
        backed_up = monotonic()
        proof = await prove(there, target_of(there), str(made.details["name"]))
        if proof.state is not ProofState.PROVEN:
            raise RuntimeError(f"a sound backup is {proof.state}: {proof.detail}")
        parts.append(
            {
                "backup": backed_up - began,
                "proof": monotonic() - backed_up,
                "restore": sum(one.restore_seconds for one in proof.databases),
                "compare": sum(one.compare_seconds for one in proof.databases),
            }
        )
    return {
        "seconds_per_gb": statistics.median(one["backup"] + one["proof"] for one in parts) / bytes_there * 1e9,
        "documents": documents,
        "bytes of the database": bytes_there,
        "bytes of the backup": made.details["bytes"],
        "rows": made.details["rows"],
        "seconds of rounds": [{name: round(value, 2) for name, value in one.items()} for one in parts],
        "amcheck": proof.databases[0].indexes,
    }


async def matrix(settings: Settings, flips: int, size: int, seed: int) -> tuple[dict[str, Counter[str]], Counter[str]]:
    """Return by kind how much was found by each look, and how much was planted."""
    place = workplace(settings)
    connection = await wait_for(addresses(settings).knowledge, Patience())
    await fill(connection, size, seed)
    await connection.close()
    originals = await make_originals(place)
    found: dict[str, Counter[str]] = {}
    kinds: Counter[str] = Counter()
    began = monotonic()
    async with ScratchServer(settings.data / "tmp") as server:
        examiner = Examiner(place, server)
        for planted in planned(originals, flips, seed):
            looks = await examiner.looks(originals.by_level[planted.level], planted)
            kinds[planted.kind] += 1
            found.setdefault(planted.kind, Counter()).update(look for look, seen in looks.items() if seen)
            if not looks["proof"]:
                print(f"NOT FOUND: {planted}", file=sys.stderr)
            if kinds.total() % 50 == 0:
                print(f"{kinds.total()} planted, {monotonic() - began:.0f} s", file=sys.stderr)
    return found, kinds


def workplace(settings: Settings) -> Workplace:
    """Return a place with the rules as they come."""
    return Workplace(settings, load_maintenance(settings.configs))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=300, help="size of the base that is timed")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--flips", type=int, default=500, help="bits that are flipped, one at a time")
    parser.add_argument("--matrix-megabytes", type=int, default=14, help="size of the base of the damage matrix")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
