"""The backup of the configuration (BAK-03): `configs.tar.gz` with its own small manifest `configs.json`, no secrets.

It goes into today's newest backup, beside the dumps and outside of their manifest, which stays as it is; where there is
none, or one that has a configuration already, into a directory `config-%Y%m%dT%H%M%SZ` of its own.
"""

import asyncio
import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import orjson

from pake_pipelines.maintenance.backup import encryption
from pake_pipelines.maintenance.backup.dump import store
from pake_pipelines.maintenance.backup.manifest import FileEntry
from pake_pipelines.maintenance.backup.sizes import in_words
from pake_pipelines.maintenance.backup.targets import CONFIGS, Target, name_at, target_of
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, TaskState
from pake_pipelines.redaction import redact

ARCHIVE: Final = "configs.tar.gz"
_DIRECTORY: Final = "configs"
_SINGLE: Final = ("dagster.yaml", "workspace.yaml", "pyproject.toml")
_LARGEST: Final = 5_000_000
# whole files of secrets; a value in them need not look like one
_SECRET_FILES: Final = (".env*", "*.pem", "*.key", "*.p12", "*.pfx", "id_*")


@dataclass(frozen=True, slots=True)
class Packed:
    """A file that was packed; `redacted` are the lines (from 1) in which a secret was replaced by `***`."""

    path: str
    text: bytes
    redacted: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that was not packed, and why."""

    path: str
    why: str


async def run(place: Workplace) -> Outcome:
    """Pack the configuration into the target. Raises MaintenanceError."""
    target = target_of(place)
    found = list(_found(place.settings.home))
    packed = [one for one in found if isinstance(one, Packed)]
    left_out = [one for one in found if isinstance(one, LeftOut)]
    if not packed:
        raise MaintenanceError(f"there is no configuration to back up in {place.settings.home}")
    with target.told():
        within = _todays(target, place)
    name = within or name_at(place.clock(), target.names("config"), "config")
    if not place.dry_run:
        with target.told():
            await asyncio.to_thread(_write, place, target, name, packed, left_out)
    return _outcome(place, target, name, packed, left_out)


def _found(home: Path) -> Iterator[Packed | LeftOut]:
    """Yield every file of the configuration, by path. Links are not followed: they may lead anywhere."""
    for path in sorted([*(home / _DIRECTORY).rglob("*"), *(home / name for name in _SINGLE)]):
        shown = path.relative_to(home).as_posix()
        if path.is_symlink():
            yield LeftOut(shown, "a link")
        elif path.is_file():
            yield _read(path, shown)


def _read(path: Path, shown: str) -> Packed | LeftOut:
    if any(path.match(pattern) for pattern in _SECRET_FILES):
        return LeftOut(shown, "a file of secrets")
    if path.stat().st_size > _LARGEST:
        return LeftOut(shown, f"larger than {in_words(_LARGEST)}")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return LeftOut(shown, "no text, so that secrets in it cannot be found")
    except OSError as error:
        return LeftOut(shown, f"cannot be read: {error.strerror}")
    clean = redact(text)
    return Packed(shown, clean.encode(), tuple(_changed(text, clean)))


def _changed(before: str, after: str) -> Iterator[int]:
    kept = set(after.splitlines())
    yield from (number for number, line in enumerate(before.splitlines(), 1) if line not in kept)


def _todays(target: Target, place: Workplace) -> str | None:
    """Return the newest backup if it is of today and has no configuration yet."""
    names = target.names()
    if not names or target.size(names[-1], CONFIGS) is not None:
        return None
    return names[-1] if names[-1].startswith(f"backup-{place.clock():%Y%m%d}T") else None


def _write(place: Workplace, target: Target, name: str, packed: list[Packed], left_out: list[LeftOut]) -> None:
    rules, elsewhere = place.config.backup, place.settings.data / "tmp"
    identity = encryption.identity_of(place.environ, rules.key_env) if rules.encrypt else None
    target.sweep(elsewhere)
    archive = ARCHIVE + (encryption.SUFFIX if identity else "")
    own = name.startswith("config-")
    staged = name if own else name_at(place.clock(), target.names("config"), "config")
    with target.staging(staged, elsewhere) as directory:
        entry = store(io.BytesIO(_archived(packed)), directory / archive, identity)
        said = _said(place, name, entry, packed, left_out)
        if own:
            store(io.BytesIO(said), directory / CONFIGS, None)
            target.publish(directory, name)
            return
        target.write_small(name, archive, (directory / archive).read_bytes())
        target.write_small(name, CONFIGS, said)


def _archived(packed: list[Packed]) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for one in packed:
            entry = tarfile.TarInfo(one.path)
            entry.size, entry.mode = len(one.text), 0o600
            archive.addfile(entry, io.BytesIO(one.text))
    return gzip.compress(plain.getvalue(), mtime=0)


def _said(place: Workplace, name: str, entry: FileEntry, packed: list[Packed], left_out: list[LeftOut]) -> bytes:
    plain: dict[str, Any] = {
        "format": 1,
        "name": name,
        "created_at": place.clock().isoformat(),
        "archive": asdict(entry),
        "files": [{"path": one.path, "bytes": len(one.text), "redacted": list(one.redacted)} for one in packed],
        "left_out": [asdict(one) for one in left_out],
    }
    digest = hashlib.sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return orjson.dumps({**plain, "sha256": digest}, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)


def faults(target: Target, name: str) -> list[str]:
    """Return in words what is wrong with the configuration in a backup, if it has one. Raises OSError."""
    data = target.read_small(name, CONFIGS)
    if data is None:
        return []
    try:
        plain = orjson.loads(data)
        said = plain.pop("sha256")
        entry = FileEntry(**plain["archive"])
    except (orjson.JSONDecodeError, TypeError, KeyError, AttributeError):
        return [f"{CONFIGS} cannot be read"]
    if said != hashlib.sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest() or plain["name"] != name:
        return [f"{CONFIGS} does not match its own checksum, or belongs to another backup"]
    archive = target.read_small(name, entry.name)
    if archive is None:
        return [f"{entry.name} is missing"]
    whole = replace(entry, bytes=len(archive), sha256=hashlib.sha256(archive).hexdigest()) == entry
    return [] if whole else [f"{entry.name} has other bytes than were written (SHA-256)"]


def _outcome(place: Workplace, target: Target, name: str, packed: list[Packed], left_out: list[LeftOut]) -> Outcome:
    redacted = sum(len(one.redacted) for one in packed)
    done = "would be packed" if place.dry_run else "packed"
    return Outcome(
        TaskState.DONE,
        f"{len(packed)} configuration files {done} into {name}, {redacted} lines with a secret masked",
        {
            "path": f"{target.shown}/{name}",
            "files": len(packed),
            "redacted_lines": redacted,
            "redacted": [{"path": one.path, "line": line} for one in packed for line in one.redacted],
            "left_out": [asdict(one) for one in left_out],
        },
    )
