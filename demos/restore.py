"""What a backup is worth: damage that listing it does not find and restoring it does, and a dropped table recovered.

Everything is real and of a scratch project: PostgreSQL, the pipeline on the samples, backups, base backup and log.
Takes a minute or two; ends with 1 when anything is not as it should be, and leaves nothing behind.
"""

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from benchmarks.scratch import environment_of, local_samples, scratch_home
from pake_pipelines.cli.stack import database_up, prepare
from pake_pipelines.config.loading import load_maintenance
from pake_pipelines.maintenance.backup import base, create, manifest, pitr, proof
from pake_pipelines.maintenance.backup.holding import sha256
from pake_pipelines.maintenance.backup.proof_record import Proof
from pake_pipelines.maintenance.backup.recovery import Recovered
from pake_pipelines.maintenance.backup.targets import Target, target_of
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, ProofState
from pake_pipelines.settings import Settings
from pake_pipelines.store.database import Patience, addresses, wait_for
from pake_pipelines.store.embedded import programs
from pake_pipelines.store.row_hashes import TableHash, table_hashes

_RULES: Final = "backup:\n  point_in_time: {enabled: true}\n  proof: {amcheck: false}\n"
_NODES: Final = "pake.knowledge_nodes"
_ONE_TITLE: Final = """
    UPDATE pake.knowledge_nodes SET title = title || '.'
    WHERE pake_id = (SELECT pake_id FROM pake.knowledge_nodes ORDER BY pake_id LIMIT 1)
"""
_HALF_THE_TAGS: Final = """
    UPDATE pake.knowledge_nodes SET tags = array_append(tags, 'changed') WHERE hashtext(title) % 2 = 0
"""

out = Console(width=120, highlight=False)


@dataclass
class Story:
    """What was done, what was to be found, what was found, and whether that is as it should be."""

    lines: list[tuple[str, str, bool, float]] = field(default_factory=list)

    @contextmanager
    def step(self, what: str) -> Iterator[dict[str, Any]]:
        """Time a step; it says what it found under `found` and whether that is well under `well`."""
        seen: dict[str, Any] = {"found": "", "well": False}
        began = time.monotonic()
        yield seen
        seconds = time.monotonic() - began
        self.lines.append((what, seen["found"], seen["well"], seconds))
        mark = "[green]✓[/]" if seen["well"] else "[red]✗[/]"
        out.print(f"{mark} {what}  [dim]{seconds:.1f} s[/]\n    {seen['found']}")


def main() -> int:
    """Run the demonstration and return its exit code."""
    for name in [name for name in os.environ if name.startswith(("PAKE_", "DAGSTER_"))]:
        del os.environ[name]
    story, began = Story(), time.monotonic()
    with scratch_home(local_samples()) as settings:
        (settings.configs / "quality.yaml").write_text("links: {check_external: false}\n")
        (settings.configs / "maintenance.yaml").write_text(_RULES)
        with database_up(settings):
            _fill(settings, story)
            asyncio.run(_tell(Workplace(settings, load_maintenance(settings.configs)), story))
    _print(story, time.monotonic() - began)
    return 0 if story.lines and all(well for _, _, well, _ in story.lines) else 1


def _fill(settings: Settings, story: Story) -> None:
    with story.step("a knowledge base is made of the samples, by the pipeline itself") as seen:
        prepare(settings)
        today = datetime.now(UTC).date().isoformat()
        command = [sys.executable, "-m", "benchmarks.idle_child", "pake_pipelines.definitions", today]
        environment = {**os.environ, **environment_of(settings)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        nodes = asyncio.run(_ask(settings, "SELECT count(*) FROM pake.knowledge_nodes")) if done.returncode == 0 else 0
        seen["found"] = f"{nodes} nodes" if nodes else done.stderr[-400:]
        seen["well"] = nodes > 10


async def _tell(place: Workplace, story: Story) -> None:
    target = target_of(place)
    with story.step("a backup, and its proof: restored, every row compared") as seen:
        name = (await create.run(place)).details["name"]
        proved = await proof.prove(place, target, name)
        seen.update(found=f"{name} is {proved.state}: {proved.detail}", well=proved.state is ProofState.PROVEN)
    await _flipped_bit(place, target, name, story)
    await _other_rows(place, target, name, story)
    await _dropped_table(place, story)


async def _flipped_bit(place: Workplace, target: Target, name: str, story: Story) -> None:
    """Flip a bit in the dump, look for it in both ways, and flip it back."""
    assert target.local is not None
    dump = target.local / name / "knowledge.dump"
    size, bit = dump.stat().st_size, 3
    position = random.Random(7).randrange(size // 2, size)  # noqa: S311  # the same at every run
    _flip(dump, position, bit)
    _listing(dump, f"damage 1: bit {bit} of byte {position:,} of {dump.name} is flipped; `pg_restore -l`", story)
    with story.step("the proof of the same file") as seen:
        proved = await proof.prove(place, target, name)
        _expect(seen, proved, dump.name)
    _flip(dump, position, bit)


def _flip(path: Path, position: int, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[position] ^= 1 << bit
    path.write_bytes(data)


def _listing(dump: Path, what: str, story: Story) -> None:
    """Show that listing finds nothing: that is what is expected of it."""
    with story.step(what) as seen:
        done = subprocess.run([programs() / "pg_restore", "-l", dump], capture_output=True, text=True, check=False)
        seen["found"] = f"exit code {done.returncode}, {len(done.stdout.splitlines())} lines: it finds nothing"
        seen["well"] = done.returncode == 0


def _expect(seen: dict[str, Any], proved: Proof, named: str) -> None:
    found = "; ".join(proved.faults) or proved.detail
    seen.update(found=f"{proved.state}: {found}", well=proved.state is ProofState.DAMAGED and named in found)


async def _other_rows(place: Workplace, target: Target, name: str, story: Story) -> None:
    """Put the dump of a later moment under the manifest, checksums and all: only its rows give it away."""
    assert target.local is not None
    await _ask(place.settings, _ONE_TITLE)
    later = (await create.run(place)).details["name"]
    dump = target.local / name / "knowledge.dump"
    dump.write_bytes((target.local / later / dump.name).read_bytes())
    said = target.read_manifest(name)
    size, digest = dump.stat().st_size, sha256(dump)
    files = tuple(replace(one, bytes=size, sha256=digest) if one.name == dump.name else one for one in said.files)
    target.write_small(name, manifest.FILE, manifest.to_json(replace(said, files=files)))
    _listing(
        dump, "damage 2: the dump of a later moment, one title differs, checksums made to fit; `pg_restore -l`", story
    )
    with story.step("the proof of the same backup") as seen:
        _expect(seen, await proof.prove(place, target, name), _NODES)


async def _dropped_table(place: Workplace, story: Story) -> None:
    with story.step("a base backup, for recovery to any moment") as seen:
        outcome = await base.run(place)
        seen.update(found=outcome.summary, well=outcome.state.value == "done")
    with story.step("half of the nodes change, and then somebody drops their table") as seen:
        await _ask(place.settings, _HALF_THE_TAGS)
        before, moment = await _hashes(addresses(place.settings).knowledge), await _ask(place.settings, "SELECT now()")
        await _ask(place.settings, "DROP TABLE pake.knowledge_nodes CASCADE")
        gone = await _ask(place.settings, "SELECT to_regclass('pake.knowledge_nodes') IS NULL")
        seen.update(found=f"dropped just after {moment:%H:%M:%S.%f} UTC", well=gone)
    with story.step("recovery to just before it, in a server of its own") as seen:
        recovered: list[list[TableHash]] = []

        async def look(found: Recovered, _: Outcome) -> None:
            recovered.append(await _hashes(found.databases["knowledge"]))

        outcome = await pitr.recover(place, moment, look=look)
        rows = sum(one.rows for one in before)
        equal = recovered == [before]
        seen["found"] = f"{outcome.summary}\n    {rows:,} rows in {len(before)} tables are " + (
            "equal, by row hashes" if equal else "NOT equal"
        )
        seen["well"] = equal


async def _ask(settings: Settings, statement: str) -> Any:
    connection = await wait_for(addresses(settings).knowledge, Patience())
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def _hashes(url: str) -> list[TableHash]:
    connection = await wait_for(url, Patience())
    try:
        return await table_hashes(connection)
    finally:
        await connection.close()


def _print(story: Story, seconds: float) -> None:
    table = Table("what", "as it should be", box=None, pad_edge=False)
    table.add_column("seconds", justify="right")
    for what, _, well, took in story.lines:
        table.add_row(what, "[green]yes[/]" if well else "[red]no[/]", f"{took:.1f}")
    out.print()
    out.print(table)
    wrong = sum(not well for _, _, well, _ in story.lines)
    out.print(f"[red]{wrong} not as it should be[/]" if wrong else f"[green]all as it should be[/], in {seconds:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
