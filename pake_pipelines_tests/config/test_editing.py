"""A command changes `sources.yaml` whole, in one place and to something valid, or not at all."""

import multiprocessing
import os
import shutil
import stat

import pytest

from pake_pipelines.config import editing
from pake_pipelines.config.editing import edit
from pake_pipelines.config.loading import ConfigError, load_sources
from pake_pipelines.settings import PACKAGE_HOME

FEED = {"name": "New", "kind": "feed", "url": "https://new.example/feed", "authority": "news", "tags": ["a"]}


@pytest.fixture
def configs(tmp_path):
    """A copy of the shipped configuration."""
    shutil.copytree(PACKAGE_HOME / "configs", tmp_path / "configs")
    return tmp_path / "configs"


def lines(configs):
    return (configs / "sources.yaml").read_text().splitlines()


def test_adding_a_source_adds_its_lines_and_leaves_all_others_as_they_are(configs):
    before = lines(configs)
    edited = edit(configs, editing.added({"new": FEED}))
    after = lines(configs)
    at = after.index("  new:")
    assert after[at : at + 6] == [
        "  new:",
        "    name: New",
        "    kind: feed",
        "    url: https://new.example/feed",
        "    authority: news",
        "    tags: [a]",
    ]
    assert after[:at] + after[at + 6 :] == before
    assert load_sources(configs).sources["new"] == edited.config.sources["new"]
    assert edited.changed_lines == [f"+ {line}" for line in after[at : at + 6]]


def test_a_schedule_that_is_named_reads_what_was_added(configs):
    edit(configs, editing.added({"new": FEED, "newer": FEED}, "news-feeds"))
    schedule = load_sources(configs).schedules["news-feeds"]
    assert schedule.sources == ("hacker-news-ai", "mit-technology-review-ai", "new", "newer")


@pytest.mark.parametrize("slug", ["sample-notes", "arxiv-ai", "medium-ai"])
def test_a_disabled_source_says_why_and_enabling_it_restores_the_file(configs, slug):
    before = lines(configs)
    edit(configs, editing.disabled(slug, "it's broken: {see} #42"))
    source = load_sources(configs).sources[slug]
    assert (source.enabled, source.disabled_because) == (False, "it's broken: {see} #42")
    edit(configs, editing.enabled(slug))
    assert load_sources(configs).sources[slug].enabled
    assert lines(configs) == before


def test_a_loaded_configuration_is_read_anew_after_a_change(configs):
    assert "new" not in load_sources(configs).sources
    edit(configs, editing.added({"new": FEED}))
    assert "new" in load_sources(configs).sources


def test_a_dry_run_tells_the_change_and_makes_none(configs):
    before = sorted(configs.iterdir()), lines(configs)
    edited = edit(configs, editing.added({"new": FEED}), dry_run=True)
    assert "+   new:" in edited.changed_lines
    assert (sorted(configs.iterdir()), lines(configs)) == before


FAULTY = {
    "a password in the address": ({"new": {**FEED, "url": "https://me:s3cret@new.example"}}, "must not carry credent"),
    "no slug": ({"No Slug": FEED}, "is not a slug"),
    "an unknown authority": ({"new": {**FEED, "authority": "royal"}}, "unknown authority 'royal'"),
    "an unknown key": ({"new": {**FEED, "link": "x"}}, "unknown key"),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_change_to_something_faulty_is_refused_with_the_line_it_would_have_had(configs, fault):
    sources, message = FAULTY[fault]
    before = sorted(configs.iterdir()), lines(configs)
    with pytest.raises(
        ConfigError, match=rf"nothing was changed(?s:.*)configs/sources\.yaml:\d+: (?s:.*){message}"
    ) as raised:
        edit(configs, editing.added(sources))
    assert "s3cret" not in str(raised.value)
    assert (sorted(configs.iterdir()), lines(configs)) == before


def test_a_source_that_cannot_be_read_yet_is_not_enabled(configs):
    with pytest.raises(ConfigError, match="a folder needs a path"):
        edit(configs, editing.enabled("personal-documents"))
    assert not load_sources(configs).sources["personal-documents"].enabled


def test_a_file_that_is_faulty_already_is_not_touched(configs):
    file = configs / "sources.yaml"
    file.write_text("first_day: never\n")
    with pytest.raises(ConfigError, match=r"sources\.yaml:1: first_day"):
        edit(configs, editing.added({"new": FEED}))
    assert file.read_text() == "first_day: never\n"


def test_a_change_that_would_reach_another_source_is_refused(configs):
    text = "sources:\n  a: &one {name: A, kind: folder, path: x}\n  b: *one\n"
    (configs / "sources.yaml").write_text(text)
    with pytest.raises(ConfigError, match="speaks of several sources"):
        edit(configs, editing.disabled("b", "broken"))
    assert (configs / "sources.yaml").read_text() == text


def test_a_project_without_the_file_gets_one(tmp_path):
    edit(tmp_path, editing.added({"new": FEED}))
    assert list(load_sources(tmp_path).sources) == ["new"]


def test_mode_and_link_of_the_file_stay(configs, tmp_path):
    file, real = configs / "sources.yaml", tmp_path / "elsewhere.yaml"
    file.rename(real)
    real.chmod(0o640)
    file.symlink_to(real)
    edit(configs, editing.added({"new": FEED}))
    assert file.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert "  new:" in real.read_text()


def test_a_directory_that_is_not_there_is_a_clear_error(tmp_path):
    with pytest.raises(ConfigError, match="cannot be changed: No such file"):
        edit(tmp_path / "nowhere", editing.added({"new": FEED}))


def test_a_write_that_fails_half_way_leaves_the_file_and_nothing_beside_it(configs, monkeypatch):
    before = sorted(configs.iterdir()), lines(configs)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match="No space left on device"):
        edit(configs, editing.added({"new": FEED}))
    assert (sorted(configs.iterdir()), lines(configs)) == before


def _add(configs, number):
    edit(configs, editing.added({f"new-{number}": FEED}))


def test_changes_at_the_same_time_are_all_kept(configs):
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_add, args=(configs, number)) for number in range(6)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 6
    assert {f"new-{number}" for number in range(6)} <= load_sources(configs).sources.keys()
