"""The asset graph as Dagster shows it: complete, described, owned, checked, and changed only on purpose."""

import dagster as dg

from pake_pipelines.config.loading import load_monitoring, load_sources
from pake_pipelines.definitions import build_defs
from pake_pipelines.defs.shared.promises import COMPUTED, PROMISES_OF
from pake_pipelines.pipeline.names import Scan
from pake_pipelines.settings import PACKAGE_HOME, Settings
from pake_pipelines.store.integrity import PROMISES

KNOWLEDGE = (
    "entries",
    "documents",
    "link_checks",
    "embeddings",
    "duplicates",
    "connections",
    "confidence",
    "knowledge_nodes",
)


def test_the_definitions_can_be_loaded(shipped):
    dg.Definitions.validate_loadable(shipped)


def test_every_asset_says_what_it_is_and_whose(graph):
    nodes = [graph.get(key) for key in graph.get_all_asset_keys()]
    lacking = [node.key for node in nodes if not (node.description and node.group_name and node.owners and node.kinds)]
    assert lacking == []
    groups = {"sources", "disabled_sources", "knowledge", "reports", "maintenance", "health", "analytics"}
    assert {node.group_name for node in nodes} == groups


def test_every_knowledge_asset_has_a_check(graph):
    checked = {key.asset_key for key in graph.asset_check_keys}
    assert {dg.AssetKey(name) for name in KNOWLEDGE} <= checked


def test_every_promise_of_the_store_is_a_check_of_some_asset():
    assert sorted(name for promises in PROMISES_OF.values() for name in promises) == sorted([*PROMISES, *COMPUTED])


def test_every_enabled_source_is_an_asset_that_says_whether_it_was_reachable(graph):
    enabled = {dg.AssetKey(["source", slug]) for slug in load_sources(PACKAGE_HOME / "configs").enabled}
    assert {key.asset_key for key in graph.asset_check_keys if key.name == "source_reachable"} == enabled
    assert {key for key in graph.materializable_asset_keys if key.path[0] == "source"} == enabled


def test_a_disabled_source_is_listed_with_its_reason_and_cannot_be_run(graph):
    disabled = {slug: one for slug, one in load_sources(PACKAGE_HOME / "configs").sources.items() if not one.enabled}
    assert len(disabled) == 2
    for slug, source in disabled.items():
        node = graph.get(dg.AssetKey(["source", slug]))
        assert source.disabled_because in node.description
        assert not node.is_materializable


def test_everything_behind_entries_depends_on_entries_and_never_on_a_single_source(graph):
    for name in (*KNOWLEDGE[1:], "ingestion_report", "qa_report"):
        parents = {key.path[0] for key in graph.get(dg.AssetKey(name)).parent_keys}
        assert "source" not in parents


def test_the_job_takes_everything_from_the_sources_to_the_reports_on_what_came(shipped, graph):
    job = shipped.resolve_job_def("ingest")
    stages = {key for key in graph.materializable_asset_keys if graph.get(key).group_name in {"sources", "knowledge"}}
    reports = {dg.AssetKey("ingestion_report"), dg.AssetKey("qa_report")}
    assert set(job.asset_layer.executable_asset_keys) == stages | reports
    assert job.tags["dagster/max_runtime"] == "7200"


def test_every_enabled_service_and_every_key_figure_is_a_check(graph):
    config = load_monitoring(PACKAGE_HOME / "configs")
    checks = {(key.asset_key.to_user_string(), key.name) for key in graph.asset_check_keys}
    services = {("service_health", name.replace("-", "_")) for name in config.enabled_services()}
    assert {(asset, name) for asset, name in checks if asset == "service_health"} == services
    figures = {name for _, name in checks if name.startswith("kpi_")}
    assert figures == {f"kpi_{name.replace('-', '_')}" for name in config.kpis}


def test_what_restarts_and_recovers_lies_behind_service_health(graph):
    for name in ("service_restarts", "recoveries", "alerts"):
        assert dg.AssetKey("service_health") in graph.get(dg.AssetKey(name)).parent_keys


def test_the_sensors_tick_only_where_automation_is_on(shipped):
    off = build_defs(settings=Settings(home=PACKAGE_HOME, automation_enabled=False))
    for defs, status in ((shipped, dg.DefaultSensorStatus.RUNNING), (off, dg.DefaultSensorStatus.STOPPED)):
        sensors = {sensor.name: sensor for sensor in defs.sensors}
        assert set(sensors) == {"service_health", "metrics", "healing", "backup_verification_sensor", "status_page"}
        assert {sensor.default_status for sensor in sensors.values()} == {status}
    assert {sensor.minimum_interval_seconds for sensor in shipped.sensors} == {30, 180, 300}


def test_what_stands_between_judging_and_publishing_blocks_and_nothing_else_does(graph):
    blocking = {(key.asset_key.to_user_string(), key.name) for key in graph.asset_check_keys
                if graph.get_check_spec(key).blocking}  # fmt: skip
    assert blocking == {("confidence", "judged_completely"), ("confidence", "quality_gate")}


def test_every_scan_has_a_job_over_its_assets(shipped):
    for scan in Scan:
        keys = shipped.resolve_job_def(scan.job).asset_layer.executable_asset_keys
        assert keys == {dg.AssetKey(name) for name in scan.assets}


def test_the_asset_graph_is_what_it_was(graph, snapshot):
    assert {
        node.key.to_user_string(): {
            "behind": sorted(key.to_user_string() for key in node.parent_keys),
            "checks": sorted(key.name for key in node.check_keys),
            "group": node.group_name,
            "kinds": sorted(node.kinds),
            "partitioned": node.is_partitioned,
            "pools": sorted(node.pools or ()),
        }
        for node in sorted((graph.get(key) for key in graph.get_all_asset_keys()), key=lambda node: node.key)
    } == snapshot
