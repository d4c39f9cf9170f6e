"""Identity: which key an item gets, and which item goes on under a new one."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.model.entry import Entry
from pake_pipelines.sources.feeds.continuity import KnownItem, continued
from pake_pipelines.sources.feeds.identity import Found, keyed
from pake_pipelines_tests.feeds import prose

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)


def entry(key, *, title="A fine report", url="", body=None, at=NOW):
    url = key if url == "" and key.startswith("http") else url or None
    return Entry(key, title, prose(1) if body is None else body, "text/html", url, published_at=at)


def known(*entries):
    return [KnownItem.of(one) for one in entries]


def found(identifier, **said):
    return Found(identifier, entry(identifier or "", **said))


def test_the_identifier_is_the_key_else_the_link_else_the_content():
    keys = [one.key for one in keyed([found("id"), found(None, url="https://a.example/1"), found(None, url=None)])]
    assert keys[:2] == ["id", "https://a.example/1"]
    assert len(keys[2]) == 64


def test_a_key_is_never_longer_than_an_index_takes():
    (one,) = keyed([found("x" * 5000)])
    assert len(one.key) == 64


def test_items_that_share_an_identifier_stay_apart():
    one, other = keyed([found("id", title="One"), found("id", title="Other")])
    assert one.key != other.key
    assert one.problems == other.problems == ("identifier used for several items: told apart by their content",)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("http://a.example/?p=1", "https://a.example/?p=1"),
        ("https://a.example/2026/1", "https://www.a.example/2026/1"),
        ("https://a.example/2026/1", "https://b.example/2026/1"),
    ],
    ids=["https", "www", "another domain"],
)
def test_an_identifier_that_changed_its_scheme_or_host_is_the_same_item(old, new):
    assert continued([entry(new)], known(entry(old))) == {new: old}


def test_an_address_of_another_site_with_another_title_and_text_is_another_item():
    other = entry("https://b.example/1", title="Something else", body=prose(2))
    assert continued([other], known(entry("https://a.example/1"))) == {}


def test_an_edited_item_with_the_same_link_and_date_is_the_same_item():
    old, new = entry("17", url="https://a.example/1"), entry("uuid-1", url="http://www.a.example/1/", body=prose(2))
    assert continued([new], known(old)) == {"uuid-1": "17"}


def test_items_that_all_link_to_one_page_are_not_taken_for_each_other():
    url = "https://status.example/incidents"
    old = entry("1", url=url, title="Mail is slow", body=prose(1))
    new = entry("2", url=url, title="Search is down", body=prose(2), at=NOW + timedelta(hours=1))
    assert continued([new], known(old)) == {}


@pytest.mark.parametrize("url", ["https://a.example", "https://a.example/", None, "not an address", "http://[1"])
def test_a_link_to_nowhere_in_particular_identifies_nothing(url):
    old, new = entry("1", url=url, body=prose(1)), entry("2", url=url, body=prose(2))
    assert continued([new], known(old)) == {}


def test_the_same_words_under_a_new_link_within_two_days_are_the_same_item():
    old = entry("1", url="https://a.example/old", title="A fine report!", body=f"<p>{prose(1)}</p>")
    new = entry("2", url="https://a.example/new", body=prose(1).upper(), at=NOW + timedelta(days=2))
    assert continued([new], known(old)) == {"2": "1"}


@pytest.mark.parametrize(
    "change",
    [
        {"at": NOW + timedelta(days=2, seconds=1)},
        {"at": None},
        {"title": "A poor report on other things"},
        {"body": prose(2)},
        {"title": ""},
    ],
    ids=["later", "undated", "title", "text", "untitled"],
)
def test_without_link_or_identifier_title_text_and_time_must_all_agree(change):
    old = entry("1", url="https://a.example/old")
    assert continued([entry("2", url="https://a.example/new", **change)], known(old)) == {}


def test_a_serial_with_the_same_text_every_day_is_not_one_item():
    old = entry("1", url="https://a.example/41", title="Daily thread 41")
    new = entry("2", url="https://a.example/42", title="Daily thread 42", at=NOW + timedelta(days=1))
    assert continued([new], known(old)) == {}


def test_a_text_too_short_to_tell_items_apart_proves_nothing():
    old = entry("1", url="https://a.example/old", body="Comments")
    assert continued([entry("2", url="https://a.example/new", body="Comments")], known(old)) == {}


def test_what_two_items_could_continue_is_continued_by_neither():
    old = entry("1", url="https://a.example/x")
    both = [entry("2", url="https://a.example/y"), entry("3", url="https://a.example/z")]
    assert continued(both, known(old)) == {}
    assert continued([old], known(*both)) == {}


def test_a_whole_feed_may_move():
    old = [entry(f"http://a.example/{n}", title=f"Report {n}", body=prose(n)) for n in range(50)]
    new = [entry(f"https://a.example/{n}", title=f"Report {n}", body=prose(n)) for n in range(50)]
    assert continued(new, known(*old)) == {f"https://a.example/{n}": f"http://a.example/{n}" for n in range(50)}


def test_thousands_of_items_that_are_all_alike_take_no_time():
    new = [entry(f"n{n}", url="https://a.example/x") for n in range(3000)]
    old = known(*(entry(f"o{n}", url="https://a.example/x") for n in range(100)))
    started = time.process_time()
    assert continued(new, old) == {}
    assert time.process_time() - started < 5


KEYS = ["http://a.example/1", "https://a.example/1", "https://b.example/1", "https://a.example/2", "x", "y"]
ENTRIES = st.lists(
    st.builds(
        lambda key, title, number, url, hours: entry(
            key, title=title, body=prose(number), url=url, at=NOW + timedelta(hours=hours)
        ),
        st.sampled_from(KEYS),
        st.sampled_from(["A fine report", "A fine report!", "Another matter", ""]),
        st.integers(1, 2),
        st.sampled_from([None, "https://a.example/l", "http://a.example/l/", "https://a.example/"]),
        st.integers(0, 100),
    ),
    max_size=6,
    unique_by=lambda one: one.key,
)


@given(ENTRIES, ENTRIES)
def test_no_item_is_matched_twice_and_none_without_a_common_identifier_link_or_text(new, old):
    old = [one for one in old if one.key not in {other.key for other in new}]
    renames = continued(new, known(*old))
    assert len(set(renames.values())) == len(renames)
    news, olds = {one.key: one for one in new}, {one.key: one for one in old}
    for one, other in renames.items():
        same_identifier = bare(one) is not None and bare(one) == bare(other)
        same_link = bare(news[one].url) is not None and bare(news[one].url) == bare(olds[other].url)
        assert same_identifier or same_link or news[one].body == olds[other].body


def bare(address):
    """Return an address without scheme and host."""
    return address.partition("://")[2].partition("/")[2].rstrip("/") or None if address else None
