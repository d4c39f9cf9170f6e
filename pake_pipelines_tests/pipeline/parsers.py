"""Parsers that misbehave in every way that a worker must survive, in a module that workers can import."""

import os
import signal
import time
from pathlib import Path

from pake_pipelines.model.entry import Entry, Parsed
from pake_pipelines.sources.protocol import SourceError


def echo(fetched):
    return Parsed((), title=fetched.body.decode())


def many(fetched):
    return Parsed(tuple(Entry(str(n), "", "", "text/plain") for n in range(int(fetched.body))), warnings=("first",))


def loop_forever(fetched):
    while True:
        pass


def eat_memory(fetched):
    eaten = []
    while True:
        eaten.append(bytearray(1 << 20))


def die(fetched):
    os.kill(os.getpid(), signal.SIGKILL)


def refuse(fetched):
    raise SourceError("http_status", "no", status=503)


def stumble(fetched):
    raise KeyError("oh")


def process(fetched):
    """Tell of the process itself: its number, and which heavy libraries it knows."""
    import sys

    heavy = {"dagster", "torch", "pandas", "spacy", "sqlalchemy", "asyncpg", "aiohttp"} & sys.modules.keys()
    return Parsed((), title=str(os.getpid()), warnings=tuple(sorted(heavy)))


def resident(fetched):
    """Tell the most megabytes that were ever resident, after an attempt at taking everything there is."""
    try:
        eat_memory(fetched)
    except MemoryError:
        status = Path("/proc/self/status").read_text()
        return Parsed((), title=str(int(status.partition("VmHWM:")[2].split()[0]) // 1024))


def hang_and_tell(fetched):
    """Write the process's number where the body says, and never return."""
    Path(fetched.body.decode()).write_text(str(os.getpid()))
    time.sleep(600)
