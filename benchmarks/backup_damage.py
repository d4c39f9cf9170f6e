"""The damage matrix of `backup`: what is planted in copies of a backup, and by which look each of it is found.

The looks, each stricter than the one before: `pg_restore -l` (does the list of contents come out), the exit code of a
restore, the rows counted in what was restored, the row hashes compared, and the product's own proof.
"""

import asyncio
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pake_pipelines.maintenance.backup import create, holding
from pake_pipelines.maintenance.backup import manifest as manifests
from pake_pipelines.maintenance.backup.comparison import differences, wrong_row_counts
from pake_pipelines.maintenance.backup.loading import LoadError, restore_into
from pake_pipelines.maintenance.backup.manifest import Manifest
from pake_pipelines.maintenance.backup.proof import prove
from pake_pipelines.maintenance.backup.targets import Target, target_of
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import ProofState
from pake_pipelines.store import swap
from pake_pipelines.store.client_tools import environment, find
from pake_pipelines.store.database import Patience, addresses, wait_for
from pake_pipelines.store.examination import examine
from pake_pipelines.store.scratch import ScratchServer

LOOKS: Final = ("restore_list", "restore_exit_code", "row_counts", "row_hashes", "proof")
_DUMP: Final = "knowledge.dump"
_TRUNCATIONS: Final = 40
_MANIFEST_FLIPS: Final = 30
_ZEROED: Final = 30
_PAGE: Final = 4096

Damage = Callable[[Path], None]


@dataclass(frozen=True)
class Planted:
    """A damage: of which kind, how to do it to the directory of a backup, and to which of the originals."""

    kind: str
    damage: Damage
    level: int


@dataclass(frozen=True)
class Originals:
    """Sound backups of one database by their compression level, an older one of it, and a dump that lacks a table."""

    by_level: Mapping[int, Path]
    older: Path
    lacking: Path


def flip(path: Path, position: int, bit: int) -> None:
    """Change one bit of a file."""
    with path.open("r+b") as file:
        file.seek(position)
        (byte,) = file.read(1)
        file.seek(position)
        file.write(bytes([byte ^ 1 << bit]))


def planned(originals: Originals, flips: int, seed: int) -> Iterator[Planted]:
    """Yield everything that is planted; the same for the same `seed`."""
    rng = random.Random(seed)
    for number in range(flips):
        level = number % 2
        at, bit = rng.randrange(_size(originals, level)), rng.randrange(8)
        yield Planted(f"flipped bit, -Z{level}", lambda it, at=at, bit=bit: flip(it / _DUMP, at, bit), level)
    for number in range(_TRUNCATIONS):
        level = number % 2
        length = int(_size(originals, level) * rng.choice((rng.random(), 0.9, 0.99, 0.999)))
        yield Planted("cut short", lambda it, length=length: os.truncate(it / _DUMP, length), level)
    for number in range(_ZEROED):
        at = rng.randrange(_size(originals, number % 2) - _PAGE)
        yield Planted("a page of zeros", lambda it, at=at: _zero(it / _DUMP, at), number % 2)
    for _ in range(_MANIFEST_FLIPS):
        at, bit = rng.randrange((originals.by_level[1] / manifests.FILE).stat().st_size), rng.randrange(8)
        yield Planted("flipped bit of the manifest", lambda it, at=at, bit=bit: flip(it / manifests.FILE, at, bit), 1)
    for level in (0, 1):
        yield from _exchanged(originals, level)


def _exchanged(originals: Originals, level: int) -> Iterator[Planted]:
    older = originals.older
    yield Planted("an older dump", lambda it: _copy(older / _DUMP, it / _DUMP), level)
    yield Planted("the other database's dump", lambda it: _copy(it / "dagster.dump", it / _DUMP), level)
    yield Planted("dumps exchanged", _exchange, level)
    yield Planted("no dump", lambda it: (it / _DUMP).unlink(), level)
    yield Planted("an older manifest", lambda it: _copy(older / manifests.FILE, it / manifests.FILE), level)
    yield Planted("an older manifest renamed", lambda it: _rename_manifest(older, it), level)
    yield Planted("an older manifest signed anew", lambda it: _sign(older, it), level)
    yield Planted("no manifest", lambda it: (it / manifests.FILE).unlink(), level)
    yield Planted("a missing table, signed anew", lambda it: _lacking(originals, it), level)


def _size(originals: Originals, level: int) -> int:
    return (originals.by_level[level] / _DUMP).stat().st_size


def _zero(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        before = file.read(_PAGE)
        file.seek(at)
        # zeros over zeros would be no damage
        file.write(bytes(_PAGE) if any(before) else b"\xff" * _PAGE)


def _copy(source: Path, destination: Path) -> None:
    shutil.copyfile(source, destination)


def _exchange(directory: Path) -> None:
    one, other, aside = directory / _DUMP, directory / "dagster.dump", directory / "aside"
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


def _rename_manifest(older: Path, directory: Path) -> None:
    said = (older / manifests.FILE).read_bytes().replace(older.name.encode(), directory.name.encode())
    (directory / manifests.FILE).write_bytes(said)


def _sign(older: Path, directory: Path) -> None:
    """Let the older manifest claim this backup's files, with their right checksums: only comparing finds that."""
    held = manifests.from_json((older / manifests.FILE).read_bytes())
    _write_signed(replace(held, name=directory.name), directory)


def _lacking(originals: Originals, directory: Path) -> None:
    held = manifests.from_json((directory / manifests.FILE).read_bytes())
    _copy(originals.lacking, directory / _DUMP)
    _write_signed(held, directory)


def _write_signed(held: Manifest, directory: Path) -> None:
    files = tuple(
        replace(one, bytes=(directory / one.name).stat().st_size, sha256=holding.sha256(directory / one.name))
        for one in held.files
    )
    (directory / manifests.FILE).write_bytes(manifests.to_json(replace(held, files=files)))


async def make_originals(place: Workplace) -> Originals:
    """Back up at both levels, change some rows in between, and dump once without a table."""
    older = await _backup(place, 1)
    url = addresses(place.settings).knowledge
    connection = await wait_for(url, Patience())
    await connection.execute("UPDATE pake.knowledge_nodes SET title = upper(title) WHERE entry_id = 1")
    await connection.execute("DELETE FROM pake.embeddings WHERE ctid IN (SELECT ctid FROM pake.embeddings LIMIT 3)")
    await connection.close()
    by_level = {level: await _backup(place, level) for level in (0, 1)}
    lacking = place.settings.data / "lacking.dump"
    await asyncio.to_thread(_dump_without_a_table, url, lacking)
    return Originals(by_level, older, lacking)


def _dump_without_a_table(url: str, path: Path) -> None:
    program = str(find("pg_dump", 18).path)
    command = [program, "--format=custom", "--compress=1", "--exclude-table=pake.connections", f"--file={path}"]
    subprocess.run(command, env=environment(url), check=True)


async def _backup(place: Workplace, level: int) -> Path:
    rules = place.config.backup.model_copy(update={"compress_level": level})
    there = replace(place, config=place.config.model_copy(update={"backup": rules}))
    made = await create.run(there)
    return Path(target_of(there).url) / str(made.details["name"])


class Examiner:
    """Looks at damaged copies in every way."""

    def __init__(self, place: Workplace, server: ScratchServer) -> None:
        """Work in `place`; what is restored without a proof goes to `server`."""
        self._place, self._server = place, server
        self._restore = find("pg_restore", 18)
        self._target = Target(str(place.settings.data / "damaged"))

    async def looks(self, original: Path, planted: Planted) -> dict[str, bool]:
        """Plant a damage in a copy of `original` and return by which look it is found."""
        copy = Path(self._target.url) / original.name
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(original, copy)
        planted.damage(copy)
        list_found = await asyncio.to_thread(self._list_fails, copy / _DUMP)
        exit_found, counts_found, hashes_found = await self._restored(original, copy)
        proof = await prove(self._place, self._target, original.name)
        found = proof.state is ProofState.DAMAGED
        return dict(zip(LOOKS, (list_found, exit_found, counts_found, hashes_found, found), strict=True))

    def _list_fails(self, dump: Path) -> bool:
        command = [str(self._restore.path), "--list", str(dump)]
        return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode != 0

    async def _restored(self, original: Path, copy: Path) -> tuple[bool, bool, bool]:
        """Restore whatever the checksums say; return whether exit code, then row counts, then row hashes tell."""
        connection = await wait_for(self._server.url(), Patience())
        try:
            await swap.drop(connection, "knowledge")
            await swap.create(connection, "knowledge", like="postgres")
        finally:
            await connection.close()
        try:
            await restore_into(copy / _DUMP, self._server.url("knowledge"), self._restore, os.environ, jobs=2)
        except (LoadError, MaintenanceError):
            return True, True, True
        try:
            held = manifests.from_json((copy / manifests.FILE).read_bytes(), copy.name)
        except (MaintenanceError, FileNotFoundError):
            # these looks trust the list of rows that they have; the manifest is checked by the proof alone
            held = manifests.from_json((original / manifests.FILE).read_bytes())
        found = await examine(self._server.url("knowledge"))
        counts = wrong_row_counts(held.databases["knowledge"], found) > 0
        return False, counts, counts or bool(differences(held.databases["knowledge"], found, held.migration))
