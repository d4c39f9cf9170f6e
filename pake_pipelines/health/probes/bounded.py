"""Reading no more from a stream than a bounded number of bytes, for libraries that read as much as they are told."""

import asyncio
from typing import Any


class TooLongError(Exception):
    """A service has sent more than anybody wants to read."""


class BoundedReader:
    """A StreamReader of which only `most` bytes can be read in all; whoever wants more gets a TooLongError."""

    def __init__(self, stream: asyncio.StreamReader, most: int) -> None:
        """Read from `stream`."""
        self._stream = stream
        self._left = most

    def __getattr__(self, name: str) -> Any:
        """Return what is not about reading from the stream itself."""
        return getattr(self._stream, name)

    async def read(self, number: int) -> bytes:
        """Return up to `number` bytes."""
        return self._counted(await self._stream.read(min(number, self._left + 1)))

    async def readexactly(self, number: int) -> bytes:
        """Return `number` bytes."""
        if number > self._left:
            raise TooLongError
        return self._counted(await self._stream.readexactly(number))

    async def readline(self) -> bytes:
        """Return a line. A stream has a bound of its own for lines, which is a ValueError."""
        try:
            return self._counted(await self._stream.readline())
        except ValueError as error:
            raise TooLongError from error

    def _counted(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            raise TooLongError
        return data
