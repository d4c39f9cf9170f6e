"""The outbox: nothing is lost, nothing overtakes, what fails is tried again at a decent pace, channels go alone."""

import asyncio
import time
from datetime import timedelta

import pytest
from aiohttp import web

from pake_pipelines.alerts.courier import pause
from pake_pipelines.config.alerting import Delivery, LogChannel, SlackChannel
from pake_pipelines.model.alert import Severity
from pake_pipelines.store import notification_views, notifications
from pake_pipelines.store.notifications import Lease, message_of
from pake_pipelines_tests.alerts.messages import line, message, resolve
from pake_pipelines_tests.alerts.post_office import PostOffice, Receiver, break_off, hang, hook

HOUR = timedelta(hours=1)


@pytest.fixture
def receiver(site):
    site.pages["/hook"] = Receiver()
    return site.pages["/hook"]


@pytest.fixture
def office(database, tmp_path, site, receiver):
    return PostOffice(database, tmp_path, {"hook": hook(site)})


async def test_a_message_is_in_the_outbox_once_however_often_it_is_put_there(office, receiver):
    assert await office.put("hook", message(), message()) == [True, False]
    assert await office.put("hook", message()) == [False]
    assert (await office.deliver()).sent == 1
    assert (await office.deliver()).sent == 0
    assert await office.put("hook", message()) == [False]
    assert receiver.keys == ["fire-1"]


async def test_a_message_comes_back_from_the_outbox_as_it_was_put_there(office):
    put = message(
        firing=(line(value=1.5), line("alert-2", severity=Severity.INFO)),
        resolved=(line("a3", resolved_at=office.now),),
        held_back=3, body="# b", attachments=("a.txt",), labels={"service": "redis"},
    )  # fmt: skip
    await office.put("hook", put)
    [one] = await office.listed()
    async with office.database.connection() as connection:
        assert message_of(await notification_views.message(connection, one.notification_id)) == put


async def test_what_no_database_holds_does_not_keep_a_message_from_being_sent(office, receiver):
    await office.put("hook", message(title="a\x00b\ud800c", labels={"x\x00": "y"}))
    await office.deliver()
    assert receiver.taken[0]["title"] == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"


async def test_nothing_due_costs_one_query_and_writes_nothing(office):
    assert (await office.deliver()).channels == {}
    assert await office.channel("hook") is None


async def test_the_messages_of_a_group_are_sent_in_the_order_in_which_they_were_put(office, receiver):
    await office.put("hook", message(), resolve(), message("fire-2"), resolve("resolve-2"))
    await office.deliver()
    assert receiver.keys == ["fire-1", "resolve-1", "fire-2", "resolve-2"]


async def test_a_resolve_does_not_overtake_its_fire_that_has_to_be_sent_again(office, receiver):
    receiver.answers = [(500, {})]
    await office.put("hook", message(), resolve())
    await office.deliver_for(10, seconds=1)
    assert receiver.keys == []
    await office.deliver()
    assert receiver.keys == ["fire-1", "resolve-1"]


async def test_a_message_that_is_never_taken_does_not_keep_the_others_waiting(office, receiver, site):
    async def picky(request):
        body = await request.read()
        return web.Response(status=500) if b"poison" in body else await receiver(request)

    site.pages["/hook"] = picky
    for number in range(3):
        await office.put("hook", message(f"poison-{number}", group=f"p{number}"))
    for number in range(30):
        await office.put("hook", message(f"f{number}", group=f"g{number}"))
        await office.deliver()
        office.later(seconds=30)
    for _ in range(10):
        await office.deliver()
        office.later(seconds=30)
    assert sorted(receiver.keys) == sorted(f"f{number}" for number in range(30))


async def test_the_gravest_of_what_waits_goes_first(office, receiver):
    await office.put("hook", *(message(one, group=one, severity=Severity(one)) for one in Severity))
    await office.deliver()
    assert receiver.keys == ["critical", "error", "warning", "info"]


def test_pauses_double_up_to_their_bound():
    delivery = Delivery(first_retry_seconds=10, max_retry_seconds=900)
    found = [pause(delivery, failures).total_seconds() for failures in (1, 2, 3, 7, 8, 5000)]
    assert found == [10, 20, 40, 640, 900, 900]


async def test_what_fails_is_tried_again_after_pauses_that_double(office, site):
    site.pages["/hook"] = break_off
    await office.put("hook", message())
    tried = []
    for second in range(800):
        before = len(site.requests)
        await office.deliver()
        if len(site.requests) > before:
            tried.append(second)
        office.later(seconds=1)
    assert tried == [0, 10, 30, 70, 150, 310, 630]


async def test_a_channel_that_is_down_for_a_day_loses_nothing_and_doubles_nothing(office, receiver):
    receiver.status = 503
    sent = []
    for hour in range(24):
        for put in (message(f"fire-{hour}", group=f"g{hour % 3}"), resolve(f"resolve-{hour}", group=f"g{hour % 3}")):
            await office.put("hook", put)
            sent.append(put.key)
        await office.deliver_for(4, minutes=15)
    assert (await office.channel("hook")).failures > 0
    receiver.status = 200
    await office.deliver_for(20, minutes=1)
    alone = [one["key"] for one in receiver.taken if one["kind"] != "summary"]
    summaries = [one for one in receiver.taken if one["kind"] == "summary"]
    told = alone + [one.key for one in await office.listed(states=["summarised"])]
    assert sorted(told) == sorted(sent)
    assert sum(int(one["title"].split()[0]) for one in summaries) == len(sent) - len(alone)
    assert (await office.channel("hook")).failures == 0


async def test_after_an_outage_what_was_put_off_goes_out_with_the_first_that_gets_through(office, receiver):
    receiver.status = 500
    await office.put("hook", message(), message("fire-2", group="2"))
    await office.deliver_for(60, minutes=1)
    receiver.status = 200
    office.later(minutes=15)
    await office.deliver()
    assert sorted(receiver.keys) == ["fire-1", "fire-2"]


async def test_what_is_new_finds_out_whether_a_channel_is_back_without_waiting_for_the_pause(office, receiver):
    receiver.status = 500
    await office.put("hook", message())
    await office.deliver_for(10, minutes=2)
    receiver.status = 200
    await office.put("hook", message("new", group="new"))
    await office.deliver()
    assert receiver.keys == ["new", "fire-1"]


async def test_a_channel_that_says_when_to_come_back_is_left_alone_until_then(office, receiver, site):
    receiver.answers = [(429, {"Retry-After": "3600"})]
    await office.put("hook", message())
    await office.deliver()
    await office.put("hook", message("new", group="new"))
    await office.deliver_for(58, minutes=1)
    assert len(site.requests) == 1
    office.later(minutes=3)
    await office.deliver()
    assert sorted(receiver.keys) == ["fire-1", "new"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422])
async def test_a_refusal_for_good_is_a_dead_letter_at_once_with_its_cause(status, office, receiver, site):
    receiver.answers = [(status, {})]
    await office.put("hook", message(), resolve())
    done = await office.deliver()
    assert (done.channels["hook"].dead, done.sent) == (1, 1)
    dead, _ = await office.listed()
    assert (dead.key, dead.state, dead.attempts) == ("fire-1", "dead", 1)
    assert str(status) in dead.last_error
    assert receiver.keys == ["resolve-1"]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_a_refusal_for_now_is_tried_again(status, office, receiver):
    receiver.answers = [(status, {})]
    await office.put("hook", message())
    assert (await office.deliver()).channels["hook"].put_off == 1
    office.later(minutes=2)
    await office.deliver()
    assert receiver.keys == ["fire-1"]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_any_success_is_a_success(status, office, receiver):
    receiver.status = status
    await office.put("hook", message())
    assert (await office.deliver()).sent == 1


async def test_what_cannot_be_sent_within_72_hours_is_a_dead_letter_that_says_so(office, receiver):
    receiver.status = 500
    await office.put("hook", message(), message("fire-2", group="2"))
    await office.deliver_for(71, hours=1)
    assert set((await office.states()).values()) == {"waiting"}
    office.later(hours=2)
    await office.deliver()
    for one in await office.listed():
        assert (one.state, one.last_error[:21]) == ("dead", "given up after 72 h: ")


async def test_dead_letters_go_out_after_all_when_somebody_asks_for_it(office, receiver):
    receiver.answers = [(404, {})]
    await office.put("hook", message())
    await office.deliver()
    async with office.database.transaction() as connection:
        assert await notification_views.retry(connection, office.now, channel="other") == 0
        assert await notification_views.retry(connection, office.now, channel="hook") == 1
    office.later(minutes=1)
    await office.deliver()
    assert receiver.keys == ["fire-1"]


async def test_a_channel_that_is_not_configured_is_neither_waited_for_nor_failing(database, tmp_path):
    office = PostOffice(database, tmp_path, {"slack": SlackChannel(kind="slack")})
    await office.put("slack", message())
    await office.put("removed", message())
    done = await office.deliver()
    assert done.errors == {
        "slack": "the environment variable SLACK_WEBHOOK_URL is not set",
        "removed": "there is no channel 'removed' any more",
    }
    assert [one.state for one in await office.listed()] == ["not_configured"] * 2
    assert await office.channel("slack") is None


async def test_a_hanging_channel_does_not_hold_up_the_others(database, tmp_path, site, receiver):
    site.pages["/hangs"] = hang
    channels = {"hangs": hook(site, "/hangs", timeout_seconds=20), "hook": hook(site), "log": LogChannel(kind="log")}
    office = PostOffice(database, tmp_path, channels)
    for name in channels:
        await office.put(name, *(message(f"{n}", group=f"{n}") for n in range(5)))
    started = time.monotonic()
    done = await office.deliver(seconds=4)
    assert time.monotonic() - started < 15
    assert {name: one.sent for name, one in done.channels.items()} == {"hangs": 0, "hook": 5, "log": 5}
    assert done.channels["hangs"].put_off == 1
    assert "no" in done.errors["hangs"]


async def test_two_senders_at_once_send_everything_once_and_in_order(office, receiver):
    office.config.alerting.channels["hook"] = office.config.alerting.channels["hook"].model_copy(
        update={"per_minute": 1000}
    )
    for n in range(15):
        await office.put("hook", message(f"f{n}", group=f"g{n % 4}"), resolve(f"r{n}", group=f"g{n % 4}"))
    await asyncio.gather(office.deliver(), office.deliver(), office.deliver())
    assert len(receiver.keys) == len(set(receiver.keys)) == 30
    for group in range(4):
        numbers = [key for key in receiver.keys if int(key[1:]) % 4 == group]
        assert numbers == [f"{kind}{n}" for n in range(group, 15, 4) for kind in "fr"]


async def test_a_message_of_a_sender_that_died_goes_out_again_when_its_lease_has_run_out(office, receiver):
    await office.put("hook", message(), resolve())
    async with office.database.transaction() as connection:
        assert await notifications.claim(connection, "hook", Lease(office.now, 60, 900))
    await office.deliver()
    office.later(seconds=59)
    await office.deliver()
    assert receiver.keys == []
    office.later(seconds=1)
    await office.deliver()
    assert receiver.keys == ["fire-1", "resolve-1"]


async def test_who_comes_too_late_changes_nothing_but_what_was_sent_is_sent(office):
    await office.put("hook", message())
    async with office.database.transaction() as connection:
        first = await notifications.claim(connection, "hook", Lease(office.now, 60, 900))
        later = office.now + timedelta(seconds=61)
        second = await notifications.claim(connection, "hook", Lease(later, 60, 900))
        assert (first.attempts, second.attempts) == (1, 2)
        assert not await notifications.retry_later(connection, first, later, "broken", ())
        assert not await notifications.mark_dead(connection, first, later, "broken")
        assert await notifications.mark_sent(connection, first, later, None)
        assert not await notifications.mark_sent(connection, second, later, None)


@pytest.mark.parametrize("back", [timedelta(minutes=30), HOUR, timedelta(days=400)])
async def test_a_clock_that_is_set_back_delays_no_message(back, office, receiver):
    receiver.answers = [(500, {}), (429, {"Retry-After": "7200"})]
    await office.put("hook", message(), message("fire-2", group="2"))
    await office.deliver()
    await office.deliver()
    async with office.database.transaction() as connection:
        await connection.execute("UPDATE notifications SET leased_until = $1 WHERE key = 'fire-1'", office.now + HOUR)
    office.now -= back
    await office.put("hook", message("fire-3", group="3"))
    await office.deliver()
    assert sorted(receiver.keys) == ["fire-1", "fire-2", "fire-3"]


async def test_what_cannot_be_read_is_a_dead_letter_and_holds_up_nothing(office, receiver):
    await office.put("hook", message(), resolve())
    async with office.database.transaction() as connection:
        await connection.execute("UPDATE notifications SET message = '{\"key\": 1}' WHERE key = 'fire-1'")
    await office.deliver()
    assert await office.states() == {"fire-1": "dead", "resolve-1": "sent"}


async def test_the_backlog_tells_what_waits_and_what_is_dead(office, receiver):
    receiver.answers = [(404, {}), (500, {})]
    await office.put("hook", *(message(f"{n}", group=f"{n}") for n in range(3)))
    await office.deliver()
    async with office.database.connection() as connection:
        backlog = (await notification_views.backlogs(connection))["hook"]
    assert (backlog.waiting, backlog.failing, backlog.dead, backlog.newly_dead) == (2, 1, 1, 1)
    assert backlog.oldest_at == office.now


async def test_pruning_takes_what_was_dealt_with_long_ago_and_never_what_waits(office, receiver):
    await office.put("hook", *(message(f"{n}", group=f"{n}") for n in range(12)))
    await office.put("away", message())
    async with office.database.transaction() as connection:
        await connection.execute("UPDATE notifications SET created_at = $1", office.now - timedelta(days=200))
        assert await notification_views.prune(connection, office.now + HOUR) == 0
    await office.deliver()
    async with office.database.transaction() as connection:
        assert await notification_views.prune(connection, office.now) == 0
        await notification_views.prune(connection, office.now + HOUR)
    assert await office.listed() == []
