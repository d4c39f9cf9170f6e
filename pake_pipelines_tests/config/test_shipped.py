"""The shipped configuration holds what the requirements list: ING-01..06 and B.3."""

import pytest

from pake_pipelines.config.loading import load_quality, load_sources
from pake_pipelines.settings import PACKAGE_HOME, find_home

CONFIGS = PACKAGE_HOME / "configs"

SCHEDULES = {
    "high-priority-rss": (
        "High Priority RSS",
        ["arxiv-ai", "openai-blog", "anthropic-news"],
        "0 * * * *",
        True,
        "high",
        20,
        False,
    ),
    "news-feeds": (
        "News Feeds",
        ["hacker-news-ai", "mit-technology-review-ai"],
        "0 */2 * * *",
        True,
        "medium",
        15,
        False,
    ),
    "community-sources": (
        "Community Sources",
        ["reddit-machine-learning", "medium-ai"],
        "0 */4 * * *",
        True,
        "low",
        10,
        False,
    ),
    "email-processing": ("Email Processing", ["gmail-important"], "*/30 * * * *", False, "high", 5, False),
    "file-system-scan": ("File System Scan", ["personal-documents"], "0 2 * * *", False, "low", 50, False),
    "weekly-deep-scan": ("Weekly Deep Scan", "all_enabled", "0 1 * * 0", True, "maintenance", 100, True),
}

SOURCES = {
    "Hacker News - AI": ("hackernews", True),
    "ArXiv AI Research": ("arxiv", True),
    "ArXiv Machine Learning": ("arxiv", True),
    "MIT Technology Review AI": ("feed", True),
    "OpenAI Blog": ("webpage", True),
    "Anthropic News": ("webpage", True),
    "Personal Documents": ("folder", False),
    "Gmail Important": ("mailbox", False),
    "Reddit r/MachineLearning": ("reddit", True),
    "Medium AI Publications": ("medium", True),
}


@pytest.mark.parametrize("slug", SCHEDULES)
def test_the_schedules_are_those_of_the_guides(slug):
    found = load_sources(CONFIGS).schedules[slug]
    sources = found.sources if isinstance(found.sources, str) else list(found.sources)
    assert SCHEDULES[slug] == (
        found.name, sources, found.cron, found.enabled, found.priority, found.max_items_per_run, found.full_reprocess
    )  # fmt: skip


def test_there_are_six_schedules_and_no_other():
    assert set(load_sources(CONFIGS).schedules) == set(SCHEDULES)


def test_the_sources_are_those_of_the_guides_beside_the_samples():
    config = load_sources(CONFIGS)
    found = {
        one.name: (one.kind, one.enabled) for slug, one in config.sources.items() if not slug.startswith("sample-")
    }
    assert found == SOURCES


def test_every_sample_source_leads_to_something_that_is_shipped():
    samples = [one for slug, one in load_sources(CONFIGS).sources.items() if slug.startswith("sample-")]
    assert len(samples) == 6
    assert all(one.enabled and (PACKAGE_HOME / one.path).exists() for one in samples)


def test_the_settings_of_the_guides_are_the_defaults():
    sources, quality = load_sources(CONFIGS), load_quality(CONFIGS)
    assert sources.max_concurrent_sources == 3
    assert (sources.http.rate.requests_per_minute, sources.http.rate.burst) == (60, 10)
    failures = sources.failures
    assert (failures.error_threshold, failures.backoff_multiplier, failures.max_backoff_hours) == (5, 2, 24)
    assert (quality.ingest.min_content_length, quality.ingest.max_content_length) == (100, 50_000)
    assert quality.language.supported == ("en",)
    assert (quality.verdict.auto_verify, quality.verdict.auto_reject) == (0.9, 0.1)


def test_what_is_disabled_says_why():
    disabled = [one for one in load_sources(CONFIGS).sources.values() if not one.enabled]
    assert all(one.disabled_because for one in disabled)


def test_a_schedule_reads_the_enabled_ones_of_its_sources():
    config = load_sources(CONFIGS)
    assert config.read_by(config.schedules["high-priority-rss"]) == (
        "arxiv-ai",
        "openai-blog",
        "anthropic-news",
    )
    assert config.read_by(config.schedules["email-processing"]) == ()
    assert config.read_by(config.schedules["weekly-deep-scan"]) == tuple(config.enabled)


def test_the_project_is_found_from_anywhere_inside_it():
    assert find_home(PACKAGE_HOME / "data" / "samples") == PACKAGE_HOME
