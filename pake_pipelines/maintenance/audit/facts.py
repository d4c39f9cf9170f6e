"""What the audit of the configuration looks at, as plain data: read here, judged in `rules`."""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pake_pipelines.config.loading import (
    ConfigError,
    load_maintenance,
    load_monitoring,
    load_quality,
    load_sources,
)
from pake_pipelines.config.source_kinds import MailboxSource
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.config.yaml_text import leaves
from pake_pipelines.redaction.names import is_secret_variable
from pake_pipelines.settings import PREFIX, Settings

Kind = Literal["secret", "config", "log", "backup", "data"]
LOADERS: Final = {
    "sources": load_sources, "quality": load_quality, "monitoring": load_monitoring, "maintenance": load_maintenance,
}  # fmt: skip
_MOST_FILES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Said:
    """A text in a configuration file: `where` is file, line and key; `key` its last part."""

    where: str
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class FileMode:
    """A file or directory of ours, what it holds, and its mode bits."""

    path: str
    kind: Kind
    mode: int


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the rules look at.

    `environment` holds the variables that mean something to us, `examples` those of a shipped `.env.example`; `needed`
    says which variables a source cannot be read without: variable -> sources.
    """

    said: tuple[Said, ...] = ()
    environment: Mapping[str, str] | None = None
    examples: Mapping[str, str] | None = None
    needed: Mapping[str, tuple[str, ...]] | None = None
    modes: tuple[FileMode, ...] = ()
    unusable: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    backup_target: str | None = None
    encrypted: bool = False


def gather(settings: Settings, environ: Mapping[str, str]) -> Facts:
    """Read the configuration files, the environment and the modes of our files below home and data."""
    said: list[Said] = []
    unusable: list[str] = []
    for name, load in LOADERS.items():
        try:
            load(settings.configs)
        except ConfigError as error:
            unusable += str(error).splitlines()
        else:
            said += _texts(settings.configs / f"{name}.yaml")
    whole = not unusable
    needed = _needed(load_sources(settings.configs)) if whole else {}
    backup = load_maintenance(settings.configs).backup if whole else None
    return Facts(
        said=tuple(said),
        environment={**assignments(settings.home / ".env"), **_ours(environ, needed)},
        examples=assignments(settings.home / ".env.example"),
        needed=needed,
        modes=tuple(_modes(settings)),
        unusable=tuple(unusable),
        host=settings.host,
        backup_target=backup.target if backup else None,
        encrypted=backup is not None and backup.encrypt,
    )


def _texts(file: Path) -> Iterator[Said]:
    if file.exists():
        for line, path, text in leaves(file.read_text("utf-8")):
            yield Said(f"{file.parent.name}/{file.name}:{line} {'.'.join(map(str, path))}", str(path[-1]), text)


def _needed(sources: SourcesConfig) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for slug, source in sources.enabled.items():
        if isinstance(source, MailboxSource):
            for name in (source.username_env, source.password_env):
                found[name] = (*found.get(name, ()), slug)
    return found


def _ours(environ: Mapping[str, str], needed: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {
        name: value
        for name, value in environ.items()
        if name.startswith(PREFIX) or name in needed or is_secret_variable(name)
    }


def assignments(file: Path) -> dict[str, str]:
    """Return the variables that a file of `NAME=value` lines sets; empty without the file."""
    try:
        lines = file.read_text("utf-8", errors="replace").splitlines()
    except (FileNotFoundError, IsADirectoryError):
        return {}
    pairs = (re.fullmatch(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*", line) for line in lines)
    return {pair[1]: pair[2].strip("'\"") for pair in pairs if pair}


def _modes(settings: Settings) -> Iterator[FileMode]:
    """Yield the modes of what must not be open: links are not followed."""
    data = settings.data
    yield from _mode(settings.home / ".env", "secret")
    yield from _mode(data, "data")
    yield from _below(settings.configs, "config")
    yield from _below(data / "logs", "log")
    yield from _below(data / "backups", "backup")


def _below(directory: Path, kind: Kind) -> Iterator[FileMode]:
    seen = 0
    for root, _, files in os.walk(directory):
        for name in files:
            seen += 1
            if seen > _MOST_FILES:
                return
            yield from _mode(Path(root) / name, kind)


def _mode(path: Path, kind: Kind) -> Iterator[FileMode]:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISLNK(found.st_mode):
        yield FileMode(str(path), kind, stat.S_IMODE(found.st_mode))
