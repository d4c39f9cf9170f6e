"""Maintenance tasks are assets: they run as configured and say what they really did."""

import dagster as dg
import pytest

from pake_pipelines_tests.defs.conftest import materialized
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml


@pytest.fixture
def cleaned(project, today):
    """Return a function that runs the clean-up with some configuration, over a store with two copies."""
    made = project(sources_yaml(file="feed.xml"))
    (made.settings.home / "feed.xml").write_bytes(rss(item(1), item(2, text=prose(1)), item(3)))
    assert made.run(today).success

    def run(**config):
        result = made.defs.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=made.instance,
            asset_selection=[dg.AssetKey("semantic_dedup_cleanup")],
            run_config={"ops": {"semantic_dedup_cleanup": {"config": config}}},
        )
        return materialized(result)["semantic_dedup_cleanup"]

    return run


def test_the_clean_up_reports_what_it_really_removed(cleaned):
    would = cleaned(older_than_hours=0, dry_run=True)
    done = cleaned(older_than_hours=0)
    assert (would["duplicates_removed"], done["duplicates_removed"]) == (1, 1)
    assert (would["dry_run"], done["dry_run"]) == (True, False)
    assert (done["stale_updated"], done["health_score"]) == (0, 100.0)
    assert cleaned(older_than_hours=0)["duplicates_removed"] == 0


def test_what_is_younger_than_a_day_is_left_alone_by_default(cleaned):
    assert cleaned()["duplicates_removed"] == 0
