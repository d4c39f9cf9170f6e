"""Calls that may block for longer than anybody waits: a dead network file system, a resolver without network.

The event loop's own threads will not do: there are few of them, so that a handful of hanging calls would hold up all
others, and the loop waits for them at its end.
"""

import asyncio
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, Final, TypeVar

Result = TypeVar("Result")

_under_way: Final[dict[Hashable, Future[Any]]] = {}
_lock: Final = threading.Lock()


async def ask(key: Hashable, call: Callable[[], Result]) -> Result:
    """Return what `call` returns, or raise what it raises, without holding up the loop or the end of the process.

    A call that nobody waits for any more goes on in its thread. Whoever asks for the same `key` meanwhile waits for
    that one, so that a call that never ends costs one thread and not one for every time it is asked for.
    """
    with _lock:
        future = _under_way.get(key)
        if future is None:
            future = _under_way[key] = Future()
            # what runs cannot be cancelled: whoever gives up waiting must not take the answer from the others
            future.set_running_or_notify_cancel()
            threading.Thread(target=_carry_out, args=(key, call, future), daemon=True, name=f"ask {key}").start()
    result: Result = await asyncio.wrap_future(future)
    return result


def _carry_out(key: Hashable, call: Callable[[], Any], future: "Future[Any]") -> None:
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001  # raised again where somebody waits for it
        _forget(key)
        future.set_exception(error)
    else:
        _forget(key)
        future.set_result(result)


def _forget(key: Hashable) -> None:
    with _lock:
        del _under_way[key]
