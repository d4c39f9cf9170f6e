"""Asking a program of the machine: without a shell, within a time, in the language that can be read."""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_LONGEST_WORDS: Final = 300


class UnanswerableError(Exception):
    """A program gave no answer that can be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program wrote, and the code that it ended with."""

    code: int
    out: str
    err: str

    @property
    def last_words(self) -> str:
        """The last line that it complained with."""
        lines = [line.strip() for line in (self.err or self.out).splitlines() if line.strip()]
        return lines[-1][:_LONGEST_WORDS] if lines else f"it ended with code {self.code} and said nothing"

    def good(self, *codes: int) -> str:
        """Return what it wrote, if it ended with 0 or one of `codes`. Raises UnanswerableError."""
        if self.code not in {0, *codes}:
            raise UnanswerableError(self.last_words)
        return self.out


def is_there(program: str, environ: Mapping[str, str]) -> bool:
    """Tell whether `program` is on the path."""
    return shutil.which(program, path=environ.get("PATH", "")) is not None


async def ask(command: Sequence[str], environ: Mapping[str, str], seconds: float) -> Answer:
    """Run `command` with little of our environment and return its answer. Raises UnanswerableError."""
    program = shutil.which(command[0], path=environ.get("PATH", ""))
    if program is None:
        raise UnanswerableError(f"{command[0]} is not installed")
    handed_on = {name: environ[name] for name in ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONTEXT") if name in environ}
    try:
        process = await asyncio.create_subprocess_exec(
            program, *command[1:], env={**handed_on, "LC_ALL": "C"}, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
    except OSError as error:
        raise UnanswerableError(f"{command[0]} cannot be started: {error.strerror}") from error
    try:
        out, err = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        raise UnanswerableError(f"{command[0]} gave no answer within {seconds:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Answer(process.returncode or 0, out.decode(errors="replace"), err.decode(errors="replace"))
