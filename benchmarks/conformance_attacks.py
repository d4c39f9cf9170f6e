"""defusedxml's hostile documents, as they are and as feeds with the same declarations, read in a worker process.

What their external entities name is there: a file with a secret, and a server on loopback that counts its callers.
"""

import asyncio
import re
import socketserver
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.report import Report
from pake_pipelines.config.loading import load_sources
from pake_pipelines.model.entry import Parsed
from pake_pipelines.pipeline.worker import Worker
from pake_pipelines.settings import PACKAGE_HOME
from pake_pipelines.sources.feeds.parsing import parse_fetched
from pake_pipelines.sources.protocol import Fetched, SourceError

_SECRET: Final = "a-secret-of-this-machine"
_FILE: Final = re.compile(rb"file:///PATH/TO/[^\"]*")
_SERVER: Final = re.compile(rb"https?://(?:www\.w3schools\.com|www\.w3\.org/TR|example\.invalid)[^\"]*")
_DECLARATIONS: Final = re.compile(rb"<!DOCTYPE\s+\S+\s+(\[.*?\]>)", re.DOTALL)
_ENTITY: Final = re.compile(rb"<!ENTITY\s+(\w+)")


@dataclass(frozen=True)
class _Attempt:
    """What came of one document: the text that got out, and the seconds that it took."""

    name: str
    text: str
    seconds: float


def check(corpus: Path) -> Report:
    """Read every document below `corpus`."""
    with tempfile.TemporaryDirectory() as directory, _listener() as server:
        secret = Path(directory) / "secret"
        secret.write_text(f"<root>{_SECRET}</root>")
        documents = list(_documents(corpus, secret, server.server_address[1]))
        attempts, peak = asyncio.run(_in_worker(documents))
    leaks = [attempt.name for attempt in attempts if _SECRET in attempt.text]
    slowest = max(attempts, key=lambda attempt: attempt.seconds)
    return Report(
        "conformance_attacks",
        {
            "documents": len(documents),
            "leaked": len(leaks) + server.callers,
            "peak_memory_mb": peak,
            "slowest_seconds": slowest.seconds,
        },
        {},
        {"leaks": leaks, "callers": server.callers, "slowest": slowest.name},
    )


def _documents(corpus: Path, secret: Path, port: int) -> Iterator[tuple[str, bytes]]:
    for file in sorted((corpus / "xmltestdata").iterdir()):
        body = _FILE.sub(secret.as_uri().encode(), file.read_bytes())
        body = _SERVER.sub(f"http://127.0.0.1:{port}/".encode(), body)
        yield file.name, body
        if declared := _DECLARATIONS.search(body):
            uses = b" ".join(b"&%s;" % name for name in _ENTITY.findall(body))
            item = b"<item><title>%s</title><description>%s</description></item>" % (uses, uses * 1000)
            yield (
                f"{file.name} as a feed",
                b"<!DOCTYPE rss %s<rss version='2.0'><channel>%s</channel></rss>"
                % (
                    declared[1],
                    item,
                ),
            )


async def _in_worker(documents: Sequence[tuple[str, bytes]]) -> tuple[list[_Attempt], float]:
    """Return what came of each document, and the most megabytes that were resident in the worker."""
    attempts = []
    peak = 0.0
    with Worker(load_sources(PACKAGE_HOME / "configs").parsing) as worker:
        for name, body in documents:
            fetched = Fetched(name, body, datetime.now(UTC))
            started = time.perf_counter()
            try:
                text = repr(await worker.parse(parse_fetched, fetched))
            except SourceError as error:
                text = str(error)
            attempts.append(_Attempt(name, text, time.perf_counter() - started))
            peak = max(peak, float((await worker.parse(peak_memory, fetched)).title or 0))
    return attempts, peak


def peak_memory(_fetched: Fetched) -> Parsed:
    """Return, as a title, the most megabytes that have been resident in this process."""
    status = Path("/proc/self/status").read_text()
    return Parsed((), title=str(int(status.partition("VmHWM:")[2].split()[0]) / 1024))


class _Listener(socketserver.ThreadingTCPServer):
    """Counts who calls."""

    daemon_threads = True
    callers = 0

    def finish_request(self, request: object, client_address: object) -> None:
        self.callers += 1


@contextmanager
def _listener() -> Iterator[_Listener]:
    with _Listener(("127.0.0.1", 0), socketserver.BaseRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
