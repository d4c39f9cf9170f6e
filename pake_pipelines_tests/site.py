"""A web site on loopback, in a thread of its own, so that tests with any event loop or none can read it."""

import asyncio
import threading
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class Page:
    """What a path answers with; a request that knows the page's ETag or Last-Modified gets 304."""

    body: bytes = b""
    status: int = 200
    headers: dict = field(default_factory=dict)


@dataclass
class RawAnswer:
    """An answer written byte for byte, for headers that no well-behaved server sends."""

    headers: bytes
    body: bytes

    async def __call__(self, request):
        length = f"Content-Length: {len(self.body)}\r\n\r\n".encode()
        request.transport.write(b"HTTP/1.1 200 OK\r\n" + self.headers + length + self.body)
        request.transport.close()
        return web.Response()


class Site:
    """`pages` maps paths to pages or to coroutine functions of a request; `requests` holds what was asked."""

    def __init__(self):
        self.pages = {}
        self.requests = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self):
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        return self

    def stop(self):
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def url(self, path, host="127.0.0.1"):
        return f"http://{host}:{self.port}{path}"

    def asked(self, path):
        """Return the headers of every request for `path`."""
        return [headers for asked, headers in self.requests if asked == path]

    async def _open(self):
        server = web.Server(self._answer)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return site._server.sockets[0].getsockname()[1]

    async def _answer(self, request):
        self.requests.append((request.path, dict(request.headers)))
        page = self.pages.get(request.path)
        if page is None:
            return web.Response(status=404)
        if callable(page):
            return await page(request)
        for asked, held in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
            if held in page.headers and request.headers.get(asked) == page.headers[held]:
                return web.Response(status=304, headers=page.headers)
        return web.Response(status=page.status, body=page.body, headers=page.headers)
