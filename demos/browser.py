"""A headless Chromium, driven over its own protocol: opens a page of a file, and tells what went wrong on it."""

import asyncio
import base64
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from aiohttp import ClientWebSocketResponse

VARIABLE: Final = "PAKE_CHROMIUM"
"""Where Chromium lies, if not on the path."""

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_START_SECONDS: Final = 20.0
_ANSWER_SECONDS: Final = 20.0
# nothing of a browser at home: no look for updates, no sandbox where root runs it (only our own files are opened)
_FLAGS: Final = (
    "--headless=new", "--remote-debugging-port=0", "--no-first-run", "--no-default-browser-check", "--disable-gpu",
    "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--mute-audio", "--no-proxy-server", "--disable-breakpad",
    "--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider",
)  # fmt: skip


def find_chromium() -> str | None:
    """Return the program: what `PAKE_CHROMIUM` names, or the first that is on the path; None where there is none."""
    named = os.environ.get(VARIABLE)
    if named:
        return shutil.which(named)
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


@dataclass(slots=True)
class Told:
    """What a page did while it was open: lines of its console, exceptions, what it asked for beside itself."""

    console: list[str] = field(default_factory=list)
    exceptions: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


class Browser:
    """One tab; commands are sent one after another."""

    def __init__(self, socket: "ClientWebSocketResponse", session: str) -> None:
        """Use an attached session of a browser's socket; `chromium` gives one."""
        self.told = Told()
        self._socket, self._session, self._number = socket, session, 0
        self._loaded = asyncio.Event()
        self._page = ""

    async def look(self, *, width: int, dark: bool = False, height: int = 900) -> None:
        """Show the page on a screen of that width, in light or dark."""
        mobile = width < 600  # a phone lays out by the page's own viewport
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
        await self._do("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self._do("Emulation.setEmulatedMedia", {"features": [scheme]})

    async def open(self, page: Path) -> None:
        """Load a file; what it does from now on is told by `told`."""
        self.told, self._page = Told(), page.absolute().as_uri()
        self._loaded.clear()
        await self._do("Page.navigate", {"url": self._page})
        await self._until_loaded()

    async def evaluate(self, expression: str) -> Any:
        """Return the value of an expression on the page. Raises RuntimeError when it throws."""
        done = await self._do("Runtime.evaluate", {"expression": expression, "returnByValue": True})
        if "exceptionDetails" in done:
            raise RuntimeError(done["exceptionDetails"]["text"])
        return done["result"].get("value")

    async def picture(self, path: Path) -> None:
        """Write the whole page as a PNG."""
        size = (await self._do("Page.getLayoutMetrics", {}))["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        shot = await self._do("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True, "clip": clip})
        path.write_bytes(base64.b64decode(shot["data"]))

    async def enable(self) -> None:
        """Begin to listen."""
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self._do(f"{domain}.enable", {})

    async def _do(self, method: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        self._number += 1
        number = self._number
        said = {"id": number, "sessionId": self._session, "method": method, "params": parameters}
        await self._socket.send_json(said)
        async with asyncio.timeout(_ANSWER_SECONDS):
            while True:
                heard = await self._socket.receive_json()
                if heard.get("id") == number:
                    if "error" in heard:
                        raise RuntimeError(f"{method}: {heard['error']['message']}")
                    result: dict[str, Any] = heard["result"]
                    return result
                self._note(heard)

    async def _until_loaded(self) -> None:
        async with asyncio.timeout(_ANSWER_SECONDS):
            while not self._loaded.is_set():
                self._note(await self._socket.receive_json())

    def _note(self, heard: Mapping[str, Any]) -> None:
        said = heard.get("params", {})
        match heard.get("method"):
            case "Page.loadEventFired":
                self._loaded.set()
            case "Runtime.consoleAPICalled":
                self.told.console.append(" ".join(str(one.get("value", "")) for one in said["args"]))
            case "Log.entryAdded":
                self.told.console.append(said["entry"]["text"])
            case "Runtime.exceptionThrown":
                self.told.exceptions.append(said["exceptionDetails"]["text"])
            case "Network.requestWillBeSent" if said["request"]["url"] != self._page:
                self.told.requests.append(said["request"]["url"])
            case _:
                pass


@asynccontextmanager
async def chromium(program: str) -> AsyncIterator[Browser]:
    """Start Chromium and lend a tab of it; it ends with the block. Raises RuntimeError when it does not start."""
    import aiohttp

    with _process(program) as address:
        async with aiohttp.ClientSession() as http, http.ws_connect(address, max_msg_size=0) as socket:
            await socket.send_json({"id": 1, "method": "Target.createTarget", "params": {"url": "about:blank"}})
            target = (await _answer(socket, 1))["targetId"]
            attach = {"targetId": target, "flatten": True}
            await socket.send_json({"id": 2, "method": "Target.attachToTarget", "params": attach})
            browser = Browser(socket, (await _answer(socket, 2))["sessionId"])
            await browser.enable()
            yield browser


async def _answer(socket: "ClientWebSocketResponse", number: int) -> dict[str, Any]:
    async with asyncio.timeout(_ANSWER_SECONDS):
        while (heard := await socket.receive_json()).get("id") != number:
            pass
    result: dict[str, Any] = heard["result"]
    return result


@contextmanager
def _process(program: str) -> Iterator[str]:
    """Run the browser with a home of its own, and lend the address at which it listens on this machine."""
    home = Path(tempfile.mkdtemp(prefix="pake-chromium-"))
    root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    process = subprocess.Popen(
        [program, *_FLAGS, *root, f"--user-data-dir={home}", "about:blank"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        yield _address(process, home / "DevToolsActivePort")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        shutil.rmtree(home, ignore_errors=True)


def _address(process: "subprocess.Popen[bytes]", file: Path) -> str:
    import time

    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if file.is_file() and len(lines := file.read_text().splitlines()) > 1:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(0.05)
    raise RuntimeError(f"Chromium did not start within {_START_SECONDS:.0f} s")
