"""A folder tells touched, renamed and deleted files from new ones, and an unmounted disk from an empty folder."""

import asyncio
import os
import shutil
import tempfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pake_pipelines.sources.files import folder as folder_module
from pake_pipelines.sources.files.changes import renames
from pake_pipelines.sources.protocol import (
    Fetched,
    Gone,
    KnownBody,
    Memory,
    Renamed,
    SourceError,
    Unchanged,
    Unreadable,
    Window,
)
from pake_pipelines_tests.sources.files.folders import LATER, MOMENT, NOW, answers, read_once, remember, write

THE_DAY = Window(date(2026, 11, 20), date(2026, 11, 20))


@pytest.fixture
def opened(monkeypatch):
    """The names of the files that were opened for reading."""
    names = []
    really = folder_module.read_file

    def noting(root, seen):
        names.append(seen.name)
        return really(root, seen)

    monkeypatch.setattr(folder_module, "read_file", noting)
    return names


class TestTouched:
    """A file that has another time and the same bytes is nothing new, and is not read on every visit to find out."""

    async def test_it_is_read_once_and_then_remembered(self, tmp_path, opened):
        write(tmp_path / "a.txt")
        memory = await read_once(tmp_path)
        write(tmp_path / "a.txt", when=LATER)
        opened.clear()
        said = await answers(tmp_path, memory)
        assert [(type(one), opened) for one in said] == [(Unchanged, ["a.txt"])]
        opened.clear()
        assert await answers(tmp_path, remember(memory, said)) == []
        assert opened == []

    async def test_a_change_after_the_touch_is_new(self, tmp_path):
        write(tmp_path / "a.txt")
        memory = await read_once(tmp_path)
        write(tmp_path / "a.txt", when=LATER)
        memory = remember(memory, await answers(tmp_path, memory))
        write(tmp_path / "a.txt", "more", LATER + timedelta(hours=1))
        fetched, forgotten = await answers(tmp_path, memory)
        assert (fetched.body, forgotten) == (b"more", Unchanged({"touched": {}}))

    async def test_what_is_remembered_of_older_contents_says_nothing_of_newer_ones(self, tmp_path):
        write(tmp_path / "a.txt", "old")
        memory = await read_once(tmp_path)
        write(tmp_path / "a.txt", "old", LATER)
        memory = remember(memory, await answers(tmp_path, memory))
        write(tmp_path / "a.txt", "new", LATER + timedelta(hours=1))
        fetched, _ = await answers(tmp_path, memory)
        stopped_there = remember(memory, [fetched])
        write(tmp_path / "a.txt", "old", LATER)
        assert (await answers(tmp_path, stopped_there))[0].body == b"old"

    async def test_what_is_remembered_ends_with_the_file(self, tmp_path):
        for name in ("a.txt", "b.txt"):
            write(tmp_path / name, name)
        memory = await read_once(tmp_path)
        for name in ("a.txt", "b.txt"):
            write(tmp_path / name, name, LATER)
        memory = remember(memory, await answers(tmp_path, memory))
        assert set(memory.cursor["touched"]) == {"a.txt", "b.txt"}
        (tmp_path / "a.txt").unlink()
        memory = remember(memory, await answers(tmp_path, memory))
        assert set(memory.cursor["touched"]) == {"b.txt"}

    async def test_a_look_back_remembers_nothing(self, tmp_path):
        write(tmp_path / "a.txt")
        memory = await read_once(tmp_path)
        write(tmp_path / "a.txt", when=LATER)
        assert await answers(tmp_path, memory, THE_DAY) == []


class TestRenamed:
    """A file that vanished and one that appeared with the same bytes are one file under a new name."""

    async def test_a_rename_is_told_instead_of_a_deletion_and_a_new_file(self, tmp_path):
        write(tmp_path / "a.txt")
        memory = await read_once(tmp_path)
        (tmp_path / "a.txt").rename(tmp_path / "b.txt")
        assert await answers(tmp_path, memory) == [Renamed("b.txt", "a.txt")]

    async def test_moving_a_directory_renames_every_file_in_it(self, tmp_path):
        for number in range(3):
            write(tmp_path / "here" / f"{number}.txt", f"text {number}")
        memory = await read_once(tmp_path)
        (tmp_path / "here").rename(tmp_path / "there")
        expected = [Renamed(f"there/{number}.txt", f"here/{number}.txt") for number in range(3)]
        assert await answers(tmp_path, memory) == expected

    async def test_a_file_that_was_renamed_and_changed_is_gone_and_new(self, tmp_path):
        write(tmp_path / "a.txt", "one")
        memory = await read_once(tmp_path)
        (tmp_path / "a.txt").unlink()
        write(tmp_path / "b.txt", "two")
        gone, fetched = await answers(tmp_path, memory)
        assert (gone, fetched.url, fetched.body) == (Gone("a.txt"), "b.txt", b"two")

    async def test_a_file_that_became_another_type_is_gone_and_new(self, tmp_path):
        write(tmp_path / "a.txt", "# One")
        memory = await read_once(tmp_path)
        (tmp_path / "a.txt").rename(tmp_path / "a.md")
        gone, fetched = await answers(tmp_path, memory)
        assert (gone, fetched.url, fetched.media_type) == (Gone("a.txt"), "a.md", "text/markdown")

    async def test_a_copy_is_new_while_the_original_is_there(self, tmp_path):
        write(tmp_path / "a.txt")
        memory = await read_once(tmp_path)
        shutil.copy2(tmp_path / "a.txt", tmp_path / "b.txt")
        (found,) = await answers(tmp_path, memory)
        assert (type(found), found.url) == (Fetched, "b.txt")

    async def test_of_several_copies_the_first_is_the_renamed_one(self, tmp_path):
        write(tmp_path / "a.txt")
        memory = await read_once(tmp_path)
        (tmp_path / "a.txt").rename(tmp_path / "c.txt")
        write(tmp_path / "b.txt")
        renamed, new = await answers(tmp_path, memory)
        assert (renamed, type(new), new.url) == (Renamed("b.txt", "a.txt"), Fetched, "c.txt")

    async def test_a_renamed_file_that_was_touched_is_not_read_again_to_find_that_out(self, tmp_path, opened):
        write(tmp_path / "a.txt")
        memory = await read_once(tmp_path)
        (tmp_path / "a.txt").unlink()
        write(tmp_path / "b.txt", when=LATER)
        said = await answers(tmp_path, memory)
        assert [type(one) for one in said] == [Renamed, Unchanged]
        opened.clear()
        assert await answers(tmp_path, remember(memory, said)) == []
        assert opened == []

    async def test_only_files_of_a_vanished_ones_size_are_read_to_find_it(self, tmp_path, opened):
        write(tmp_path / "a.txt", "four")
        memory = await read_once(tmp_path)
        (tmp_path / "a.txt").rename(tmp_path / "b.txt")
        write(tmp_path / "other.txt", "another size")
        opened.clear()
        await answers(tmp_path, memory)
        assert opened == ["b.txt", "other.txt"]  # b.txt for its hash, the other because it is new

    async def test_a_renamed_file_that_is_still_written_to_is_waited_for(self, tmp_path):
        write(tmp_path / "a.txt")
        write(tmp_path / "stays.txt", "stays")
        memory = await read_once(tmp_path)
        (tmp_path / "a.txt").rename(tmp_path / "b.txt")
        os.utime(tmp_path / "b.txt", (NOW.timestamp(), NOW.timestamp()))
        assert await answers(tmp_path, memory) == []
        renamed, _ = await answers(tmp_path, memory, now=NOW + timedelta(minutes=1))
        assert renamed == Renamed("b.txt", "a.txt")

    async def test_a_look_back_neither_renames_nor_reads_the_renamed_file_as_a_new_one(self, tmp_path):
        write(tmp_path / "a.txt")
        memory = await read_once(tmp_path)
        (tmp_path / "a.txt").rename(tmp_path / "b.txt")
        assert await answers(tmp_path, memory, THE_DAY) == []

    def test_names_are_paired_one_to_one_and_in_order(self):
        known = {f"{name}.md": KnownBody(MOMENT, 4, sha) for name, sha in zip("abcd", "xxyz", strict=True)}
        new = {"3.md": "x", "1.md": "x", "2.md": "x", "4.MARKDOWN": "y", "5.md": "w", "6.html": "z"}
        assert renames(sorted(known), known, new) == {"1.md": "a.md", "2.md": "b.md", "4.MARKDOWN": "c.md"}


class TestDeleted:
    """A known file that is not there is gone, if it is known that it is not there."""

    async def test_a_deleted_file_is_gone_and_news_when_it_comes_back(self, tmp_path):
        for name in ("a.txt", "b.txt"):
            write(tmp_path / name, name)
        memory = await read_once(tmp_path)
        (tmp_path / "a.txt").unlink()
        said = await answers(tmp_path, memory)
        assert said == [Gone("a.txt")]
        write(tmp_path / "a.txt", "a.txt")
        (back,) = await answers(tmp_path, remember(memory, said))
        assert (type(back), back.url) == (Fetched, "a.txt")

    async def test_a_look_back_deletes_nothing(self, tmp_path):
        for name in ("a.txt", "b.txt"):
            write(tmp_path / name, name)
        memory = await read_once(tmp_path)
        (tmp_path / "a.txt").unlink()
        assert await answers(tmp_path, memory, THE_DAY) == []

    @pytest.mark.parametrize("window", [None, THE_DAY])
    @pytest.mark.parametrize("left", [None, "lost+found/.keep", "NOT-MOUNTED", ".DS_Store"])
    async def test_a_folder_that_lost_everything_is_a_failed_read(self, tmp_path, window, left):
        write(tmp_path / "notes" / "a.txt")
        memory = await read_once(tmp_path / "notes")
        (tmp_path / "notes" / "a.txt").unlink()
        if left:
            write(tmp_path / "notes" / left)
        with pytest.raises(SourceError, match=r"nothing readable is left of 1 files.*leave one text file") as raised:
            await answers(tmp_path / "notes", memory, window)
        assert raised.value.kind == "missing"

    async def test_one_text_file_in_it_says_that_the_deletion_was_meant(self, tmp_path):
        write(tmp_path / "a.txt")
        memory = await read_once(tmp_path)
        (tmp_path / "a.txt").unlink()
        write(tmp_path / "empty.txt", "")
        gone, new = await answers(tmp_path, memory)
        assert (gone, new.url) == (Gone("a.txt"), "empty.txt")

    async def test_a_file_whose_place_a_link_takes_is_reported_and_not_gone(self, tmp_path):
        write(tmp_path / "a.txt", "a")
        write(tmp_path / "b.txt", "b")
        memory = await read_once(tmp_path)
        (tmp_path / "a.txt").unlink()
        (tmp_path / "a.txt").symlink_to("b.txt")
        (said,) = await answers(tmp_path, memory)
        assert (type(said), said.url) == (Unreadable, "a.txt")


FILES = st.sampled_from(["a.txt", "b.txt", "x/a.txt", "x/b.txt", "x/y/c.md"])
# of few contents, so that copies and coincidences happen
CONTENTS = st.sampled_from(["", "one", "two", "three"])


class Mirror(RuleBasedStateMachine):
    """Whoever replays a folder's answers has the folder, whatever was done to it between the visits."""

    @initialize()
    def start(self):
        self.root = Path(tempfile.mkdtemp())
        self.time = MOMENT
        self.memory = Memory()
        self.mirror = {}
        self.visited = True

    def there(self):
        return {path.relative_to(self.root).as_posix(): path for path in sorted(self.root.rglob("*")) if path.is_file()}

    def changed(self):
        self.time += timedelta(seconds=10)
        self.visited = False

    @rule(name=FILES, content=CONTENTS)
    def create_or_edit(self, name, content):
        self.changed()
        write(self.root / name, content, self.time)

    @precondition(lambda self: self.there())
    @rule(data=st.data())
    def touch(self, data):
        self.changed()
        path = self.there()[data.draw(st.sampled_from(sorted(self.there())))]
        os.utime(path, (self.time.timestamp(), self.time.timestamp()))

    @precondition(lambda self: self.there())
    @rule(data=st.data(), name=FILES)
    def rename(self, data, name):
        self.changed()
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        self.there()[data.draw(st.sampled_from(sorted(self.there())))].rename(self.root / name)

    @precondition(lambda self: (self.root / "x").exists())
    @rule()
    def move_directory(self):
        self.changed()
        shutil.rmtree(self.root / "z", ignore_errors=True)
        (self.root / "x").rename(self.root / "z")

    @precondition(lambda self: self.there())
    @rule(data=st.data())
    def delete(self, data):
        self.changed()
        self.there()[data.draw(st.sampled_from(sorted(self.there())))].unlink()

    @rule()
    def visit(self):
        if self.mirror and not self.there():
            with pytest.raises(SourceError, match="nothing readable"):
                asyncio.run(answers(self.root, self.memory))
            return
        said = asyncio.run(answers(self.root, self.memory))
        for one in said:
            match one:
                case Fetched():
                    self.mirror[one.url] = one.body
                case Renamed():
                    assert one.url not in self.mirror
                    self.mirror[one.url] = self.mirror.pop(one.was)
                case Gone():
                    del self.mirror[one.url]
                case _:
                    assert isinstance(one, Unchanged)
        self.memory = remember(self.memory, said)
        self.visited = True

    @invariant()
    def the_mirror_is_the_folder_and_another_visit_says_nothing(self):
        if self.visited:
            assert self.mirror == {name: path.read_bytes() for name, path in self.there().items()}
            assert asyncio.run(answers(self.root, self.memory)) == []

    def teardown(self):
        shutil.rmtree(self.root)


Mirror.TestCase.settings = settings(
    max_examples=40, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
TestMirror = Mirror.TestCase
