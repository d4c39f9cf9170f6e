"""Link checks over real servers on loopback: what is asked, how politely, what it changes, and where it ends."""

import asyncio
import json
import socket
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import web

from pake_pipelines.config.loading import load_quality, load_sources
from pake_pipelines.pipeline import link_checks as module
from pake_pipelines.pipeline.confidence import score_items
from pake_pipelines.pipeline.documents import build_documents
from pake_pipelines.pipeline.link_checks import WayOut, ask_links, check_links
from pake_pipelines.store import levers, recoveries
from pake_pipelines_tests.chain import execute, rows, value, visit, walk
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml
from pake_pipelines_tests.site import Page
from pake_pipelines_tests.sources.http.test_ssrf import Names

# hosts that lead to the site on loopback
HOSTS = tuple(f"h{number}.links.net" for number in range(10))
USUAL = {"check_external": True, "host_pause_seconds": 0, "timeout_seconds": 2}


class LostNames(Names):
    """Names, and of all others what the system's resolver says of names that there are not."""

    async def resolve(self, host, port=0, family=socket.AF_UNSPEC):
        if host not in self.answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return await super().resolve(host, port, family)


@pytest.fixture
def names():
    return LostNames(**{host.replace(".", "_"): [["127.0.0.1"]] for host in HOSTS})


class Checker:
    """A project whose items link where a test says, and its link checks."""

    def __init__(self, settings, kit_of, database, run, site, names):
        self.settings, self.kit_of, self.database, self.run = settings, kit_of, database, run
        self.site = site
        self.way_out = WayOut(resolver=names)
        self.kit = kit_of(settings)

    def rules(self, **changes):
        (self.settings.configs / "quality.yaml").write_text(f"links: {json.dumps(USUAL | changes)}")
        load_quality.cache_clear()
        self.kit = self.kit_of(self.settings)

    async def items(self, *links_of_each):
        """Ingest items that link to the given addresses, up to their documents."""
        made = [
            item(number, text=prose(number) + "".join(f' <a href="{url}">x</a>' for url in links))
            for number, links in enumerate(links_of_each)
        ]
        (self.settings.home / "feed.xml").write_bytes(rss(*made))
        await visit(self.kit, self.database, self.run)
        await build_documents(self.kit, self.database, self.run)

    async def check(self, now=None, **options):
        run = replace(self.run, now=now or self.run.now, **options)
        return await check_links(self.kit, self.database, run, way_out=self.way_out)

    async def states(self):
        found = await rows(self.database, "SELECT url, state FROM link_checks WHERE state <> 'unknown' OR failures > 0")
        return {row["url"].rpartition("/")[2]: row["state"] for row in found}

    async def queued(self):
        return await value(self.database, "SELECT count(*) FROM stage_marks WHERE stage = 'confidence' AND stale")

    def asked(self):
        return [path for path, _ in self.site.requests]


@pytest.fixture
def checker(configure, kit_of, database, run, site, names):
    load_quality.cache_clear()
    load_sources.cache_clear()
    private = ", ".join(f"'{host}'" for host in ("127.0.0.1", *HOSTS))
    sources = sources_yaml(file="feed.xml").replace("['127.0.0.1']", f"[{private}]")
    return Checker(configure(sources, f"links: {json.dumps(USUAL)}"), kit_of, database, run, site, names)


class KilledError(Exception):
    """Stands in for a kill: nothing is tidied up."""


def pages(site, **statuses):
    """Give the site pages by name and status."""
    site.pages |= {f"/{name}": Page(b"x", status=status) for name, status in statuses.items()}


async def test_each_address_is_asked_once_and_its_state_is_kept(checker, site):
    pages(site, well=200, gone=410, shy=403, down=500)
    await checker.items([site.url(f"/{name}") for name in ("well", "gone", "shy", "down", "lost")], [site.url("/well")])
    result = await checker.check()
    assert await checker.states() == {
        "well": "working", "gone": "broken", "lost": "broken", "shy": "unknown", "down": "unknown",
    }  # fmt: skip
    assert sorted(set(checker.asked())) == ["/down", "/gone", "/lost", "/shy", "/well"]
    assert checker.asked().count("/well") == 1
    assert (result.looked_at, result.new, result.rows, result.details["requests"]) == (5, 5, 5, 9)
    assert result.details["told"] == {"working": 1, "broken": 2, "unknown": 2}
    assert (result.details["hosts"], result.details["left_for_later"], result.details["offline"]) == (1, 0, False)


async def test_a_second_run_asks_nothing_and_says_that_it_knew(checker, site):
    pages(site, well=200)
    await checker.items([site.url("/well"), site.url("/lost")])
    await checker.check()
    site.requests.clear()
    result = await checker.check(run_id="run-2")
    assert site.requests == []
    assert (result.looked_at, result.details["from_cache"]) == (0, 2)


async def test_what_expired_is_asked_again_and_only_that(checker, site):
    pages(site, well=200, shy=403)
    await checker.items([site.url("/well"), site.url("/shy"), site.url("/lost")])
    await checker.check()
    for hours, asked in ((0.9, set()), (1.1, {"/shy"}), (8 * 24, {"/shy", "/lost"}), (31 * 24, {"/well"})):
        site.requests.clear()
        await checker.check(checker.run.now + timedelta(hours=hours))
        assert asked <= set(checker.asked()), hours
        assert asked or not site.requests


async def test_a_link_that_comes_back_works_again(checker, site):
    await checker.items([site.url("/lost")])
    await checker.check()
    pages(site, lost=200)
    result = await checker.check(checker.run.now + timedelta(days=8))
    assert await checker.states() == {"lost": "working"}
    assert (result.new, result.updated) == (0, 1)


async def test_exactly_the_items_that_link_to_what_changed_are_judged_again(checker, site):
    pages(site, one=200, two=200)
    await checker.items([site.url("/one")], [site.url("/two")], [])
    await walk(checker.kit, checker.database, checker.run)
    await checker.check()
    await score_items(checker.kit, checker.database, checker.run)
    assert await checker.queued() == 0
    pages(site, one=404)
    result = await checker.check(checker.run.now + timedelta(days=31))
    assert (await checker.queued(), result.details["items_to_judge_again"]) == (1, 1)


async def test_links_that_work_let_the_rule_pass_and_broken_ones_are_evidence(checker, site):
    pages(site, well=200)
    await checker.items([site.url("/well")], [site.url("/well"), site.url("/lost")], [site.url("/lost")], [])
    await walk(checker.kit, checker.database, checker.run)
    found = await rows(
        checker.database,
        """
        SELECT e.title, c ->> 'status' AS status FROM qa_results JOIN entries e USING (entry_id),
               jsonb_array_elements(checks) AS c WHERE c ->> 'code' = 'broken_links' ORDER BY 1
        """,
    )
    assert {row["title"]: row["status"] for row in found} == {
        "Report 0": "ok", "Report 1": "warn", "Report 2": "fail", "Report 3": "ok",
    }  # fmt: skip


async def test_links_with_different_fragments_are_one_request_and_each_has_its_state(checker, site):
    pages(site, page=200)
    await checker.items([site.url("/page#one"), site.url("/page#two")])
    await checker.check()
    assert checker.asked() == ["/page"]
    assert await checker.states() == {"page#one": "working", "page#two": "working"}


async def test_examples_and_private_networks_are_skipped_without_a_request(checker, site):
    await checker.items(
        ["https://digest.example.org/1", "http://10.0.0.1/admin", "http://router/x", "http://a.org:22/y"]
    )
    result = await checker.check()
    assert await checker.states() == {"1": "skipped", "admin": "skipped", "x": "skipped", "y": "skipped"}
    assert (result.details["requests"], site.requests) == (0, [])


async def test_a_redirect_into_a_private_network_is_refused_and_skipped(checker, site):
    site.pages["/trap"] = Page(status=302, headers={"Location": "http://10.0.0.1/admin"})
    await checker.items([site.url("/trap")])
    await checker.check()
    assert await checker.states() == {"trap": "skipped"}


async def test_who_did_not_answer_head_as_hoped_is_asked_by_get_next_time(checker, site):
    asked = []

    async def shy(request):
        asked.append(request.method)
        return web.Response(status=403)

    site.pages["/shy"] = shy
    await checker.items([site.url("/shy")])
    await checker.check()
    await checker.check(checker.run.now + timedelta(hours=2))
    assert asked == ["HEAD", "GET", "GET"]


async def test_a_run_asks_no_more_than_it_may_and_the_next_goes_on(checker, site):
    checker.rules(per_ingestion={"max_addresses": 3, "max_seconds": 30})
    pages(site, **{f"p{n}": 200 for n in range(7)})
    await checker.items([site.url(f"/p{n}") for n in range(7)])
    left = [(await checker.check()).details["left_for_later"] for _ in range(3)]
    assert left == [4, 1, 0]
    assert sorted(checker.asked()) == [f"/p{n}" for n in range(7)]


async def test_a_run_takes_no_longer_than_it_may_and_what_it_had_is_kept(checker, site):
    checker.rules(per_ingestion={"max_addresses": 100, "max_seconds": 0.5})

    async def slow(request):
        await asyncio.sleep(0.15)
        return web.Response(body=b"x")

    site.pages |= {f"/p{n}": slow for n in range(20)}
    await checker.items([site.url(f"/p{n}") for n in range(20)])
    result = await checker.check()
    told = len(await checker.states())
    assert 0 < told < 10
    assert result.details["left_for_later"] == 20 - told
    assert result.seconds < 2


async def test_no_host_has_more_than_its_share_of_a_run(checker, site):
    checker.rules(max_per_host=2)
    await checker.items([site.url(f"/p{n}") for n in range(5)], [site.url("/other", HOSTS[0])])
    result = await checker.check()
    assert (result.looked_at, result.details["left_for_later"]) == (3, 3)


async def test_requests_to_one_host_are_apart_and_never_overlap_while_others_go_on(checker, site):
    checker.rules(host_pause_seconds=0.1, concurrency=4)
    loop, began, ended, most = asyncio.get_running_loop(), {}, {}, []

    async def timed(request):
        host = request.host.partition(":")[0]
        began.setdefault(host, []).append(loop.time())
        most.append(sum(len(began[one]) - len(ended.get(one, [])) for one in began))
        await asyncio.sleep(0.05)
        ended.setdefault(host, []).append(loop.time())
        return web.Response(body=b"x")

    site.pages |= {f"/p{n}": timed for n in range(3)}
    await checker.items(*([site.url(f"/p{n}", host) for n in range(3)] for host in HOSTS[:6]))
    await checker.check()
    assert {host: len(times) for host, times in began.items()} == dict.fromkeys(HOSTS[:6], 3)
    for host in HOSTS[:6]:
        assert all(start - end >= 0.099 for end, start in zip(ended[host], began[host][1:], strict=False))
    assert 1 < max(most) <= 4


async def test_two_runs_at_the_same_time_ask_each_address_once(checker, site):
    pages(site, **{f"p{n}": 200 for n in range(8)})
    await checker.items(*([site.url(f"/p{n}", HOSTS[n])] for n in range(8)))
    await asyncio.gather(*(checker.check(run_id=f"run-{n}") for n in range(3)))
    assert sorted(checker.asked()) == [f"/p{n}" for n in range(8)]
    assert len(await checker.states()) == 8


async def test_a_busy_host_is_left_alone_for_all_its_addresses(checker, site):
    site.pages |= {f"/p{n}": Page(status=429, headers={"Retry-After": "7200"}) for n in range(3)}
    await checker.items([site.url(f"/p{n}") for n in range(3)])
    await checker.check()
    assert len(site.requests) == 1
    assert set((await checker.states()).values()) == {"unknown"}
    earliest = await value(checker.database, "SELECT min(expires_at) FROM link_checks")
    assert earliest >= checker.run.now + timedelta(hours=1)


async def test_what_was_told_is_believed_longer_while_a_recovery_asks_for_it(checker, site):
    pages(site, well=200, gone=410, shy=403)
    await checker.items([site.url("/well"), site.url("/gone"), site.url("/shy")])
    now = checker.run.now

    async def believed(moment):
        await checker.check(moment)
        found = await rows(checker.database, "SELECT url, expires_at - checked_at AS time FROM link_checks")
        return {row["url"].rpartition("/")[2]: row["time"] for row in found}

    usual = await believed(now)
    later = now + timedelta(days=400)
    async with checker.database.transaction() as connection:
        recovery = await recoveries.begin(
            connection, recovery="r", kind="low_hit_ratio", cause="", revert_at=later, run_id=None, now=now
        )
        await levers.pull(connection, levers.LINK_TTL_FACTOR, 3, recovery, later + timedelta(hours=1))
    longer = await believed(later)
    assert {name: longer[name] / usual[name] for name in ("well", "gone")} == {"well": 3, "gone": 3}
    after = await believed(later + timedelta(days=400))
    assert after["well"] == usual["well"], "its time is over"


async def test_a_failing_server_is_broken_after_days_of_failures(checker, site):
    pages(site, down=503)
    await checker.items([site.url("/down")])
    now, states = checker.run.now, []
    for _ in range(5):
        await checker.check(now)
        states.append((await checker.states())["down"])
        now = await value(checker.database, "SELECT expires_at FROM link_checks")
    assert states == ["unknown"] * 4 + ["broken"]


async def test_a_host_that_nobody_knows_is_broken_when_another_answers(checker, site):
    pages(site, well=200)
    await checker.items(["http://lost.links.net/lost"], [site.url("/well")])
    await checker.check()
    assert await checker.states() == {"lost": "broken", "well": "working"}


async def test_a_host_that_nobody_knows_is_unknown_when_nobody_answers(checker):
    await checker.items(["http://lost.links.net/lost"])
    result = await checker.check()
    assert await checker.states() == {"lost": "unknown"}
    assert result.details["offline"] is False


async def test_a_machine_that_is_offline_says_so_and_holds_it_against_nobody(checker):
    urls = [f"http://lost{n}.links.net/{m}" for n in range(60) for m in range(3)]
    await checker.items(*(urls[n : n + 20] for n in range(0, 180, 20)))
    result = await checker.check()
    assert (await checker.states(), await checker.queued()) == ({}, 9)  # all of them are new and not judged yet
    assert (result.details["offline"], result.details["left_for_later"]) == (True, 180)
    assert result.details["requests"] < 40
    assert "offline" in result.details["note"]


async def test_what_was_told_before_a_run_was_killed_is_kept_and_the_rest_is_asked_later(checker, site, monkeypatch):
    checker.rules(concurrency=1)
    pages(site, **{f"p{n}": 200 for n in range(6)})
    await checker.items([site.url(f"/p{n}") for n in range(6)])
    told = []

    def die(check):
        told.append(check.url)
        if len(told) == 3:
            raise KilledError

    async def never(*_):
        """A killed run gives nothing back."""

    with monkeypatch.context() as patched:
        patched.setattr(module.link_checks, "release", never)
        with pytest.raises(KilledError):
            await check_links(checker.kit, checker.database, checker.run, way_out=checker.way_out, on_told=die)
    kept = set(await checker.states())
    assert len(kept) == 3
    site.requests.clear()
    assert (await checker.check(run_id="too early")).looked_at == 0
    await checker.check(checker.run.now + timedelta(minutes=5), run_id="later")
    assert set(checker.asked()) == {f"/p{n}" for n in range(6)} - {f"/{name}" for name in kept}
    assert len(await checker.states()) == 6


async def test_a_round_asks_the_links_of_every_day(checker, site):
    pages(site, today=200, before=200)
    await checker.items([site.url("/before")], [site.url("/today")])
    yesterday = checker.run.day - timedelta(days=1)
    await execute(checker.database, "UPDATE entries SET day = $1 WHERE title = 'Report 0'", yesterday)
    await checker.check()
    assert checker.asked() == ["/today"]
    await checker.check(everywhere=True)
    assert checker.asked() == ["/today", "/before"]


async def test_nothing_is_asked_when_links_are_not_checked(checker, site):
    await checker.items([site.url("/p")])
    checker.rules(check_external=False)
    result = await checker.check()
    assert (result.looked_at, site.requests) == (0, [])
    assert "check_external" in result.details["note"]


async def asked_by_hand(checker, *urls, **options):
    told = []
    effort = await ask_links(
        checker.kit, checker.database, urls, checker.run, way_out=checker.way_out, on_told=told.append, **options
    )
    return {one.url.rpartition("/")[2]: one.state for one in told}, effort


async def test_by_hand_an_address_is_asked_at_once_and_kept_if_an_item_links_there(checker, site):
    pages(site, known=200, other=404)
    await checker.items([site.url("/known")])
    states, effort = await asked_by_hand(checker, site.url("/known"), site.url("/other"), "https://x.example/skipped")
    assert states == {"known": "working", "other": "broken", "skipped": "skipped"}
    assert (await checker.states(), effort.requests) == ({"known": "working"}, 3)


async def test_a_dry_run_by_hand_keeps_nothing(checker, site):
    pages(site, known=200)
    await checker.items([site.url("/known")])
    states, _ = await asked_by_hand(checker, site.url("/known"), dry_run=True)
    assert (states, await checker.states()) == ({"known": "working"}, {})
