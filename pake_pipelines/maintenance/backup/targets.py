"""Where backups lie: a local directory or any fsspec URL, with a directory `backup-%Y%m%dT%H%M%SZ` for each (C-24).

A backup appears whole or not at all. In a local target it is made under another name, synced and renamed. Elsewhere
nothing can be renamed: a marker goes first, the manifest last, and what has the marker but no manifest is unfinished.
"""

import errno
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Final

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.durable import sync_directory
from pake_pipelines.maintenance.backup import manifest as manifests
from pake_pipelines.maintenance.backup.files import locked, private
from pake_pipelines.maintenance.backup.manifest import Manifest
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.workplace import Workplace

MARKER: Final = ".unfinished"
# the manifest of a configuration, written last as the other is
CONFIGS: Final = "configs.json"
_NAME: Final = re.compile(r"(backup|config)-(\d{8}T\d{6}Z)")
_STAMP: Final = "%Y%m%dT%H%M%SZ"
_LEFT: Final = re.compile(r"\.(backup|config)-\d{8}T\d{6}Z\.(partial|removing)")
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_CHUNK: Final = 1 << 20


def name_at(now: datetime, taken: Sequence[str], kind: str = "backup") -> str:
    """Return the name of a backup made `now`; of several in one second the later ones are named by the next."""
    while (name := f"{kind}-{now.astimezone(UTC).strftime(_STAMP)}") in taken:
        now += timedelta(seconds=1)
    return name


def named_time(name: str) -> datetime:
    """Return the moment that a backup's name says. Raises MaintenanceError for what is no such name."""
    if (found := _NAME.fullmatch(name)) is None:
        raise MaintenanceError(f"{name!r} is no backup: they are named like backup-20261122T010000Z")
    return datetime.strptime(found[2], _STAMP).replace(tzinfo=UTC)


def target_of(place: Workplace) -> "Target":
    """Return the target of the configuration; a relative directory is one of the project."""
    chosen = place.config.backup.target
    if chosen is None:
        return Target(str(place.settings.data / "backups"))
    try:
        return Target(chosen if "://" in chosen else str(place.settings.home / Path(chosen).expanduser()))
    except (ImportError, ValueError) as error:
        raise MaintenanceError(f"backup.target in configs/maintenance.yaml cannot be used: {error}") from error


class Target:
    """The backups below `url`. Every method raises OSError when the place cannot be reached, read or written."""

    def __init__(self, url: str) -> None:
        """Open the place; nothing is created before the first backup."""
        import fsspec.core

        self.url = url
        self._fs, self._root = fsspec.core.url_to_fs(url)
        protocols = self._fs.protocol if isinstance(self._fs.protocol, tuple) else (self._fs.protocol,)
        self.local = Path(self._root) if "file" in protocols else None

    @property
    def shown(self) -> str:
        """The place in words, without a password."""
        return re.sub(r"://[^/@]*@", "://***@", self.url)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Say in a sentence, as MaintenanceError, what the place has against what is done inside."""
        try:
            yield
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise MaintenanceError(
                    f"no room left for a backup at {self.shown}; what was begun is removed again: free some space, or "
                    "set backup.target in configs/maintenance.yaml"
                ) from error
            why = error.strerror or str(error) or type(error).__name__
            raise MaintenanceError(f"{self.shown} cannot be used for backups: {why}") from error

    def names(self, kind: str = "backup") -> list[str]:
        """Return the names of all backups, oldest first: damaged ones too, unfinished ones not."""
        found = [name for name in self._entries(self._root) if name.startswith(f"{kind}-") and _NAME.fullmatch(name)]
        return sorted(name for name in found if not self._is_unfinished(name))

    def _entries(self, directory: str) -> list[str]:
        self._fs.invalidate_cache()
        with suppress(FileNotFoundError):
            return [str(path).rstrip("/").rpartition("/")[2] for path in self._fs.ls(directory, detail=False)]
        return []

    def _is_unfinished(self, name: str) -> bool:
        if self.local is not None:
            return False
        held = self._entries(self._path(name))
        return not held or (MARKER in held and manifests.FILE not in held and CONFIGS not in held)

    def files(self, name: str) -> list[str]:
        """Return the names of the files of a backup."""
        return sorted(self._entries(self._path(name)))

    def size(self, name: str, file: str) -> int | None:
        """Return the size of a file in bytes, None when it is not there."""
        try:
            return int(self._fs.info(self._path(name, file))["size"])
        except FileNotFoundError:
            return None

    def _path(self, name: str, file: str | None = None) -> str:
        named_time(name)
        if file is not None and (file in {"", ".", ".."} or "/" in file or "\\" in file):
            raise MaintenanceError(f"backup {name} names a file outside of itself: {file!r}")
        return f"{self._root}/{name}" if file is None else f"{self._root}/{name}/{file}"

    def open(self, name: str, file: str) -> IO[bytes]:
        """Open a file of a backup for reading."""
        opened: IO[bytes] = self._fs.open(self._path(name, file), "rb")
        return opened

    def read_small(self, name: str, file: str) -> bytes | None:
        """Return a small file of a backup, None when it is not there."""
        try:
            with self.open(name, file) as opened:
                return opened.read()
        except FileNotFoundError:
            return None

    def read_manifest(self, name: str) -> Manifest:
        """Return the manifest of a backup. Raises MaintenanceError when it is missing, damaged or another's."""
        data = self.read_small(name, manifests.FILE)
        if data is None:
            raise MaintenanceError(f"backup {name} has no manifest, so nothing can be said of it")
        return manifests.from_json(data, name)

    def write_small(self, name: str, file: str, data: bytes) -> None:
        """Write a small file into a backup: whole or not at all, and synced where that is possible."""
        path = self._path(name, file)
        if self.local is None:
            self._fs.pipe_file(path, data)
            return
        temporary = Path(path).with_name(f".{file}.partial")
        temporary.unlink(missing_ok=True)
        with private(temporary) as opened:
            opened.write(data)
        temporary.rename(path)
        sync_directory(temporary.parent)

    def fetch(self, name: str, directory: Path, files: Sequence[str] | None = None) -> Path:
        """Copy `files` of a backup (without them all) into a local directory; return it. What is missing stays so."""
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for file in self.files(name) if files is None else files:
            with suppress(FileNotFoundError), self.open(name, file) as reading, private(directory / file) as writing:
                shutil.copyfileobj(reading, writing, _CHUNK)
        return directory

    @contextmanager
    def staging(self, name: str, elsewhere: Path) -> Iterator[Path]:
        """Lend a fresh private directory in which a backup is made; it is gone afterwards, unless it was published.

        Beside the others in a local target, else below `elsewhere`. Whoever works in it holds it locked.
        """
        parent = self.staging_parent(elsewhere)
        parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        directory = parent / f".{name}.partial"
        directory.mkdir(mode=0o700)
        with locked(directory):
            try:
                yield directory
            finally:
                shutil.rmtree(directory, ignore_errors=True)

    def staging_parent(self, elsewhere: Path) -> Path:
        """Return the directory in which backups are made."""
        return elsewhere if self.local is None else self.local

    def publish(self, directory: Path, name: str) -> None:
        """Let a finished backup appear under its name. Its files are synced already."""
        if self.local is not None:
            sync_directory(directory)
            crash.point(CrashPoint.BACKUP_SYNCED)
            directory.rename(self.local / name)
            crash.point(CrashPoint.BACKUP_RENAMED)
            sync_directory(self.local)
            return
        self._upload(directory, name)

    def _upload(self, directory: Path, name: str) -> None:
        self._fs.makedirs(self._path(name), exist_ok=True)
        self._fs.pipe_file(self._path(name, MARKER), b"")
        last = {manifests.FILE, CONFIGS}
        for path in sorted(directory.iterdir(), key=lambda path: (path.name in last, path.name)):
            with path.open("rb") as reading, self._fs.open(self._path(name, path.name), "wb") as writing:
                shutil.copyfileobj(reading, writing, _CHUNK)
            if self.size(name, path.name) != path.stat().st_size:
                raise OSError(f"{path.name} did not arrive whole at {self.shown}")
            crash.point(CrashPoint.BACKUP_UPLOADED)
        self._fs.rm_file(self._path(name, MARKER))

    def remove(self, name: str) -> None:
        """Remove a backup: first its name, so that none is ever found half removed."""
        path = self._path(name)
        if self.local is not None:
            leaving = self.local / f".{name}.removing"
            Path(path).rename(leaving)
            sync_directory(self.local)
            crash.point(CrashPoint.BACKUP_LEAVING)
            shutil.rmtree(leaving)
            return
        self._fs.pipe_file(self._path(name, MARKER), b"")
        for file in (manifests.FILE, CONFIGS):
            with suppress(FileNotFoundError):
                self._fs.rm_file(self._path(name, file))
        crash.point(CrashPoint.BACKUP_LEAVING)
        self._clear(name)

    def _clear(self, name: str) -> None:
        for file in sorted(self.files(name), key=lambda file: file == MARKER):
            self._fs.rm_file(self._path(name, file))
        with suppress(OSError):  # a bucket has no directories, and a directory that is empty does no harm
            self._fs.rmdir(self._path(name))

    def sweep(self, elsewhere: Path) -> list[str]:
        """Remove what killed runs have left, but nothing that anybody still works in; return the names."""
        parent = self.staging_parent(elsewhere)
        left = [path for path in _listed(parent) if _LEFT.fullmatch(path.name)]
        gone = [path.name for path in left if _remove_left(path)]
        if self.local is None:
            unfinished = [name for name in self._entries(self._root) if _NAME.fullmatch(name)]
            for name in (name for name in unfinished if self._is_unfinished(name)):
                self._clear(name)
                gone.append(name)
        return sorted(gone)


def _listed(directory: Path) -> list[Path]:
    with suppress(FileNotFoundError):
        return list(directory.iterdir())
    return []


def _remove_left(directory: Path) -> bool:
    try:
        with locked(directory):
            shutil.rmtree(directory)
    except BlockingIOError:
        return False
    return True
