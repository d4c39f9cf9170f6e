"""A folder yields what is new or changed in it, reads nothing outside, and hangs on nothing."""

import contextlib
import os
import pickle
import shutil
import socket
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pake_pipelines.sources.files import listing as files
from pake_pipelines.sources.files.folder import Folder
from pake_pipelines.sources.files.listing import FileSeen, Refused, list_files, read_file
from pake_pipelines.sources.protocol import Fetched, Memory, SourceError, Unreadable, Window
from pake_pipelines_tests.sources.files.folders import LATER, MOMENT, NOW, answers, read_once, write

TEXT = frozenset({".txt"})


async def names(path, **options):
    return [one.url for one in await answers(path, **options)]


async def test_readable_files_at_any_depth_are_read_in_order_and_others_are_left_alone(tmp_path):
    for name in ("b.md", "a.txt", "deep/er/c.MD", "d.PDF", "e", "f.txt.bak", "g.docx", "h.html", "i.HTM", "j.markdown"):
        write(tmp_path / name)
    assert await names(tmp_path) == [
        "a.txt",
        "b.md",
        "d.PDF",
        "deep/er/c.MD",
        "g.docx",
        "h.html",
        "i.HTM",
        "j.markdown",
    ]


async def test_a_file_says_its_media_type_and_when_it_was_modified(tmp_path):
    write(tmp_path / "a.pdf", b"%PDF")
    (found,) = await answers(tmp_path)
    assert found == Fetched("a.pdf", b"%PDF", NOW, "application/pdf", MOMENT)


async def test_a_doc_file_is_a_dead_letter_that_names_the_way_out(tmp_path):
    write(tmp_path / "old.DOC")
    (found,) = await answers(tmp_path)
    assert (found.url, found.reason, "save the document as .docx" in found.detail) == ("old.DOC", "unsupported", True)


@pytest.mark.parametrize(
    "name",
    [".hidden.txt", ".git/notes.md", "~$report.docx", "a.pdf.part", "a.pdf.crdownload", "a.docx.tmp", "a.txt~"],
)
async def test_hidden_and_temporary_files_are_left_alone(tmp_path, name):
    write(tmp_path / name)
    write(tmp_path / "seen.txt")
    assert await names(tmp_path) == ["seen.txt"]


async def test_only_what_is_new_or_changed_is_yielded_again(tmp_path):
    for name in ("same.txt", "changed.txt"):
        write(tmp_path / name)
    memory = await read_once(tmp_path)
    write(tmp_path / "changed.txt", "other", LATER)
    write(tmp_path / "new.txt")
    assert await names(tmp_path, memory=memory) == ["changed.txt", "new.txt"]


async def test_a_change_within_the_same_second_and_size_is_seen_by_its_time(tmp_path):
    write(tmp_path / "a.txt", "one")
    memory = await read_once(tmp_path)
    write(tmp_path / "a.txt", "two", MOMENT.replace(microsecond=1000))
    assert await names(tmp_path, memory=memory) == ["a.txt"]


async def test_a_window_has_the_files_modified_on_its_utc_days(tmp_path):
    write(tmp_path / "before.txt", when=datetime(2026, 11, 18, 23, 59, 59, tzinfo=UTC))
    write(tmp_path / "first.txt", when=datetime(2026, 11, 19, 0, 0, tzinfo=UTC))
    write(tmp_path / "last.txt", when=datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC))
    write(tmp_path / "after.txt", when=datetime(2026, 11, 21, 0, 0, tzinfo=UTC))
    window = Window(date(2026, 11, 19), date(2026, 11, 20))
    assert await names(tmp_path, window=window) == ["first.txt", "last.txt"]


@pytest.mark.parametrize("seconds", [-300_000_000_000, 300_000_000_000])
def test_a_modification_time_that_no_calendar_has_becomes_the_nearest_there_is(seconds):
    seen = FileSeen("a.txt", seconds * 10**9, 4)
    assert seen.modified_at.year == (9999 if seconds > 0 else 1)


class TestBeingWritten:
    """A file that is still being written is neither an item nor a dead letter: it comes with a later visit."""

    async def test_a_file_modified_just_now_comes_with_the_next_visit(self, tmp_path):
        write(tmp_path / "a.txt", when=NOW - timedelta(seconds=2))
        assert await answers(tmp_path) == []
        assert await names(tmp_path, now=NOW + timedelta(seconds=1)) == ["a.txt"]

    async def test_a_known_file_modified_just_now_is_not_gone(self, tmp_path):
        write(tmp_path / "a.txt")
        memory = await read_once(tmp_path)
        write(tmp_path / "a.txt", "half", NOW)
        assert await answers(tmp_path, memory) == []

    async def test_a_file_dated_in_the_future_does_not_wait_for_it(self, tmp_path):
        write(tmp_path / "a.txt", when=NOW + timedelta(days=400))
        assert await names(tmp_path) == ["a.txt"]

    async def test_a_file_that_changes_between_listing_and_reading_is_not_read(self, tmp_path):
        write(tmp_path / "a.txt", "one")
        (seen,) = list_files(tmp_path, TEXT).files
        assert read_file(tmp_path, seen) == b"one"
        write(tmp_path / "a.txt", "two", LATER)
        assert read_file(tmp_path, seen) is None
        write(tmp_path / "a.txt", "longer", MOMENT)
        assert read_file(tmp_path, seen) is None

    async def test_a_file_that_grows_while_it_is_read_is_not_read(self, tmp_path, monkeypatch):
        write(tmp_path / "a.txt", "one")
        (seen,) = list_files(tmp_path, TEXT).files
        really = os.fdopen

        def growing(descriptor, *args, **options):
            with (tmp_path / "a.txt").open("a") as file:
                file.write("more")
            return really(descriptor, *args, **options)

        monkeypatch.setattr(files.os, "fdopen", growing)
        assert read_file(tmp_path, seen) is None

    async def test_a_file_that_vanishes_between_listing_and_reading_is_no_dead_letter(self, tmp_path):
        assert read_file(tmp_path, FileSeen("none/a.txt", 0, 4)) is None


class TestLinksAndOddFiles:
    """Nothing but regular files below the folder is read, whatever takes their place."""

    async def test_links_are_not_followed(self, tmp_path):
        write(tmp_path / "outside" / "secret.txt")
        write(tmp_path / "notes" / "own.txt")
        (tmp_path / "notes" / "file.txt").symlink_to(tmp_path / "outside" / "secret.txt")
        (tmp_path / "notes" / "dangling.txt").symlink_to("nowhere")
        (tmp_path / "notes" / "loop.txt").symlink_to("loop.txt")
        (tmp_path / "notes" / "folder").symlink_to(tmp_path / "outside")
        found = {one.url: getattr(one, "reason", "read") for one in await answers(tmp_path / "notes")}
        refused = dict.fromkeys(["file.txt", "dangling.txt", "loop.txt"], "outside")
        assert found == {"own.txt": "read", **refused}

    async def test_a_link_that_takes_a_files_place_after_the_listing_is_not_followed(self, tmp_path):
        write(tmp_path / "secret.txt")
        write(tmp_path / "notes" / "own.txt")
        (seen,) = list_files(tmp_path / "notes", TEXT).files
        (tmp_path / "notes" / "own.txt").unlink()
        (tmp_path / "notes" / "own.txt").symlink_to("../secret.txt")
        assert read_file(tmp_path / "notes", seen) is None

    async def test_a_link_that_takes_a_folders_place_after_the_listing_is_not_followed(self, tmp_path):
        write(tmp_path / "outside" / "own.txt")
        write(tmp_path / "notes" / "inner" / "own.txt")
        (seen,) = list_files(tmp_path / "notes", TEXT).files
        shutil.rmtree(tmp_path / "notes" / "inner")
        (tmp_path / "notes" / "inner").symlink_to(tmp_path / "outside")
        assert read_file(tmp_path / "notes", seen) is None

    async def test_a_pipe_that_takes_a_files_place_is_not_waited_for(self, tmp_path):
        os.mkfifo(tmp_path / "a.txt")
        assert read_file(tmp_path, FileSeen("a.txt", (tmp_path / "a.txt").stat().st_mtime_ns, 0)) is None

    async def test_a_folder_that_is_itself_a_link_is_read(self, tmp_path):
        write(tmp_path / "real" / "own.txt")
        (tmp_path / "link").symlink_to("real")
        assert await names(tmp_path / "link") == ["own.txt"]

    async def test_pipes_and_sockets_are_no_files(self, tmp_path):
        os.mkfifo(tmp_path / "pipe.txt")
        with contextlib.chdir(tmp_path), socket.socket(socket.AF_UNIX) as server:
            server.bind("socket.txt")
            found = [(one.url, one.reason) for one in await answers(tmp_path)]
        assert found == [("pipe.txt", "not_a_file"), ("socket.txt", "not_a_file")]


async def test_a_file_over_the_limit_is_a_dead_letter_and_the_next_is_read(tmp_path):
    write(tmp_path / "a.txt", "x" * 1001)
    write(tmp_path / "b.txt", "x" * 1000)
    large, fine = await answers(tmp_path)
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


@pytest.fixture
def open_folder():
    """A folder that everybody may look into."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


async def test_a_file_that_may_not_be_read_is_a_dead_letter_with_the_cause(open_folder):
    write(open_folder / "closed.txt")
    write(open_folder / "open.txt")
    (open_folder / "closed.txt").chmod(0)
    (open_folder / "open.txt").chmod(0o644)
    with nobody():
        closed, opened = await answers(open_folder)
    assert (closed.url, closed.reason, closed.detail) == ("closed.txt", "unreadable", "Permission denied")
    assert opened.url == "open.txt"


@pytest.mark.parametrize("mode", [0, 0o444])
async def test_files_in_a_folder_that_cannot_be_looked_into_are_not_gone(open_folder, mode):
    for name in ("closed/a.txt", "closed/deep/b.txt", "closed.txt"):
        write(open_folder / name)
    memory = await read_once(open_folder)
    (open_folder / "closed.txt").unlink()
    (open_folder / "closed").chmod(mode)
    with nobody():
        found = await answers(open_folder, memory)
    gone, *closed = [(type(one).__name__, one.url.partition("/")[0]) for one in found]
    assert gone == ("Gone", "closed.txt")
    assert set(closed) == {("Unreadable", "closed")}


async def test_a_folder_that_may_not_be_looked_into_is_a_failed_read(open_folder):
    open_folder.chmod(0)
    with nobody(), pytest.raises(SourceError, match="Permission denied") as raised:
        await answers(open_folder)
    assert raised.value.kind == "unreadable"


async def test_a_name_that_is_not_utf8_is_a_dead_letter(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).touch()
    (tmp_path / os.fsdecode(b"caf\xe9")).mkdir()
    write(tmp_path / os.fsdecode(b"caf\xe9") / "inner.txt")
    assert [(one.url, one.reason) for one in await answers(tmp_path)] == [("caf", "name"), ("caf.txt", "name")]


async def test_a_name_that_no_index_takes_is_a_dead_letter(tmp_path):
    long = "/".join(["n" * 200] * 5)
    write(tmp_path / long / "a.txt")
    (found,) = await answers(tmp_path)
    assert (found.url[:200], found.reason, len(found.url)) == (long[:200], "name", 1000)


async def test_a_folder_without_end_is_read_to_a_limit(tmp_path):
    write(tmp_path / "1" / "2" / "read.txt")
    write(tmp_path / "1" / "2" / "3" / "not.txt")
    listing = list_files(tmp_path, TEXT, deepest=2)
    assert [file.name for file in listing.files] == ["1/2/read.txt"]
    assert listing.refused == [Refused("1/2/3", "too_deep", "folders are read 2 levels deep")]
    assert listing.unlisted == ["1/2/3"]


async def test_a_folder_with_too_many_names_is_refused_before_they_are_looked_at(tmp_path):
    for number in range(5):
        write(tmp_path / str(number % 2) / f"{number}.other")
    assert list_files(tmp_path, TEXT, most=7).files == []
    with pytest.raises(SourceError, match="more than 6 names") as raised:
        list_files(tmp_path, TEXT, most=6)
    assert raised.value.kind == "too_large"


async def test_a_folder_that_is_missing_is_not_an_empty_folder(tmp_path):
    assert await answers(tmp_path) == []
    (tmp_path / "file").touch()
    for path in (tmp_path / "none", tmp_path / "file"):
        with pytest.raises(SourceError, match="no such folder") as raised:
            await answers(path)
        assert raised.value.kind == "missing"


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_visit_leaves_no_descriptor_open(tmp_path):
    write(tmp_path / "deep" / "er" / "a.txt")
    (tmp_path / "link.txt").symlink_to("deep/er/a.txt")
    before = descriptors()
    await answers(tmp_path, Memory())
    assert read_file(tmp_path, FileSeen("deep/none/a.txt", 0, 0)) is None
    assert descriptors() == before


def test_parsing_can_be_sent_to_a_worker():
    assert pickle.loads(pickle.dumps(Folder.parse)) is Folder.parse


async def test_unreadable_files_say_so_before_what_is_read(tmp_path):
    write(tmp_path / "a.txt")
    (tmp_path / "z.txt").symlink_to("a.txt")
    assert [type(one) for one in await answers(tmp_path)] == [Unreadable, Fetched]
