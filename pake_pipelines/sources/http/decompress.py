"""Bodies taken out of their Content-Encoding, never further than a limit: a small file can expand to anything."""

import zlib
from io import BytesIO
from typing import Any, Final, Protocol

ACCEPTED: Final = "gzip, deflate, br"

_STEP: Final = 65536
_ANY_HEADER: Final = zlib.MAX_WBITS | 16
_NO_HEADER: Final = -zlib.MAX_WBITS
_METHOD_DEFLATE: Final = 8
_GZIP_MAGIC: Final = 0x1F
# each member makes zlib copy what follows it, so that many tiny ones cost their number squared; aiohttp's limit
_MOST_MEMBERS: Final = 1024


class TooLargeError(ValueError):
    """The body is larger than it may be."""


class BrokenError(ValueError):
    """The body is not what its Content-Encoding says."""


class Body:
    """A body that arrives in pieces: feed it, then take `whole()`.

    Memory holds the decompressed bytes up to `limit`, plus steps of 64 KiB. What arrives is limited as well, a step
    further: compressed bytes may expand to nothing, or be a little more than what they stand for.
    """

    def __init__(self, encoding: str, limit: int, announced: int = 0) -> None:
        """Expect `encoding`, a Content-Encoding, and at least `announced` bytes to arrive.

        Raises BrokenError when the encoding is not one that was asked for, TooLargeError when so many cannot fit.
        """
        if announced > limit + _STEP:
            raise TooLargeError
        self._decoder = _decoder(encoding.strip().lower())
        self._limit = limit
        self._arrived = 0
        self._held = 0
        self._out = BytesIO()

    def feed(self, piece: bytes) -> None:
        """Take what arrived. Raises TooLargeError and BrokenError."""
        self._arrived += len(piece)
        if self._arrived > self._limit + _STEP:
            raise TooLargeError
        if self._decoder is None:
            self._write(piece)
        else:
            self._expand(self._decoder, piece)

    def whole(self) -> bytes:
        """Return all of it. Raises BrokenError when the compressed stream ended early; no bytes at all are a body."""
        if self._arrived and self._decoder is not None and not self._decoder.ended:
            raise BrokenError("the compressed stream ends early")
        return self._out.getvalue()

    def _expand(self, decoder: "_Decoder", piece: bytes) -> None:
        try:
            out = decoder.step(piece)
            self._write(out)
            while decoder.pending or len(out) >= _STEP:
                out = decoder.step(b"")
                self._write(out)
        except decoder.faults as error:
            raise BrokenError(str(error)) from error

    def _write(self, data: bytes) -> None:
        self._held += len(data)
        if self._held > self._limit:
            raise TooLargeError
        self._out.write(data)


class _Decoder(Protocol):
    @property
    def faults(self) -> tuple[type[Exception], ...]:
        """What `step` raises when the stream is broken."""
        ...

    def step(self, data: bytes) -> bytes:
        """Take `data`, empty as long as anything waits, and return the next bytes: `_STEP` if there are so many."""
        ...

    @property
    def pending(self) -> bool:
        """Whether input waits; a full step may leave output waiting as well."""
        ...

    @property
    def ended(self) -> bool:
        """Whether the stream is complete."""
        ...


def _decoder(encoding: str) -> _Decoder | None:
    match encoding:
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return _Gzip()
        case "deflate":
            return _Deflate()
        case "br":
            return _Brotli()
    raise BrokenError(f"encoded as {encoding[:40]!r}, which was not asked for")


class _Gzip:
    """Members one after the other (RFC 1952 2.2); what follows the last and is none is left out, as gzip does."""

    faults = (zlib.error, BrokenError)

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_ANY_HEADER)
        self._rest = b""
        self._members = 1

    def step(self, data: bytes) -> bytes:
        waiting = self._rest + data
        if self._stream.eof and waiting:
            if waiting[0] != _GZIP_MAGIC:
                self._rest = b""
                return b""
            self._next_member()
        out = self._stream.decompress(waiting, _STEP)
        self._rest = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
        return out

    def _next_member(self) -> None:
        self._members += 1
        if self._members > _MOST_MEMBERS:
            raise BrokenError(f"more than {_MOST_MEMBERS} gzip members")
        self._stream = zlib.decompressobj(_ANY_HEADER)

    @property
    def pending(self) -> bool:
        return bool(self._rest)

    @property
    def ended(self) -> bool:
        return self._stream.eof


class _Deflate:
    """zlib's format, or without its header as some servers send it; the first byte tells (RFC 1950 2.2)."""

    faults = (zlib.error,)

    def __init__(self) -> None:
        self._stream: Any = None

    def step(self, data: bytes) -> bytes:
        if self._stream is None:
            wrapped = data[0] & 0x0F == _METHOD_DEFLATE
            self._stream = zlib.decompressobj(zlib.MAX_WBITS if wrapped else _NO_HEADER)
        if self._stream.eof:
            return b""
        out: bytes = self._stream.decompress(self._stream.unconsumed_tail + data, _STEP)
        return out

    @property
    def pending(self) -> bool:
        return bool(self._stream.unconsumed_tail) and not self._stream.eof

    @property
    def ended(self) -> bool:
        return bool(self._stream.eof)


class _Brotli:
    """RFC 7932."""

    def __init__(self) -> None:
        import brotli

        self.faults: tuple[type[Exception], ...] = (brotli.error,)
        self._stream = brotli.Decompressor()

    def step(self, data: bytes) -> bytes:
        out: bytes = self._stream.process(data, output_buffer_limit=_STEP)
        return out

    @property
    def pending(self) -> bool:
        return not self._stream.can_accept_more_data()

    @property
    def ended(self) -> bool:
        return bool(self._stream.is_finished())
