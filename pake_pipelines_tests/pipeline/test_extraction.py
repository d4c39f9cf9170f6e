"""Extraction: whatever a page does to its search, its text is kept, with a note, and the next page is read."""

import os
import signal
import time
from uuid import uuid4

import psutil
import pytest

from pake_pipelines.config.cache import CacheRules
from pake_pipelines.config.loading import load_quality
from pake_pipelines.config.quality import ExtractionLimits
from pake_pipelines.pipeline import extraction
from pake_pipelines.pipeline.documents import clean
from pake_pipelines.pipeline.extraction import Extractor, found_in
from pake_pipelines.settings import PACKAGE_HOME
from pake_pipelines.store.entries import StoredEntry
from pake_pipelines.store.result_cache import ResultCache, Standing
from pake_pipelines.text.extract import extract
from pake_pipelines_tests.pipeline import parsers

SENTENCE = "The committee has published a report on storage, and it says that batteries must grow. "
PAGE = f"<html><body><nav>Menu</nav><article>{f'<p>{SENTENCE * 3}</p>' * 3}</article></body></html>"
WHOLE = "Menu"


def limits(**changes):
    return ExtractionLimits(
        **{"deadline_seconds": 30, "memory_mb": 512, "max_characters": 1_000_000, "workers": 1} | changes
    )


@pytest.fixture
def extractor():
    with Extractor(limits()) as lent:
        yield lent


def workers():
    return [child for child in psutil.Process().children(recursive=True) if "--multiprocessing-fork" in child.cmdline()]


def one(extractor, body, media_type="text/html"):
    (found,) = extractor.extract([(body, media_type)])
    return found


def test_pages_and_everything_else_come_back_in_order_as_they_would_be_read_here(extractor):
    bodies = [
        (PAGE, "text/html; charset=utf-8"),
        ("<p>A <b>fragment</b></p>", "text/html"),
        ("# T\n\n<b>x</b>", "text/markdown"),
        (PAGE.replace("storage", "water"), "application/xhtml+xml"),
        ("a <b> c", "text/plain"),
        ("", "text/html"),
    ]
    assert [one.text for one in extractor.extract(bodies)] == [extract(*body) for body in bodies]


def test_only_a_page_starts_a_process(extractor):
    before = workers()
    extractor.extract([("<p>A fragment</p>", "text/html"), ("text", "text/plain")])
    assert workers() == before
    one(extractor, PAGE)
    assert len(workers()) == len(before) + 1
    extractor.close()
    assert workers() == before


def test_a_page_is_the_same_in_whichever_order_pages_come():
    bodies = [(PAGE.replace("storage", f"storage {n}"), "text/html") for n in range(12)] * 2
    with Extractor(limits(workers=2)) as extractor:
        forward, backward = extractor.extract(bodies), extractor.extract(bodies[::-1])
    assert forward == backward[::-1]


@pytest.mark.parametrize(
    ("search", "reason"),
    [
        (parsers.loop_forever, "not searched within 1 s"),
        (parsers.eat_memory, "it takes more memory than 300 MB"),
        (parsers.die, "the process that searched it broke down"),
    ],
    ids=["slow", "heavy", "fatal"],
)
def test_a_page_whose_search_fails_is_kept_whole_and_the_others_are_read(monkeypatch, search, reason):
    with Extractor(limits(deadline_seconds=1, memory_mb=300)) as extractor:
        monkeypatch.setattr(extraction, "found_in", search)
        started = time.monotonic()
        found = one(extractor, PAGE)
        assert time.monotonic() - started < 10
        monkeypatch.undo()
        assert reason in found.problems[0]
        assert "all text of the page is kept" in found.problems[0]
        assert WHOLE in found.text
        assert SENTENCE.strip() in found.text
        assert one(extractor, "<p>A fragment</p>").text == "A fragment"


def test_after_a_failed_search_the_same_processes_search_on(monkeypatch, extractor):
    monkeypatch.setattr(extraction, "found_in", parsers.die)
    one(extractor, PAGE)
    monkeypatch.undo()
    found = one(extractor, PAGE)
    assert (WHOLE in found.text, found.problems) == (False, ())


def test_a_process_that_was_killed_while_idle_is_replaced_and_no_page_is_lost(extractor):
    one(extractor, PAGE)
    for seconds in (0, 1):
        for child in workers():
            os.kill(child.pid, signal.SIGKILL)
        time.sleep(seconds)
        found = extractor.extract([(PAGE, "text/html")] * 3)
        assert [(WHOLE in page.text, page.problems) for page in found] == [(False, ())] * 3


def test_a_page_of_too_many_characters_is_not_searched():
    with Extractor(limits(max_characters=100)) as extractor:
        found = one(extractor, PAGE)
        assert "more than 100 characters" in found.problems[0]
        assert WHOLE in found.text
        assert not extractor.extract([("<p>" + "x" * 200, "text/html")])[0].problems


def test_an_error_that_nobody_expected_is_a_note(monkeypatch):
    def stumble(page):
        raise KeyError("oh")

    monkeypatch.setattr(extraction, "extract_page", stumble)
    found = found_in(PAGE)
    assert "KeyError: 'oh'" in found.problems[0]
    assert WHOLE in found.text


@pytest.mark.parametrize("media_type", ["text/plain", "text/html"])
def test_characters_that_were_misread_are_repaired_with_a_note(extractor, media_type):
    found = one(extractor, "<html>" * (media_type == "text/html") + "It\u00e2\u20ac\u2122s. " * 40, media_type)
    assert found.text.startswith("It\u2019s")
    assert found.problems == ("UTF-8 that was read as Windows-1252 is read again",)


@pytest.mark.parametrize(
    "body",
    [
        "<html><body>" + "<div>" * 100_000 + "deep" + "</div>" * 100_000,
        "<html><body>deep " + "x" * 1_000_000,
        "<html><body><p>deep \x00\x01\x1b \ud800 \u202e \u4f60\u597d",
        "<html><body><table>" + "<tr><td rowspan=100000 colspan=1000>deep</td></tr>" * 2_000,
        "<html><title><script>alert(1)</script></title><body><p>deep</p><script>alert(1)</script>",
        "<html>deep",
    ],
    ids=["nested", "line", "control", "spans", "script", "bare"],
)
def test_hostile_pages_are_read_and_can_be_stored(extractor, body):
    found = one(extractor, body)
    assert "deep" in found.text
    assert "\0" not in found.text.encode().decode()
    assert "alert" not in found.text


async def test_what_was_noticed_stays_with_the_document(extractor, database):
    deep = "<html><body>" + "<div>" * 5_000 + "deep"
    bodies = [PAGE, deep]
    found = [
        StoredEntry(number, uuid4(), "Storage", None, body, "text/html", gone=False)
        for number, body in enumerate(bodies)
    ]
    no_cache = ResultCache(database, CacheRules(enabled=False), Standing())
    page, odd = await clean(found, load_quality(PACKAGE_HOME / "configs"), "no_such_model", extractor, no_cache)
    assert (page.entry_id, page.problems, WHOLE in page.text) == (0, (), False)
    assert (odd.entry_id, odd.problems) == (1, ("too large or too deep to search: converted whole",))
