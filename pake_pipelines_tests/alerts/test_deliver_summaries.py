"""What exceeds a channel's rate is told in one message, which lists every fire and every resolve that it stands for."""

import pytest
from aiohttp import web

from pake_pipelines.alerts.summary import summary_of
from pake_pipelines.model.alert import MessageKind, Severity
from pake_pipelines_tests.alerts.messages import line, message, resolve
from pake_pipelines_tests.alerts.post_office import PostOffice, Receiver, hook
from pake_pipelines_tests.conftest import NOW


@pytest.fixture
def receiver(site):
    site.pages["/hook"] = Receiver()
    return site.pages["/hook"]


@pytest.fixture
def office(database, tmp_path, site, receiver):
    return PostOffice(database, tmp_path, {"hook": hook(site, per_minute=5)})


def fire(number, group=None):
    return message(f"f{number}", group=group or f"g{number}", firing=(line(f"a{number}"),), title=f"title {number}")


def over(number, group=None):
    ended = line(f"a{number}", resolved_at=NOW)
    return resolve(f"r{number}", group=group or f"g{number}", resolved=(ended,), title=f"over {number}")


async def test_a_burst_is_some_messages_and_one_summary_of_all_others(office, receiver):
    await office.put("hook", *(fire(n) for n in range(30)))
    done = await office.deliver()
    assert (done.sent, done.channels["hook"].summarised) == (5, 26)
    *alone, summary = receiver.taken
    assert [one["key"] for one in alone] == ["f0", "f1", "f2", "f3"]
    assert (summary["kind"], summary["title"]) == ("summary", "26 more messages")
    assert [one["alert_id"] for one in summary["firing"]] == [f"a{n}" for n in range(4, 30)]
    assert [text.partition("fire: ")[2] for text in summary["body"].splitlines()] == [
        f"title {n}" for n in range(4, 30)
    ]


async def test_a_channel_takes_no_more_than_its_rate_in_any_minute(office, receiver):
    taken = []
    for second in range(0, 180, 5):
        await office.put("hook", *(fire(second * 10 + n) for n in range(3)))
        before = len(receiver.taken)
        await office.deliver()
        taken += [second] * (len(receiver.taken) - before)
        office.later(seconds=5)
    assert max(sum(start < one <= start + 60 for one in taken) for start in range(-60, 180)) == 5
    office.later(minutes=2)
    await office.deliver()
    told = {one["alert_id"] for taken in receiver.taken for one in taken["firing"]}
    assert told == {f"a{second * 10 + n}" for second in range(0, 180, 5) for n in range(3)}


async def test_a_rate_that_leaves_room_makes_no_summary(office, receiver):
    for number in range(12):
        await office.put("hook", fire(number))
        await office.deliver()
        office.later(seconds=13)
    assert receiver.keys == [f"f{number}" for number in range(12)]


async def test_no_message_overtakes_the_summary_that_has_what_came_before_it(office, receiver):
    await office.put("hook", *(fire(n) for n in range(10)))
    receiver.answers = [(200, {})] * 4 + [(500, {})]
    await office.deliver()
    assert receiver.keys == ["f0", "f1", "f2", "f3"]
    office.later(minutes=2)
    receiver.answers = [(500, {})] * 2
    await office.put("hook", over(9), fire(11), over(0))
    for _ in range(10):
        await office.deliver()
        office.later(seconds=45)
    told = [one["title"] for one in receiver.taken]
    assert sorted(told[4:]) == ["6 more messages", "over 0", "over 9", "title 11"]
    assert told.index("6 more messages") < told.index("over 9")


async def test_a_summary_has_nothing_of_a_group_of_which_something_is_under_way(office, receiver):
    await office.put("hook", *(fire(n, group="same") for n in range(4)), *(fire(n) for n in range(10, 20)))
    receiver.answers = [(200, {})] * 4
    await office.deliver()
    sent = [one.key for one in await office.listed(states=["sent"])]
    summarised = [one.key for one in await office.listed(states=["summarised"])]
    assert set(sent) | set(summarised) >= {f"f{n}" for n in (*range(4), *range(10, 20))}


async def test_digests_and_tests_are_never_summarised(office, receiver):
    await office.put("hook", *(fire(n) for n in range(20)))
    await office.put("hook", message("digest", kind=MessageKind.DIGEST, group="digest", severity=Severity.INFO))
    await office.deliver()
    office.later(minutes=1)
    await office.deliver()
    assert receiver.keys[-1] == "digest"


async def test_the_parts_of_a_summary_that_is_refused_go_out_one_by_one_and_in_order(office, receiver):
    receiver.answers = [(200, {})] * 4 + [(413, {})]
    await office.put("hook", *(fire(n) for n in range(9)), *(over(n) for n in range(9)))
    await office.deliver_for(8, minutes=1)
    assert sorted(receiver.keys) == sorted([f"{kind}{n}" for n in range(9) for kind in "fr"])
    assert all(receiver.keys.index(f"f{n}") < receiver.keys.index(f"r{n}") for n in range(9))
    assert await office.listed(states=["waiting", "dead"]) == []


async def test_a_message_that_is_never_taken_does_not_take_a_summary_with_it_for_good(office, receiver, site):
    async def picky(request):
        return web.Response(status=500) if b"title 7" in await request.read() else await receiver(request)

    site.pages["/hook"] = picky
    await office.put("hook", *(fire(n) for n in range(9)))
    for number in range(10, 40):
        await office.deliver()
        await office.put("hook", fire(number))
        office.later(minutes=1)
    await office.deliver()
    assert {one["alert_id"] for taken in receiver.taken for one in taken["firing"]} == {
        f"a{n}" for n in (*range(9), *range(10, 40)) if n != 7
    }
    [waiting] = await office.listed(states=["waiting"])
    assert waiting.key == "f7"


def test_a_summary_lists_fires_and_resolves_as_they_were_told_last():
    messages = [
        message("1", firing=(line("a", summary="first"), line("b"))),
        resolve("2", resolved=(line("b", resolved_at=NOW),)),
        message("3", severity=Severity.INFO, firing=(line("a", summary="second"),)),
    ]  # fmt: skip
    found = summary_of("hook", messages, NOW)
    assert [one.summary for one in found.firing if one.alert_id == "a"] == ["second"]
    assert {one.alert_id for one in found.firing} == {"a", "b"}
    assert {one.alert_id for one in found.resolved} == {"b"}
    assert (found.severity, found.title, len(found.body.splitlines())) == (Severity.CRITICAL, "3 more messages", 3)
