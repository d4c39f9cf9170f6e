"""Changes to `configs/sources.yaml` that commands make: whole, checked before and after, or not at all."""

import difflib
import fcntl
import os
import shutil
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pake_pipelines.config.loading import ConfigError, load, load_sources
from pake_pipelines.config.sources import ALL_ENABLED, SourcesConfig
from pake_pipelines.config.yaml_text import with_entries, with_items, without_entry
from pake_pipelines.durable import sync_directory


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the file's text, and the sources that it is about."""

    slugs: Collection[str]
    apply: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Edited:
    """The file's text before and after a change, and the configuration that it then holds."""

    before: str
    after: str
    config: SourcesConfig

    @property
    def changed_lines(self) -> list[str]:
        """Every line that went, with `-` before it, and every line that came, with `+`."""
        compared = difflib.ndiff(self.before.splitlines(), self.after.splitlines())
        return [line for line in compared if line.startswith(("-", "+"))]


def added(sources: Mapping[str, Mapping[str, Any]], schedule: str | None = None) -> Change:
    """Return the change that adds `sources` (slug to keys), read by `schedule` if one is named."""

    def apply(text: str) -> str:
        text = with_entries(text, ("sources",), sources)
        return with_items(text, ("schedules", schedule, "sources"), list(sources)) if schedule else text

    return Change(tuple(sources), apply)


def enabled(slug: str) -> Change:
    """Return the change that enables `slug`, which is then not disabled for any reason."""
    path = ("sources", slug)
    return Change([slug], lambda text: without_entry(without_entry(text, path, "disabled_because"), path, "enabled"))


def disabled(slug: str, because: str) -> Change:
    """Return the change that disables `slug` and says why."""
    said = {"enabled": False, "disabled_because": because}
    return Change([slug], lambda text: with_entries(text, ("sources", slug), said))


def edit(configs: Path, change: Change, *, dry_run: bool = False) -> Edited:
    """Make `change` in `sources.yaml` below `configs`, or with `dry_run` only find out what it would do.

    Raises ConfigError, and leaves the file as it is, when it is faulty already, would be faulty afterwards, would say
    something else of other sources, or cannot be written.
    """
    file = (configs / "sources.yaml").resolve()
    whole = file.with_name(f".{file.name}.{uuid.uuid4().hex}.tmp")
    try:
        with _alone(file.parent):
            edited = _edited(file, whole, change)
            if not dry_run:
                whole.replace(file)
                sync_directory(file.parent)
    except OSError as error:
        raise ConfigError(f"{file} cannot be changed: {error.strerror or error}") from error
    finally:
        whole.unlink(missing_ok=True)
    load_sources.cache_clear()
    return edited


def _edited(file: Path, whole: Path, change: Change) -> Edited:
    """Write the changed `file` as `whole` and return what the change does."""
    config = load(SourcesConfig, file, "sources.yaml")
    before = file.read_bytes().decode() if file.exists() else ""
    after = change.apply(before)
    _write(whole, after, like=file)
    try:
        changed = load(SourcesConfig, whole, "sources.yaml")
    except ConfigError as error:
        said = str(error).replace(whole.name, file.name)
        raise ConfigError(f"nothing was changed, because the file would then be faulty:\n{said}") from error
    if _others(config, change.slugs) != _others(changed, change.slugs):
        raise ConfigError(f"nothing was changed: one place of {file} speaks of several sources; change it by hand")
    return Edited(before, after, changed)


def _others(config: SourcesConfig, slugs: Collection[str]) -> Mapping[str, Any]:
    """Return all that `config` says of anything but the sources `slugs`."""
    said = config.model_dump()
    said["sources"] = {slug: source for slug, source in said["sources"].items() if slug not in slugs}
    for schedule in said["schedules"].values():
        if schedule["sources"] != ALL_ENABLED:
            schedule["sources"] = [slug for slug in schedule["sources"] if slug not in slugs]
    return said


def _write(whole: Path, text: str, *, like: Path) -> None:
    with whole.open("xb") as sink:
        sink.write(text.encode())
        sink.flush()
        os.fsync(sink.fileno())
    if like.exists():
        shutil.copymode(like, whole)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Wait until no other command changes files in `directory`, and keep others waiting."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
