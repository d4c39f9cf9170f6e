"""What watching costs: a whole tick over 200 services of which 20 are slow, and judging 10,000 series.

    python -m benchmarks.alerts [--rounds 4]

The tick is the sensor's own (`alerts.watch`): it probes real HTTP and TCP servers on loopback, keeps what it found,
evaluates the packaged rules, and posts the messages to a webhook. Of the 20 that are slow half answer after five
seconds and half never do, so that no tick can be over before their deadline of 10 s. Rounds are a minute apart by the
clock that a tick is given, so that in the later ones alerts fire and are told.

The 10,000 series are those of ten rules, in five evaluations one after the other: all are good; all turn bad and fire;
all go on; all turn good and are resolved; all are good again. Beside them a plain loop over dictionaries in memory that
compares the same values with the same bounds, remembers since when each is bad, and keeps and tells nothing.
"""

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import yaml

from benchmarks.report import Report, publish
from benchmarks.scratch import scratch_project
from benchmarks.watched_servers import Servers, servers
from pake_pipelines.alerts.evaluate import evaluate
from pake_pipelines.alerts.watch import Watch, Watched, watch
from pake_pipelines.config.loading import load, load_monitoring
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.model.alert import Reading, Readings
from pake_pipelines.model.dagster_facts import DagsterFacts
from pake_pipelines.settings import Settings
from pake_pipelines.store.database import addresses, open_database

_SERVICES, _SLOW = 200, 20
_SERIES, _RULES = 10_000, 10
_BOUND, _GOOD, _BAD = 90.0, 50.0, 95.0
_STATES: Final = {"quiet": _GOOD, "all fire": _BAD, "all go on": _BAD, "all resolved": _GOOD, "quiet again": _GOOD}
_MINUTE: Final = timedelta(minutes=1)


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=4, help="how many ticks")
    rounds = parser.parse_args().rounds
    with servers(_SERVICES, _SLOW) as served, scratch_project("sources: {}\n") as settings:
        ticks = watched(settings, served, rounds)
    with scratch_project("sources: {}\n") as settings:
        evaluations = asyncio.run(evaluated(settings))
    worst, rounds_parts = max(ticks, key=lambda one: one[0])
    publish(
        Report(
            "alerts",
            figures={
                "tick_seconds_200_probes": round(worst, 2),
                "evaluate_seconds_10k_series": round(max(evaluations.values()), 3),
                "evaluate_seconds_10k_quiet_series": round(evaluations["quiet"], 3),
            },
            peers={
                "deadline of what never answers": "10 s",
                "plain loop over dictionaries": f"{plain_loop():.4f} s",
            },
            sizes={
                "services": _SERVICES,
                "slow_services": _SLOW,
                "ticks_seconds": [round(seconds, 2) for seconds, _ in ticks],
                "worst_tick_parts_seconds": {name: round(one, 2) for name, one in rounds_parts.seconds.items()},
                "statuses": dict(Counter(one.status.value for one in rounds_parts.samples)),
                "messages_taken": len(served.told),
                "series": _SERIES,
                "evaluations_seconds": {name: round(seconds, 3) for name, seconds in evaluations.items()},
            },
        )
    )


def watched(settings: Settings, served: Servers, rounds: int) -> list[tuple[float, Watched]]:
    """Return the seconds that each tick took, and what it found. Raises RuntimeError when a part of one failed."""
    file = settings.configs / "monitoring.yaml"
    shipped = load(MonitoringConfig, file, "monitoring.yaml").services
    services: dict[str, Any] = {name: {"enabled": False} for name in shipped}
    services |= {name: {"kind": "http", "url": url} for name, url in served.http.items()}
    services |= {name: {"kind": "tcp", "host": "127.0.0.1", "port": port} for name, port in served.tcp.items()}
    hook = {"kind": "webhook", "url": served.hook, "allow_private": True}
    alerting = {"channels": {"hook": hook}, "routes": [{"channels": ["hook", "log"]}]}
    file.write_text(yaml.safe_dump({"services": services, "alerting": alerting}))
    what = Watch(settings, load_monitoring(settings.configs))
    ticks = []
    for number in range(rounds):
        clock = _clock(datetime.now(UTC) + number * _MINUTE, time.monotonic())
        before = time.monotonic()
        found = asyncio.run(watch(what, DagsterFacts(clock()), clock))
        ticks.append((time.monotonic() - before, found))
        if found.faults or len(found.samples) != _SERVICES:
            raise RuntimeError(f"a tick failed: {len(found.samples)} samples, {dict(found.faults)}")
    if not served.told:
        raise RuntimeError("no message was told: the ticks did not do their work")
    return ticks


def _clock(begins: datetime, now: float) -> Callable[[], datetime]:
    return lambda: begins + timedelta(seconds=time.monotonic() - now)


async def evaluated(settings: Settings) -> dict[str, float]:
    """Return the seconds of each evaluation. Raises RuntimeError unless all alerts fire and are resolved."""
    config, began = rules(settings), datetime.now(UTC)
    seconds = {}
    async with open_database(addresses(settings).knowledge) as database:
        for number, (name, value) in enumerate(_STATES.items()):
            readings = [Readings("metric", _series(value), complete=True)]
            before = time.perf_counter()
            done = await evaluate(database, config, readings, began + number * _MINUTE)
            seconds[name] = time.perf_counter() - before
            if done.overlapped or done.firing != (_SERIES if value == _BAD else 0):
                raise RuntimeError(f"{name}: {done.firing} of {_SERIES} alerts fire")
    return seconds


def rules(settings: Settings) -> MonitoringConfig:
    """Return the packaged configuration with ten rules over as many metrics instead of its own."""
    config = load_monitoring(settings.configs)
    one = {"input": "metric", "above": _BOUND, "keep_firing_seconds": 0, "severity": "warning"}
    made = {
        f"rule-{number}": {**one, "metric": f"metric_{number}", "summary": "{host} at {value:.0f}"}
        for number in range(_RULES)
    }
    alerting = {**config.alerting.model_dump(), "rules": made}
    return MonitoringConfig.model_validate({**config.model_dump(), "alerting": alerting})


def _series(value: float) -> tuple[Reading, ...]:
    return tuple(
        Reading({"metric": f"metric_{number % _RULES}", "host": f"host-{number // _RULES}"}, value)
        for number in range(_SERIES)
    )


def plain_loop() -> float:
    """Return the seconds of the slowest of the same evaluations by the plainest loop there is."""
    since: dict[tuple[tuple[str, str], ...], datetime] = {}
    slowest = 0.0
    for value in _STATES.values():
        readings, now = _series(value), datetime.now(UTC)
        before = time.perf_counter()
        for one in readings:
            key = tuple(sorted(one.labels.items()))
            if one.value is not None and one.value > _BOUND:
                since.setdefault(key, now)
            else:
                since.pop(key, None)
        slowest = max(slowest, time.perf_counter() - before)
    return slowest


if __name__ == "__main__":
    main()
