"""Tasks of the user's own (MNT-23): a command as an argument list, run without a shell in the project's directory.

They are opted in to twice (`allow_custom_tasks`, and `enabled` of the task): a command runs with the rights of whoever
runs it. It is given only the variables that it lists, and none of the project's secrets beside them. Its process group
is ended when its time is over, and when it leaves processes behind that hold on to its output.
"""

import asyncio
import contextlib
import os
import signal
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from pake_pipelines.config.maintenance import CustomTask
from pake_pipelines.maintenance.errors import MaintenanceError
from pake_pipelines.maintenance.tasks import TaskFunction
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, TaskState
from pake_pipelines.redaction import redact

_ALWAYS: Final = ("PATH", "HOME", "LANG")
# of the output the end is kept: it says how it ended
_KEPT_BYTES: Final = 16_384
_CHUNK: Final = 65_536
_GRACE_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.05
_LAST_WORDS_SECONDS: Final = 1.0
# a shorter value stands in many words, and hiding it hides nothing
_SHORTEST_SECRET: Final = 4


def function(name: str, task: CustomTask) -> TaskFunction:
    """Return the task as a function like those of all others."""

    async def run(place: Workplace) -> Outcome:
        if not (place.config.allow_custom_tasks and task.enabled):
            raise MaintenanceError(
                f"{name} is a command of your own and not switched on: configs/maintenance.yaml needs "
                f"`allow_custom_tasks: true` and `custom_tasks.{name}.enabled: true`"
            )
        if place.dry_run:
            return Outcome(TaskState.SKIPPED, f"would run {list(task.command)} in {place.settings.home}")
        return await _run(name, task, place)

    return run


class _Output:
    """The end of what a command says, and how much it said."""

    def __init__(self) -> None:
        self.bytes = 0
        self._kept: deque[bytes] = deque()
        self._held = 0

    def add(self, chunk: bytes) -> None:
        self.bytes += len(chunk)
        self._kept.append(chunk)
        self._held += len(chunk)
        while self._held - len(self._kept[0]) >= _KEPT_BYTES:
            self._held -= len(self._kept.popleft())

    @property
    def text(self) -> str:
        return b"".join(self._kept)[-_KEPT_BYTES:].decode(errors="replace").replace("\x00", "�")


async def _run(name: str, task: CustomTask, place: Workplace) -> Outcome:
    environ = environment(task, place.environ)
    began, output = time.monotonic(), _Output()
    try:
        process = await asyncio.create_subprocess_exec(
            *task.command, cwd=place.settings.home, env=environ, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT,
            start_new_session=True,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        raise MaintenanceError(f"{name}: {task.command[0]} cannot be started: {error}") from error
    reading = asyncio.create_task(_read(process, output))
    try:
        in_time = await _ended_within(process, task.timeout_seconds)
    finally:
        await _end(process)
        await _finish_reading(process, reading)
    said = _without(output.text, [environ[one] for one in task.environment if one in environ])
    details: dict[str, Any] = {
        "exit_code": process.returncode,
        "seconds": round(time.monotonic() - began, 3),
        "output_bytes": output.bytes,
        "output": said,
    }
    if not in_time:
        summary = f"{name} was ended after {task.timeout_seconds:g} s, the time that timeout_seconds gives it"
        return Outcome(TaskState.FAILED, summary, details)
    if process.returncode != 0:
        last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "it said nothing")
        return Outcome(TaskState.FAILED, f"{name} ended with exit code {process.returncode}: {last[:300]}", details)
    return Outcome(TaskState.DONE, f"{name} ended well after {details['seconds']:.1f} s", details)


def environment(task: CustomTask, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that the command of `task` is given: those that it lists, and PATH, HOME and LANG."""
    return {one: environ[one] for one in (*_ALWAYS, *task.environment) if one in environ}


async def _read(process: Process, output: _Output) -> None:
    assert process.stdout is not None
    while chunk := await process.stdout.read(_CHUNK):
        output.add(chunk)


async def _ended_within(process: Process, seconds: float) -> bool:
    # asyncio's own wait ends with the output, which a child of the command may hold open for as long as it likes
    deadline = time.monotonic() + seconds
    while process.returncode is None:
        if time.monotonic() >= deadline:
            return False
        await asyncio.sleep(_POLL_SECONDS)
    return True


async def _end(process: Process) -> None:
    """End the whole group of a command that still runs: first asked, then forced."""
    if process.returncode is not None:
        return
    _signal(process, signal.SIGTERM)
    if not await _ended_within(process, _GRACE_SECONDS):
        _signal(process, signal.SIGKILL)
        await _ended_within(process, _GRACE_SECONDS)
    # a child that heard nothing of the first signal may outlive its parent
    _signal(process, signal.SIGKILL)


async def _finish_reading(process: Process, reading: "asyncio.Task[None]") -> None:
    """Read what is left; somebody who keeps the output open after the command has ended is ended, too."""
    done, _ = await asyncio.wait({reading}, timeout=_LAST_WORDS_SECONDS)
    if not done:
        _signal(process, signal.SIGKILL)
        done, _ = await asyncio.wait({reading}, timeout=_LAST_WORDS_SECONDS)
    if not done:
        reading.cancel()


def _signal(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _without(text: str, handed_on: list[str]) -> str:
    """Return `text` without secrets, and without what the variables hold that were handed on by name."""
    for value in sorted((one for one in handed_on if len(one) >= _SHORTEST_SECRET), key=len, reverse=True):
        text = text.replace(value, "***")
    return redact(text)
