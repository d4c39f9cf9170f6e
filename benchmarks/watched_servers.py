"""Services on loopback that are probed: most answer at once, some take their time, some never answer."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

_LATE_SECONDS: Final = 5.0
_START_SECONDS: Final = 30.0


@dataclass
class Servers:
    """The services by name: addresses of those that speak HTTP, ports of those that only accept a connection.

    `slow` counts those among the first that answer after five seconds or never, half of each. `told` are the messages
    that the webhook `hook` took.
    """

    http: dict[str, str] = field(default_factory=dict)
    tcp: dict[str, int] = field(default_factory=dict)
    slow: int = 0
    hook: str = ""
    told: list[Any] = field(default_factory=list)


@contextmanager
def servers(count: int, slow: int) -> Iterator[Servers]:
    """Serve `count` services, half of them HTTP and `slow` of those slow, in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    served = Servers(slow=slow)
    over = asyncio.Event()
    runner, listeners = asyncio.run_coroutine_threadsafe(_open(served, count, over), loop).result(_START_SECONDS)
    try:
        yield served
    finally:
        asyncio.run_coroutine_threadsafe(_close(runner, listeners, over), loop).result(_START_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_START_SECONDS)
        loop.close()


async def _open(served: Servers, count: int, over: asyncio.Event) -> tuple[web.ServerRunner, list[asyncio.Server]]:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/hook":
            served.told.append(await request.json())
        elif request.path.startswith("/late"):
            await asyncio.sleep(_LATE_SECONDS)
        elif request.path.startswith("/never"):
            await over.wait()
        return web.Response(text="ok")

    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    served.hook = f"{base}/hook"
    kinds = ["late"] * (served.slow // 2) + ["never"] * (served.slow - served.slow // 2)
    kinds += ["quick"] * (count // 2 - served.slow)
    served.http = {f"{kind}-{number}": f"{base}/{kind}/{number}" for number, kind in enumerate(kinds)}
    listeners = [await asyncio.start_server(accept, "127.0.0.1", 0) for _ in range(count - count // 2)]
    served.tcp = {f"port-{number}": one.sockets[0].getsockname()[1] for number, one in enumerate(listeners)}
    return runner, listeners


async def _close(runner: web.ServerRunner, listeners: list[asyncio.Server], over: asyncio.Event) -> None:
    over.set()
    for one in listeners:
        one.close()
    await runner.cleanup()
