"""Any service that apprise speaks to. It is asked in a thread of its own, which nobody waits for when it hangs."""

import asyncio
import logging
import re
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar

from pake_pipelines.alerts.channels.protocol import ChannelError
from pake_pipelines.alerts.text import markdown, subject
from pake_pipelines.model.alert import Message, MessageKind, Severity

T = TypeVar("T")
_STATUS: Final = re.compile(r"\berror=(\d{3})\b")
_TYPES: Final = {
    Severity.INFO: "info",
    Severity.WARNING: "warning",
    Severity.ERROR: "failure",
    Severity.CRITICAL: "failure",
}


class Apprise:
    """Sends to one of apprise's addresses, which is a secret."""

    def __init__(self, url: str) -> None:
        """Send to `url`."""
        self._url = url

    async def send(self, message: Message, accepted: Collection[str]) -> str | None:
        """See `Channel.send`. What a service refuses is tried again: apprise does not tell what is for good."""
        await _in_own_thread(lambda: self._notify(message))
        return None

    def _notify(self, message: Message) -> None:
        import apprise

        # nothing is kept on disk, and no address is written to any log
        for talkative in ("apprise", "urllib3.connectionpool"):
            logging.getLogger(talkative).setLevel(logging.WARNING)
        asset = apprise.AppriseAsset(secure_logging=True, storage_mode=apprise.PersistentStoreMode.MEMORY)
        sender = apprise.Apprise(asset=asset)
        if not sender.add(self._url):
            raise ChannelError("apprise does not understand the configured address", permanent=True)
        kind = "success" if message.kind is MessageKind.RESOLVE else _TYPES[message.severity]
        with apprise.LogCapture(level=logging.WARNING) as output:  # type: ignore[no-untyped-call]
            taken = sender.notify(
                body=markdown(message), title=subject(message), notify_type=kind, body_format="markdown"
            )
            said = output.getvalue()
        if not taken:
            status = _STATUS.search(said)
            service = sender[0].service_name or "the service"
            raise ChannelError(f"{service} did not take it" + (f": it answers {status[1]}" if status else ""))


async def _in_own_thread(work: Callable[[], T]) -> T:
    """Return what `work` does in a thread that ends with the process: the loop's own threads are waited for."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def tell(set_it: Callable[[], None]) -> None:
        if not result.done():
            set_it()

    def run() -> None:
        try:
            answer = partial(result.set_result, work())
        except Exception as error:  # noqa: BLE001  # raised again where it is awaited
            answer = partial(result.set_exception, error)
        # nobody listens any more when the loop is closed
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(tell, answer)

    threading.Thread(target=run, name="apprise", daemon=True).start()
    return await result
