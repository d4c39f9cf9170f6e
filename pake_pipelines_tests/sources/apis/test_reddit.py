"""A subreddit is read within Reddit's rules and completely, wherever visits stop; without an app by its feed."""

import json
import logging
import pickle
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pake_pipelines.config.source_kinds import RedditSource
from pake_pipelines.sources.apis.reddit import LOOK_BACK, PAGES, Reddit
from pake_pipelines.sources.apis.reddit_answer import NO_SCORES, hold_until, parse_reddit
from pake_pipelines.sources.protocol import Fetched, SourceError, Unchanged
from pake_pipelines_tests.reddit_server import NOW, RedditServer, listing, post
from pake_pipelines_tests.site import Page
from pake_pipelines_tests.sources.visits import Keeper

APP = {"PAKE_REDDIT_CLIENT_ID": "the-id", "PAKE_REDDIT_CLIENT_SECRET": "the-secret"}
MOMENT = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOURS = 60


@pytest.fixture
def server(site):
    return RedditServer(site, budget=1000)


def reader(site, client, environment=APP, **options):
    address = site.url("")
    source = RedditSource(name="R", kind="reddit", subreddit="Testing", url=address, api_url=address, **options)
    return Reddit(source, client, environment)


def keys(bodies):
    return {entry.key for body in bodies for entry in parse_reddit(body).entries}


def names(posts):
    return {one["name"] for one in posts}


def fetched(body, url="https://oauth.reddit.com/r/Testing/new.json", media_type="application/json"):
    return Fetched(url, body, MOMENT, media_type)


async def test_every_post_of_the_listing_is_read(site, client, server):
    server.posts = [post(n) for n in range(250)]
    keeper = Keeper()
    assert len(await keeper.visit(reader(site, client))) == 3
    assert keys(keeper.bodies) == names(server.posts)
    assert server.violations == []


async def test_only_pages_with_something_new_are_handed_out(site, client, server):
    server.posts = [post(n) for n in range(1, 250)]
    keeper = Keeper()
    await keeper.visit(reader(site, client))
    assert await keeper.visit(reader(site, client)) == []
    assert [type(one) for one in keeper.answers] == [Unchanged]
    server.posts.append(post(0))
    assert len(await keeper.visit(reader(site, client))) == 1
    assert keys(keeper.bodies) == names(server.posts)


async def test_no_more_is_asked_for_than_a_listing_has(site, client, server):
    server.posts = [post(n) for n in range(1500)]
    await Keeper().visit(reader(site, client))
    assert len(server.listings) == PAGES


async def test_a_visit_reads_down_to_what_it_must_have_seen_and_no_further(site, client, server):
    server.posts = [post(n * HOURS) for n in range(1, 500)]
    keeper = Keeper()
    await keeper.visit(reader(site, client))
    server.listings.clear()
    await keeper.visit(reader(site, client))
    assert len(server.listings) == 1


async def test_a_deleted_newest_post_does_not_silence_the_subreddit(site, client, server):
    server.posts = [post(n) for n in range(10, 20)]
    keeper = Keeper()
    await keeper.visit(reader(site, client))
    server.posts = [post(n) for n in range(5)] + server.posts[1:]
    await keeper.visit(reader(site, client))
    assert keys(keeper.bodies) >= names(server.posts)


async def test_a_post_that_moderators_let_through_late_is_read(site, client, server):
    server.posts = [post(n) for n in range(10)]
    keeper = Keeper()
    await keeper.visit(reader(site, client))
    server.posts.append(post(5 * HOURS))
    await keeper.visit(reader(site, client))
    assert post(5 * HOURS)["name"] in keys(keeper.bodies)


async def test_a_post_is_read_when_it_reaches_the_minimum_score(site, client, server):
    server.posts = [post(1, score=3), post(20 * HOURS, score=50)]
    keeper = Keeper()
    await keeper.visit(reader(site, client, min_score=10))
    assert keys(keeper.bodies) == {post(20 * HOURS)["name"]}

    server.posts[0]["score"] = 11
    assert len(await keeper.visit(reader(site, client, min_score=10))) == 1
    assert keys(keeper.bodies) == names(server.posts)
    assert await keeper.visit(reader(site, client, min_score=10)) == []


def test_a_changed_score_is_no_new_version():
    low, high = (parse_reddit(fetched(listing(post(1, score=score)))).entries[0] for score in (1, 5000))
    assert low.entry_hash == high.entry_hash


async def test_a_post_from_the_future_does_not_hide_those_of_the_present(site, client, server):
    server.posts = [post(5), post(7, created_utc=NOW + 10 * 86_400.0)]
    keeper = Keeper()
    await keeper.visit(reader(site, client))
    server.posts.append(post(1))
    await keeper.visit(reader(site, client))
    assert keys(keeper.bodies) == names(server.posts)


async def test_what_is_remembered_does_not_grow_without_end(site, client, server):
    server.posts = [post(n * HOURS) for n in range(300)]
    keeper = Keeper()
    await keeper.visit(reader(site, client))
    assert len(keeper.cursor["handed"]) <= LOOK_BACK / 3600 + 1


async def test_the_headers_decide_the_rate(site, client):
    server = RedditServer(site, budget=3, period=1.0)
    server.posts = [post(n) for n in range(700)]
    keeper = Keeper()
    began = datetime.now(UTC)
    await keeper.visit(reader(site, client))
    assert keys(keeper.bodies) == names(server.posts)
    assert len(server.listings) == 7
    assert datetime.now(UTC) - began > timedelta(seconds=1.5)
    assert server.violations == []


@pytest.mark.parametrize(
    ("remaining", "reset", "seconds"),
    [("0.0", "12.5", 12.5), ("0", "600", 600), ("0.9", "3", 3), ("1.0", "30", None), ("99", "30", None),
     (None, "30", None), ("0", None, None), ("nan", "30", None), ("0", "soon", None), ("0", "-5", 0),
     ("0", "1e300", 3600)],
)  # fmt: skip
def test_a_spent_budget_holds_the_host_until_its_reset(remaining, reset, seconds):
    said = {"X-Ratelimit-Remaining": remaining, "X-Ratelimit-Reset": reset}
    until = hold_until({name: value for name, value in said.items() if value is not None}, MOMENT)
    assert until == (None if seconds is None else MOMENT + timedelta(seconds=seconds))


async def test_one_token_is_used_as_long_as_it_is_good(site, client, server):
    server.posts = [post(n) for n in range(250)]
    one = reader(site, client)
    await Keeper().visit(one)
    await Keeper().visit(one)
    assert len(server.tokens) == 1


async def test_a_token_that_ends_or_is_refused_is_renewed(site, client, server):
    server.posts = [post(n) for n in range(10)]
    one = reader(site, client)
    await Keeper().visit(one)
    server.forget_tokens()
    server.token_seconds = 1
    await Keeper().visit(one)
    await Keeper().visit(one)
    assert len(server.tokens) == 3


async def test_secrets_are_shown_nowhere(site, client, server, caplog):
    server.posts = [post(1)]
    one = reader(site, client)
    keeper = Keeper()
    with caplog.at_level(logging.DEBUG):
        await keeper.visit(one)
    seen = f"{caplog.text} {keeper.cursor} {keeper.answers} {one._token!r}"
    assert "the-secret" not in seen
    assert "token-0" not in seen


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"PAKE_REDDIT_CLIENT_ID": "the-id"}, "only one"),
        ({"PAKE_REDDIT_CLIENT_SECRET": "the-secret"}, "only one"),
        (APP | {"PAKE_REDDIT_CLIENT_SECRET": "wrong-one"}, "does not know"),
    ],
)
async def test_wrong_credentials_are_an_error_and_no_reason_to_read_the_feed(site, client, server, environment, named):
    with pytest.raises(SourceError) as raised:
        await Keeper().visit(reader(site, client, environment))
    assert raised.value.kind == "credentials"
    assert named in str(raised.value)
    assert not any(value in str(raised.value) for value in ("the-secret", "wrong-one"))
    assert not site.asked("/r/Testing/new/.rss")


@pytest.mark.parametrize(
    "answer",
    [b"", b"[]", b"{}", b'{"access_token": 5, "expires_in": 1}', b'{"access_token": "a\\r\\nX: y", "expires_in": 9}'],
)
async def test_an_answer_without_a_token_is_an_error(site, client, server, answer):
    site.pages["/api/v1/access_token"] = Page(answer)
    with pytest.raises(SourceError) as raised:
        await Keeper().visit(reader(site, client))
    assert raised.value.kind == "malformed"


async def test_too_many_requests_say_when_to_come_back(site, client, server):
    site.pages["/r/Testing/new.json"] = Page(status=429, headers={"Retry-After": "60"})
    with pytest.raises(SourceError) as raised:
        await Keeper().visit(reader(site, client))
    assert raised.value.retry_at > datetime.now(UTC) + timedelta(seconds=50)


async def test_a_subreddit_that_does_not_exist_is_an_error(site, client, server):
    site.pages["/r/Testing/new.json"] = Page(status=302, headers={"Location": "/subreddits/search.json"})
    site.pages["/subreddits/search.json"] = Page(listing())
    with pytest.raises(SourceError) as raised:
        await Keeper().visit(reader(site, client))
    assert raised.value.kind == "missing"


async def test_without_an_app_the_feed_is_read_and_says_what_it_lacks(site, client, server):
    server.posts = [post(n) for n in range(30)]
    keeper = Keeper()
    await keeper.visit(reader(site, client, {}, min_score=100))
    parsed = parse_reddit(keeper.bodies[0])
    assert {entry.key for entry in parsed.entries} == names(server.posts[:25])
    assert parsed.entries[0].author == "somebody"
    assert NO_SCORES in parsed.warnings
    assert server.violations == []


async def test_an_unchanged_feed_is_asked_for_conditionally(site, client, server):
    server.posts = [post(1)]
    keeper = Keeper()
    await keeper.visit(reader(site, client, {}))
    assert await keeper.visit(reader(site, client, {})) == []
    assert [type(one) for one in keeper.answers] == [Unchanged]
    assert "If-None-Match" in site.asked("/r/Testing/new/.rss")[1]


@pytest.mark.parametrize("status", [403, 429])
async def test_a_refused_feed_says_what_would_help(site, client, server, status):
    site.pages["/r/Testing/new/.rss"] = Page(status=status, headers={"Retry-After": "30"} if status == 429 else {})
    with pytest.raises(SourceError) as raised:
        await Keeper().visit(reader(site, client, {}))
    assert "PAKE_REDDIT_CLIENT_ID" in str(raised.value)
    assert (raised.value.retry_at is not None) == (status == 429)


async def test_a_post_has_the_same_key_by_feed_and_by_api(site, client, server):
    server.posts = [post(n) for n in range(10)]
    keeper = Keeper()
    await keeper.visit(reader(site, client, {}))
    by_feed = keys(keeper.bodies)
    await keeper.visit(reader(site, client))
    assert keys(keeper.bodies) == by_feed == names(server.posts)
    assert "feed" in keeper.cursor


def test_what_a_post_says_is_kept():
    one = post(1, title="A & B", selftext="**Bold**", link_flair_text="Research")
    (entry,) = parse_reddit(fetched(listing(one))).entries
    assert (entry.title, entry.body, entry.media_type, entry.tags) == (
        "A & B",
        "**Bold**",
        "text/markdown",
        ("Research",),
    )
    assert entry.url == "https://www.reddit.com/r/Testing/comments/00001/post/"
    assert entry.published_at == datetime.fromtimestamp(NOW - 60, UTC)


def test_a_link_post_says_no_more_than_where_it_leads():
    one = post(1, is_self=False, selftext="", url="https://example.org/paper")
    (entry,) = parse_reddit(fetched(listing(one))).entries
    assert entry.body == "Link: <https://example.org/paper>"


@pytest.mark.parametrize(
    "gone",
    [{"selftext": "[removed]"}, {"selftext": "[deleted]", "author": "[deleted]"}, {"removed_by_category": "moderator"}],
)
def test_removed_and_deleted_posts_are_left_out(gone):
    parsed = parse_reddit(fetched(listing(post(1, **gone), post(2))))
    assert [entry.key for entry in parsed.entries] == ["t3_00002"]
    assert parsed.unparsed == ()


def test_a_post_outlives_the_account_that_wrote_it():
    (entry,) = parse_reddit(fetched(listing(post(1, author="[deleted]")))).entries
    assert entry.author is None


def test_what_is_no_post_goes_to_the_dead_letters():
    body = json.loads(listing(post(1)))
    body["data"]["children"] += [5, {"kind": "t3"}, {"kind": "t5", "data": {"name": "t5_x"}}]
    parsed = parse_reddit(fetched(json.dumps(body).encode()))
    assert (len(parsed.entries), len(parsed.unparsed)) == (1, 3)


def test_the_parser_can_be_sent_to_another_process():
    assert pickle.loads(pickle.dumps(Reddit.parse)) is parse_reddit


@pytest.mark.parametrize("address", ["http://oauth.reddit.com", "http://127.0.0.1.example.org"])
def test_a_secret_is_not_sent_in_the_clear(address):
    with pytest.raises(ValueError, match="https"):
        RedditSource(name="R", kind="reddit", subreddit="Testing", api_url=address)


@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=9) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["data", "children", "after", "name", "created_utc", "score", "selftext", "removed_by_category"]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=20,
    )
)
def test_no_garbage_raises_anything_but_a_source_error(said):
    body = (
        said
        if isinstance(said, bytes)
        else json.dumps({"data": {"children": [{"data": said}], "after": said}}).encode()
    )
    for start in (b"", b"{", b"<feed><entry><id>t3_"):
        try:
            parse_reddit(fetched(start + body))
        except SourceError:
            continue


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=st.lists(st.tuples(st.integers(0, 130), st.lists(st.integers(1, 3), max_size=3)), min_size=1, max_size=4))
async def test_wherever_visits_stop_every_post_is_read_and_none_is_asked_for_again(site, client, rounds):
    server = RedditServer(site, budget=1000)
    keeper = Keeper()
    total = sum(count for count, _ in rounds)
    for count, stops in rounds:
        server.posts += [post(HOURS * (total - n)) for n in range(len(server.posts), len(server.posts) + count)]
        for stop in stops:
            await keeper.visit(reader(site, client), stop)
    await keeper.visit(reader(site, client))
    assert keys(keeper.bodies) == names(server.posts)
    assert await keeper.visit(reader(site, client)) == []
    assert server.violations == []
