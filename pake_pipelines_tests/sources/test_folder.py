"""A folder yields what is new or changed in it, reads nothing outside, and hangs on nothing."""

import contextlib
import os
import shutil
import tempfile
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from pake_pipelines.sources.folder import Folder
from pake_pipelines.sources.protocol import Fetched, KnownBody, Memory, SourceError, Unreadable

MOMENT = datetime(2026, 11, 20, 8, tzinfo=UTC)


def write(path, text="text", when=MOMENT):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (when.timestamp(), when.timestamp()))


async def visit(path, memory=None, past_day=None, max_bytes=1000):
    return [one async for one in Folder(path, max_bytes=max_bytes).visit(memory or Memory(), past_day)]


async def names(path, **options):
    return [one.url for one in await visit(path, **options)]


def remembering(found):
    return Memory(
        known={one.url: KnownBody(one.modified_at, len(one.body), sha256(one.body).hexdigest()) for one in found}
    )


async def test_text_and_markdown_files_at_any_depth_are_read_in_order(tmp_path):
    for name in ("b.md", "a.txt", "deep/er/c.MD", "d.pdf", "e", "f.txt.bak"):
        write(tmp_path / name)
    assert await names(tmp_path) == ["a.txt", "b.md", "deep/er/c.MD"]


async def test_hidden_files_and_folders_are_left_alone(tmp_path):
    for name in (".hidden.txt", ".git/notes.md", "seen.txt"):
        write(tmp_path / name)
    assert await names(tmp_path) == ["seen.txt"]


async def test_only_what_is_new_or_changed_is_yielded_again(tmp_path):
    for name in ("same.txt", "changed.txt", "touched.txt", "gone.txt"):
        write(tmp_path / name)
    memory = remembering(await visit(tmp_path))
    later = MOMENT.replace(hour=9)
    write(tmp_path / "changed.txt", "other", later)
    write(tmp_path / "touched.txt", when=later)
    write(tmp_path / "new.txt")
    (tmp_path / "gone.txt").unlink()
    assert await names(tmp_path, memory=memory) == ["changed.txt", "new.txt"]


async def test_a_change_within_the_same_second_and_size_is_seen_by_its_time(tmp_path):
    write(tmp_path / "a.txt", "one")
    memory = remembering(await visit(tmp_path))
    write(tmp_path / "a.txt", "two", MOMENT.replace(microsecond=1000))
    assert await names(tmp_path, memory=memory) == ["a.txt"]


async def test_a_past_day_has_the_files_modified_on_that_utc_day(tmp_path):
    write(tmp_path / "before.txt", when=datetime(2026, 11, 19, 23, 59, 59, tzinfo=UTC))
    write(tmp_path / "first.txt", when=datetime(2026, 11, 20, 0, 0, tzinfo=UTC))
    write(tmp_path / "last.txt", when=datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC))
    write(tmp_path / "after.txt", when=datetime(2026, 11, 21, 0, 0, tzinfo=UTC))
    assert await names(tmp_path, past_day=date(2026, 11, 20)) == ["first.txt", "last.txt"]


async def test_links_are_not_followed(tmp_path):
    write(tmp_path / "outside" / "secret.txt")
    write(tmp_path / "notes" / "own.txt")
    (tmp_path / "notes" / "file.txt").symlink_to(tmp_path / "outside" / "secret.txt")
    (tmp_path / "notes" / "dangling.txt").symlink_to("nowhere")
    (tmp_path / "notes" / "loop.txt").symlink_to("loop.txt")
    (tmp_path / "notes" / "folder").symlink_to(tmp_path / "outside")
    found = {one.url: type(one) for one in await visit(tmp_path / "notes")}
    assert found == {"own.txt": Fetched, "file.txt": Unreadable, "dangling.txt": Unreadable, "loop.txt": Unreadable}


async def test_a_folder_that_is_itself_a_link_is_read(tmp_path):
    write(tmp_path / "real" / "own.txt")
    (tmp_path / "link").symlink_to("real")
    assert await names(tmp_path / "link") == ["own.txt"]


async def test_a_pipe_is_no_file_and_nothing_waits_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    (found,) = await visit(tmp_path)
    assert (found.url, found.reason) == ("pipe.txt", "not_a_file")


async def test_a_file_over_the_limit_is_a_dead_letter_and_the_next_is_read(tmp_path):
    write(tmp_path / "a.txt", "x" * 1001)
    write(tmp_path / "b.txt", "x" * 1000)
    large, fine = await visit(tmp_path)
    assert (large.reason, "limit is 1000" in large.detail) == ("too_large", True)
    assert isinstance(fine, Fetched)


@contextlib.contextmanager
def nobody():
    """Work without root's right to read everything."""
    if os.getuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


async def test_a_file_that_may_not_be_read_is_a_dead_letter_with_the_cause():
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        write(folder / "closed.txt")
        write(folder / "open.txt")
        (folder / "closed.txt").chmod(0)
        (folder / "open.txt").chmod(0o644)
        with nobody():
            closed, opened = await visit(folder)
        assert (closed.url, closed.reason, closed.detail) == ("closed.txt", "unreadable", "Permission denied")
        assert opened.url == "open.txt"
    finally:
        shutil.rmtree(folder)


async def test_a_name_that_is_not_utf8_is_a_dead_letter(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).touch()
    (found,) = await visit(tmp_path)
    assert (found.url, found.reason) == ("caf.txt", "name")


async def test_a_folder_that_is_missing_is_not_an_empty_folder(tmp_path):
    assert await visit(tmp_path) == []
    for path in (tmp_path / "none", tmp_path / "file"):
        (tmp_path / "file").touch()
        with pytest.raises(SourceError) as raised:
            await visit(path)
        assert raised.value.kind == "missing"


def fetched(name, body):
    return Fetched(name, body, MOMENT, modified_at=MOMENT)


@pytest.mark.parametrize(
    ("name", "body", "title"),
    [
        ("a.md", b"intro\n\n## The heading ##\n\ntext", "The heading"),
        ("a.md", b"no heading\nat all", "no heading"),
        ("a.txt", b"\n\n  # not a heading\ntext", "# not a heading"),
        ("deep/name.txt", b" \n ", "name"),
        ("a.txt", b"\xef\xbb\xbfmark", "mark"),
        ("a.txt", b"x" * 900, "x" * 200),
    ],
)
def test_a_files_title_is_its_first_heading_else_its_first_line_else_its_name(name, body, title):
    (entry,) = Folder(Path(), max_bytes=1).parse(fetched(name, body)).entries
    assert (entry.title, entry.key, entry.published_at) == (title, name, MOMENT)


def test_a_file_in_an_old_encoding_is_read_and_says_so():
    (entry,) = Folder(Path(), max_bytes=1).parse(fetched("a.txt", "São Paulo\x00".encode("cp1252"))).entries
    assert (entry.body, entry.problems) == ("São Paulo", ("not UTF-8: read as Windows-1252",))
