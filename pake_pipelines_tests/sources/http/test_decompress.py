"""Bodies in every encoding that is asked for, in pieces of any size, up to a limit."""

import gzip
import os
import tracemalloc
import zlib

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pake_pipelines.sources.http.decompress import Body, BrokenError, TooLargeError


def raw_deflate(data):
    return zlib.compress(data)[2:-4]


COMPRESS = [("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", raw_deflate),
            ("br", brotli.compress), ("identity", bytes), ("", bytes), (" GZIP ", gzip.compress)]  # fmt: skip
EACH = pytest.mark.parametrize(("encoding", "compress"), COMPRESS, ids=lambda one: getattr(one, "__name__", one))


def read(encoding, data, *, limit=1_000_000, piece=65_536):
    body = Body(encoding, limit)
    for start in range(0, len(data), piece):
        body.feed(data[start : start + piece])
    return body.whole()


@EACH
@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 200_000), st.sampled_from([1000, 65_536]))
def test_what_was_compressed_comes_out_again(encoding, compress, start, zeros, piece):
    data = start + bytes(zeros)
    assert read(encoding, compress(data), piece=piece) == data


@EACH
def test_pieces_may_be_single_bytes(encoding, compress):
    assert read(encoding, compress(b"abc" * 100), piece=1) == b"abc" * 100


@EACH
@pytest.mark.parametrize("make", [bytes, os.urandom], ids=["zeros", "noise"])
def test_the_limit_itself_is_allowed_and_one_byte_more_is_not(encoding, compress, make):
    assert len(read(encoding, compress(make(200_000)), limit=200_000)) == 200_000
    with pytest.raises(TooLargeError):
        read(encoding, compress(make(200_001)), limit=200_000)


@EACH
def test_no_bytes_at_all_are_an_empty_body(encoding, compress):
    assert read(encoding, b"") == b""


@pytest.mark.parametrize(("encoding", "compress"), [one for one in COMPRESS if one[1] is not bytes])
def test_a_stream_that_ends_early_is_broken(encoding, compress):
    compressed = compress(os.urandom(5000))
    for length in (1, 9, 2000, len(compressed) - 1):
        with pytest.raises(BrokenError):
            read(encoding, compressed[:length])


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_what_is_no_such_stream_is_broken(encoding):
    with pytest.raises(BrokenError):
        read(encoding, b"<?xml version='1.0'?><rss/>")


@pytest.mark.parametrize("encoding", ["zstd", "gzip, br", "gzip gzip", "x" * 1000])
def test_an_encoding_that_was_not_asked_for_is_refused(encoding):
    with pytest.raises(BrokenError, match="not asked for"):
        Body(encoding, 10)


def test_gzip_members_follow_one_another_and_padding_is_left_out():
    members = gzip.compress(b"abc") + gzip.compress(b"") + gzip.compress(b"def")
    for piece in (1, 7, 1000):
        assert read("gzip", members + b"\0" * 100, piece=piece) == b"abcdef"


def test_a_member_that_ends_early_breaks_the_whole():
    with pytest.raises(BrokenError):
        read("gzip", gzip.compress(b"abc") + gzip.compress(b"def")[:-3])


def test_members_without_number_are_refused():
    with pytest.raises(BrokenError, match="members"):
        read("gzip", gzip.compress(b"") * 2000)


def test_input_that_never_becomes_output_is_limited_too():
    nothing = zlib.compressobj()
    flushes = b"".join(nothing.compress(b"") + nothing.flush(zlib.Z_FULL_FLUSH) for _ in range(60_000))
    with pytest.raises(TooLargeError):
        read("deflate", flushes, limit=100_000)


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress),
                                                    ("br", lambda data: brotli.compress(data, quality=5))])  # fmt: skip
def test_a_bomb_takes_no_more_memory_than_the_limit_and_a_step(encoding, compress):
    bomb = compress(bytes(100_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError):
            read(encoding, bomb, limit=10_000_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # the buffer grows by an eighth at a time
    assert peak < 10_000_000 * 9 / 8 + 1_000_000
