"""The services of `monitoring.yaml`: those of the guides, and what is refused with file, line and key."""

from graphlib import CycleError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.config.loading import ConfigError, load, load_monitoring
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.config.services import TcpService, in_order
from pake_pipelines.settings import PACKAGE_HOME

GUIDES = {
    "postgres": ("tcp", 5433, True, ()),
    "redis": ("redis", 6380, True, ()),
    "mcp-server": ("http", "http://localhost:8000/health", True, ("postgres", "redis")),
    "api-bridge": ("http", "http://localhost:3000/health", True, ("mcp-server",)),
    "ingestion-manager": ("http", "http://localhost:8001/health", False, ("mcp-server",)),
    "n8n": ("http", "http://localhost:5678/healthz", False, ("postgres",)),
    "letta": ("http", "http://localhost:8283/v1/health/", False, ()),
    "open-webui": ("http", "http://localhost:8080/health", False, ()),
    "health-monitor": ("http", "http://localhost:8083/health", False, ()),
}
OWN = ["knowledge-database", "dagster-daemons", "dagster-code", "dagster-queue", "dagster-partitions", "dagster-pools",
       "data-disk"]  # fmt: skip


def monitoring(tmp_path, text):
    (tmp_path / "configs").mkdir(exist_ok=True)
    file = tmp_path / "configs" / "monitoring.yaml"
    file.write_text(text)
    return load(MonitoringConfig, file, "monitoring.yaml")


@pytest.mark.parametrize("name", GUIDES)
def test_the_services_of_the_guides_are_known_and_switched_off(name):
    found = load_monitoring(PACKAGE_HOME / "configs").services[name]
    place = found.url if found.kind == "http" else found.port
    assert (found.kind, place, found.critical, found.depends_on) == GUIDES[name]
    assert not found.enabled


def test_our_own_services_and_the_tiers_of_a_cache_are_switched_on():
    enabled = load_monitoring(PACKAGE_HOME / "configs").enabled_services()
    assert list(enabled) == [*OWN, "cache-upstash", "cache-mem0"]
    assert [name for name, one in enabled.items() if one.critical] == [
        "knowledge-database",
        "dagster-daemons",
        "dagster-code",
        "data-disk",
    ]
    assert enabled["cache-mem0"].requires_env == ("MEM0_URL", "MEM0_API_KEY")


def test_probes_have_the_times_of_the_guides(tmp_path):
    """C-15: ten seconds; SVC-32: what is slow for a tier of the cache."""
    config = monitoring(tmp_path, "")
    assert config.probing.timeout_seconds == 10
    slow = {name: config.services[name].slow_ms for name in ("knowledge-database", "cache-upstash", "cache-mem0")}
    assert slow == {"knowledge-database": 1000, "cache-upstash": 500, "cache-mem0": 2000}


A = "\n  a: {kind: tcp, port: 1}"
FAULTS = {
    "a circle": (
        "services:\n  a: {kind: tcp, port: 1, depends_on: [b]}\n  b: {kind: tcp, port: 1, depends_on: [a]}",
        r":[23]: services\.[ab]\.depends_on: a circle: (a -> b -> a|b -> a -> b)$",
    ),
    "a circle of one": (
        "services:\n  a: {kind: tcp, port: 1, depends_on: [a]}",
        r":2: services\.a\.depends_on: a circle: a -> a",
    ),
    "a parent that is missing": (
        f"services:{A}\n  b:\n    kind: tcp\n    port: 1\n    depends_on: [a, nobody]",
        r":6: services\.b\.depends_on: no service 'nobody'",
    ),
    "an unknown kind": ("services:\n  a:\n    kind: ftp", r":3: services\.a\.kind: expected one of"),
    "no kind": ("services:\n  a:\n    port: 1", r":2: services\.a: its kind is missing"),
    "no address": ("services:\n  a: {kind: http}", r":2: services\.a\.url: give either url or url_env"),
    "two addresses": (
        "services:\n  a:\n    kind: http\n    url: http://a.example\n    url_env: A",
        r":4: services\.a\.url: give either url or url_env",
    ),
    "a password in an address": (
        "services:\n  a:\n    kind: http\n    url: http://me:s3cret@a.example",
        r":4: services\.a\.url: an address must not carry credentials",
    ),
    "nothing to find a process by": (
        "services:\n  a: {kind: process}",
        r":2: services\.a\.command_line: give a command line to look for, or the command that starts it",
    ),
    "a shell string for a command": (
        "services:\n  a:\n    kind: tcp\n    port: 1\n    start: python3 -m server",
        r":5: services\.a\.start: Input should be a valid tuple",
    ),
    "a port that is none": ("services:\n  a:\n    kind: tcp\n    port: 70000", r":4: services\.a\.port: .*65535"),
    "a part of Dagster that is none": (
        "services:\n  a: {kind: dagster, part: moon}",
        r":2: services\.a\.part: .*'daemons'",
    ),
    "a time that no round has": (
        "probing: {tick_seconds: 15}\nservices:\n  a:\n    kind: tcp\n    port: 1\n    timeout_seconds: 16",
        r":6: services\.a\.timeout_seconds: must not be more than probing\.tick_seconds \(15\)",
    ),
    "a time for all that no round has": (
        "probing:\n  timeout_seconds: 30",
        r":2: probing\.timeout_seconds: must not be more than tick_seconds \(20\)",
    ),
    "a tick that Dagster would end": (
        "probing:\n  tick_seconds: 60",
        r":2: probing\.tick_seconds: .*less than",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_named_with_line_and_key(tmp_path, fault):
    text, message = FAULTS[fault]
    with pytest.raises(ConfigError, match=rf"configs/monitoring\.yaml{message}") as caught:
        monitoring(tmp_path, text)
    assert "s3cret" not in str(caught.value)


def services(**parents):
    return {name: TcpService(port=1, depends_on=tuple(of)) for name, of in parents.items()}


def test_parents_come_first_and_others_as_they_are_written():
    """What is written first goes first where nothing else decides."""
    given_services = services(web="da", a="", d="", other="", last=["web"])
    assert in_order(given_services) == ["a", "d", "other", "web", "last"]
    assert in_order(given_services, frozenset({"last", "a"})) == ["a", "last"]


def test_a_parent_that_is_not_there_is_no_matter_for_the_order():
    assert in_order(services(a=["elsewhere"], b="a")) == ["a", "b"]


def test_a_circle_has_no_order():
    with pytest.raises(CycleError):
        in_order(services(a="b", b="a"))


@given(st.integers(1, 12).flatmap(lambda n: st.lists(st.sets(st.integers(0, n - 1)), min_size=n, max_size=n)))
def test_the_order_is_always_the_same_and_never_has_a_child_before_its_parent(edges):
    names = [f"s{number}" for number in range(len(edges))]
    # an edge only to what was written before: no circles
    parents = {f"s{place}": [names[one] for one in sorted(of) if one < place] for place, of in enumerate(edges)}
    made = services(**dict(reversed(parents.items())))
    order = in_order(made)
    assert sorted(order) == sorted(names)
    assert order == in_order(dict(made))
    assert all(order.index(parent) < order.index(name) for name, of in parents.items() for parent in of)
