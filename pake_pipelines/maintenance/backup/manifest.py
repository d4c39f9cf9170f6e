"""The manifest of a backup: what lies beside it, and what was in the databases at the moment of its snapshot.

It is written last and carries a checksum of itself, so that one that was edited, cut short or belongs to another
backup is found.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from pydantic import ConfigDict, TypeAdapter, ValidationError

from pake_pipelines.maintenance.errors import MaintenanceError

FORMAT: Final = 1
FILE: Final = "manifest.json"
_OPTIONS: Final = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of the backup: size in bytes and SHA-256 (hex) as it lies there; `plain_sha256` of what was encrypted."""

    name: str
    bytes: int
    sha256: str
    encrypted: bool = False
    plain_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class TableEntry:
    """A table in the snapshot: its rows, and the order-independent hash over them (`store.row_hashes`)."""

    schema: str
    name: str
    rows: int
    hash: str


@dataclass(frozen=True, slots=True)
class SequenceEntry:
    """A sequence: what was read before the dump began, so a restored one stands there or further on."""

    schema: str
    name: str
    at_least: int


@dataclass(frozen=True, slots=True)
class DatabaseManifest:
    """A database: its name on the server, its size there in bytes, the file with its dump, and what was in it."""

    name: str
    bytes: int
    file: str
    tables: tuple[TableEntry, ...]
    sequences: tuple[SequenceEntry, ...] = ()

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A backup. `databases` are by role (`knowledge`, `dagster`); `snapshot_at` is the moment of the first snapshot.

    `migration` is the revision of the knowledge database, `client_version` that of the pg_dump that was used.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", strict=False)

    format: int
    name: str
    created_at: datetime
    snapshot_at: datetime
    product_version: str
    migration: str
    server_version: str
    client_version: str
    host: str
    files: tuple[FileEntry, ...]
    databases: Mapping[str, DatabaseManifest]
    seconds: float

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(file.bytes for file in self.files)

    @property
    def rows(self) -> int:
        """Rows of all tables of all databases."""
        return sum(database.rows for database in self.databases.values())

    @property
    def tables(self) -> int:
        """Tables of all databases."""
        return sum(len(database.tables) for database in self.databases.values())

    @property
    def encrypted(self) -> bool:
        """Whether any file is encrypted."""
        return any(file.encrypted for file in self.files)

    def file_of(self, database: str) -> FileEntry:
        """Return the file with the dump of `database` (its role). Raises MaintenanceError."""
        if database not in self.databases:
            raise MaintenanceError(f"backup {self.name} holds no database {database!r}: {', '.join(self.databases)}")
        wanted = self.databases[database].file
        found = next((file for file in self.files if file.name == wanted), None)
        if found is None:
            raise MaintenanceError(f"the manifest of {self.name} names no file {wanted}")
        return found


_FORM: Final = TypeAdapter(Manifest)


def as_dict(manifest: Manifest) -> dict[str, Any]:
    """Return the manifest with plain values only, as it stands in JSON and in the table `backups`."""
    plain: dict[str, Any] = _FORM.dump_python(manifest, mode="json")
    return plain


def checksum(manifest: Manifest) -> str:
    """Return the SHA-256 that the manifest carries of itself; a proof names it, and so is of this backup only."""
    return _digest(as_dict(manifest))


def to_json(manifest: Manifest) -> bytes:
    """Return the manifest as JSON with its own SHA-256 in it."""
    plain = as_dict(manifest)
    return orjson.dumps({**plain, "sha256": _digest(plain)}, option=_OPTIONS | orjson.OPT_INDENT_2)


def from_json(data: bytes, name: str | None = None) -> Manifest:
    """Read a manifest; with `name` it must be the one of that backup. Raises MaintenanceError naming what is wrong."""
    called = f"the manifest of {name}" if name else "the manifest"
    try:
        plain = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise MaintenanceError(f"{called} is damaged: it is no JSON ({error})") from error
    if not isinstance(plain, dict) or not isinstance(said := plain.pop("sha256", None), str):
        raise MaintenanceError(f"{called} is damaged: it carries no checksum of itself")
    if said != _digest(plain):
        raise MaintenanceError(f"{called} is damaged or was edited: it does not match its own checksum")
    if plain.get("format") != FORMAT:
        raise MaintenanceError(f"{called} has format {plain.get('format')!r}; this version reads format {FORMAT}")
    try:
        manifest = _FORM.validate_python(plain)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise MaintenanceError(f"{called} cannot be read: {where}: {first['msg']}") from error
    if name is not None and manifest.name != name:
        raise MaintenanceError(f"{called} belongs to another backup, {manifest.name}")
    return manifest


def _digest(plain: Mapping[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(plain, option=_OPTIONS)).hexdigest()
