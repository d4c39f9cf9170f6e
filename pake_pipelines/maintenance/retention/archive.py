"""An archive file: JSON lines under zstd, a header first, then one line for each row.

The header has the format, when and at which migration it was written, its items (source, key, title, why they left,
rows and hash of what hangs on each) and rows and hash of each table. Rows stand there as the server writes them.
A file appears whole or not at all: it is written under another name, synced and renamed.
"""

import hashlib
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final
from uuid import UUID

import orjson

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.durable import sync_directory
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.store import archived_rows
from pake_pipelines.store.archived_rows import TABLES, RowsHash
from pake_pipelines.store.database import Connection
from pake_pipelines.store.migrations import HEAD

FORMAT: Final = 1
SUFFIX: Final = ".jsonl.zst"
PARTIAL: Final = ".partial"
# rows are handed to the server in parts that fit into memory easily
_CHUNK_BYTES: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class ArchivedItem:
    """An item as the header lists it: `since` is when its newest version came, `reason` why it left."""

    source: str
    key: str
    title: str
    since: str
    reason: str
    rows: int
    hash: str


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of an archive file."""

    format: int
    made_at: str
    migration: str
    run_id: str
    items: Mapping[UUID, ArchivedItem]
    tables: Mapping[str, RowsHash]

    def to_json(self) -> bytes:
        """Return the line."""
        plain = asdict(self)
        return orjson.dumps({**plain, "items": {str(one): item for one, item in plain["items"].items()}})

    @classmethod
    def from_json(cls, line: bytes) -> "Header":
        """Read the line. Raises ValueError, KeyError or TypeError when it is none."""
        read = orjson.loads(line)
        if read["format"] != FORMAT:
            raise ValueError(f"format {read['format']} is unknown to this version")
        return cls(
            read["format"],
            read["made_at"],
            read["migration"],
            read["run_id"],
            {UUID(key): ArchivedItem(**one) for key, one in read["items"].items()},
            {name: RowsHash(**one) for name, one in read["tables"].items()},
        )


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written: SHA-256 and size of its bytes."""

    sha256: str
    size: int


async def write(connection: Connection, target: Path, header: Header) -> Written:
    """Write what hangs on the items of `header` to `target`; belongs into the snapshot that the header is of.

    Raises OSError when the disk will not have it; `target` does not exist then.
    """
    import zstandard

    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}{PARTIAL}")
    compressor = zstandard.ZstdCompressor(write_checksum=True)
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            with compressor.stream_writer(file, closefd=False) as sink:
                sink.write(header.to_json() + b"\n")
                for table in TABLES:
                    async for row in archived_rows.rows(connection, table, list(header.items)):
                        sink.write(f'{{"table":"{table}","row":{row}}}\n'.encode())
            file.flush()
            os.fsync(file.fileno())
        crash.point(CrashPoint.RETENTION_WRITTEN)
        written = _measured(temporary)
        temporary.rename(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(target.parent)
    crash.point(CrashPoint.RETENTION_RENAMED)
    return written


def _measured(path: Path) -> Written:
    with path.open("rb") as file:
        return Written(hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size)


def measured(path: Path) -> Written:
    """Return hash and size of the file as it lies there. Raises MaintenanceError when it cannot be read."""
    with _readable(path):
        return _measured(path)


def read_header(path: Path) -> Header:
    """Return the header of the file at `path`. Raises MaintenanceError when it has none."""
    with _readable(path), _lines(path) as lines:
        return Header.from_json(next(lines, "").encode())


def chunks(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield (table, rows) of the file at `path`, in parts that fit into memory. Raises MaintenanceError."""
    with _readable(path), _lines(path) as lines:
        next(lines, "")
        table, size = "", 0
        held: list[str] = []
        for line in lines:
            name, _, row = line.rstrip("\n").removeprefix('{"table":"').partition('","row":')
            if name not in TABLES or not row.endswith("}"):
                raise ValueError(f"a line that is no row: {line[:60]!r}")
            if held and (name != table or size > _CHUNK_BYTES):
                yield table, held
                held, size = [], 0
            table, size = name, size + len(row)
            held.append(row[:-1])
        if held:
            yield table, held


async def verify(connection: Connection, path: Path, sha256: str | None = None) -> Header:
    """Read the file at `path` back, turn its lines into rows of their tables and compare them with its header.

    Belongs into a transaction. Raises MaintenanceError when they differ, or the bytes are not those of `sha256`.
    """
    if sha256 is not None and measured(path).sha256 != sha256:
        raise MaintenanceError(f"archive {path.name} is damaged: its SHA-256 is not the one it was written with")
    header = read_header(path)
    found: dict[str, RowsHash] = {}
    for table, lines in chunks(path):
        part = await archived_rows.lines_hash(connection, table, lines)
        known = found.get(table, archived_rows.NOTHING)
        found[table] = RowsHash(known.rows + part.rows, str(int(known.hash) + int(part.hash)))
    # rows of an earlier migration have become others; then they are counted
    comparable = header.migration == HEAD
    for table, expected in header.tables.items():
        read = found.get(table, archived_rows.NOTHING)
        if read.rows != expected.rows or (comparable and read != expected):
            raise MaintenanceError(f"archive {path.name} does not hold the rows of {table} that its header tells of")
    return header


def only(lines: Sequence[str], column: str, values: frozenset[Any]) -> list[str]:
    """Return those of `lines` whose `column` is one of `values`."""
    return [line for line in lines if orjson.loads(line)[column] in values]


@contextmanager
def _lines(path: Path) -> Iterator[Iterator[str]]:
    import zstandard

    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as reader:
        # only a line feed ends a line: JSON has others within
        yield iter(io.TextIOWrapper(_whole(reader), encoding="utf-8", newline="\n"))


def _whole(reader: IO[bytes]) -> Any:
    return io.BufferedReader(reader)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    import zstandard

    try:
        yield
    except FileNotFoundError as error:
        raise MaintenanceError(f"archive {path.name} is missing: no file {path}") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zstandard.ZstdError) as error:
        raise MaintenanceError(f"archive {path.name} cannot be read: {error}") from error
