"""`pake ingest --dry-run`: the days, and which sources can really be asked for them; nobody is asked anything."""

from datetime import UTC, datetime, timedelta

import pytest

TODAY = datetime.now(UTC).date()
THREE = ["--from", TODAY - timedelta(days=2), "--dry-run"]
SOURCES = """
http: {{allow_private_hosts: ['127.0.0.1']}}
sources:
  papers: {{name: Papers, kind: arxiv, url: '{0}', categories: [cs.AI]}}
  stories: {{name: Stories, kind: hackernews, url: '{0}'}}
  letters: {{name: Letters, kind: mailbox, host: 127.0.0.1, security: plain}}
  notes: {{name: Notes, kind: folder, path: notes}}
  news: {{name: News, kind: feed, url: '{0}'}}
  file: {{name: File, kind: feed, path: feed.xml}}
  essays: {{name: Essays, kind: medium, follow: tag/testing}}
  pages: {{name: Pages, kind: webpage, url: '{0}'}}
  forum: {{name: Forum, kind: reddit, subreddit: testing}}
  asleep: {{name: Asleep, kind: feed, url: '{0}', enabled: false, disabled_because: it sleeps}}
schedules:
  daily: {{name: Daily, sources: [news, asleep], frequency: every_hour, enabled: true, priority: low,
          max_items_per_run: 7}}
"""


@pytest.fixture
def planned(terminal, site):
    terminal.configure(SOURCES.format(site.url("/")))
    yield terminal
    assert site.requests == []


def test_sources_that_can_be_asked_for_their_past_are_told_from_those_that_replay_their_archive(planned):
    plan = planned.pake("ingest", *THREE, "--json").json
    assert plan["days"] == [str(TODAY - timedelta(days=back)) for back in (2, 1, 0)]
    past = {slug: said["past_days"] for slug, said in plan["sources"].items()}
    asked = {"papers", "stories", "letters", "notes"}
    replayed = {"news", "file", "essays", "pages", "forum"}
    assert past == dict.fromkeys(asked, "asked") | dict.fromkeys(replayed, "replayed")


def test_a_person_reads_the_same_as_a_table(planned):
    said = planned.pake("ingest", "papers", "news", *THREE).stdout
    assert f"3 days, {TODAY - timedelta(days=2)} to {TODAY}" in said
    (papers,) = [line for line in said.splitlines() if line.strip().startswith("papers")]
    (news,) = [line for line in said.splitlines() if line.strip().startswith("news")]
    assert "is asked for each day" in papers
    assert "replays its archive" in news


def test_what_a_schedule_would_read_is_planned_with_its_limits(planned):
    plan = planned.pake("ingest", "--schedule", "daily", *THREE, "--full-reprocess", "--json").json
    assert list(plan["sources"]) == ["news"]
    assert (plan["max_items_per_run"], plan["full_reprocess"]) == (7, True)


def test_nothing_is_started_for_a_plan(planned):
    assert planned.pake("ingest", *THREE).code == 0
    assert not (planned.home / "data").exists()


def test_a_refused_range_is_one_sentence_and_exit_code_one(planned):
    done = planned.pake("ingest", "--from", TODAY, "--to", TODAY - timedelta(days=1))
    assert (done.code, done.stderr.strip()) == (1, f"error: --from {TODAY} is later than --to {TODAY - timedelta(1)}")
