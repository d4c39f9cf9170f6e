"""The short scripts. Every message that they expect follows from the rhythm in `world.ALERTING`, tick by tick."""

from typing import Any, Final

from pake_pipelines_tests.alerts.harness.receiver import Mood
from pake_pipelines_tests.alerts.harness.script import (
    Acknowledges,
    Answers,
    Blind,
    ClockJumps,
    Closes,
    Expected,
    Reads,
    Reloads,
    Script,
    Silences,
    Step,
    bad,
    escalation,
    fire,
    good,
    repeat,
    resolve,
    unknown,
)

_HOUR: Final = 3600.0


def _rule(**changes: Any) -> dict[str, Any]:
    return {"rules": {"down": changes}}


def service(*parents: str) -> dict[str, Any]:
    """Return the configuration of a service that depends on `parents`."""
    return {"kind": "tcp", "port": 1, "depends_on": list(parents)}


RESOLVE = Script(
    "one fire, one resolve",
    (bad(0, "api"), good(120, "api")),
    (fire(30, "api"), resolve(120, "api")),
    until=180,
)
MERGE = Script(
    "what fires while the group waits is told in one message",
    (bad(0, "api"), bad(10, "web"), good(120, "api", "web")),
    (fire(30, "api", "web"), resolve(120, "api", "web")),
    until=180,
)
BATCHING = Script(
    "changes of a group are told at most every interval",
    (bad(0, "api"), bad(40, "web"), bad(50, "mail"), good(100, "api"), good(160, "web", "mail")),
    (
        fire(30, "api"),
        fire(90, "web", "mail"),
        Expected("resolve", 150, 150, frozenset({"web", "mail"}), frozenset({"api"})),
        resolve(210, "web", "mail"),
    ),
    until=270,
)
REPEAT = Script(
    "what goes on is told again after the repeat interval",
    (bad(0, "api"), good(280, "api")),
    (fire(30, "api"), repeat(150, "api"), repeat(270, "api"), resolve(330, "api")),
    until=390,
    alerting={"grouping": {"repeat_seconds": 120}},
)
RETRY = Script(
    "what the receiver refuses for now is sent again with growing pauses",
    (Step(0, Answers(Mood.FAILING)), bad(0, "api"), Step(70, Answers(Mood.WELL)), good(120, "api")),
    (fire(90, "api"), resolve(120, "api")),
    until=180,
)
RESOLVE_RETRY = Script(
    "a resolve that the receiver refuses for now is sent again, too",
    (bad(0, "api"), Step(60, Answers(Mood.FAILING)), good(90, "api"), Step(100, Answers(Mood.CLOSED)),
     Step(140, Answers(Mood.WELL))),
    (fire(30, "api"), resolve(150, "api", until=180)),
    until=240,
)  # fmt: skip
COLD_START = Script(
    "a first start into trouble tells what goes on, and not what was over before",
    (unknown(0, "api"), bad(0, "web", "mail"), good(20, "web"), bad(60, "api"), good(150, "api", "mail")),
    (fire(30, "mail"), fire(90, "api"), resolve(150, "api", "mail")),
    until=210,
)
RELOAD = Script(
    "a new severity or summary of a rule is no new episode; a new route tells its own channel",
    (
        bad(0, "api"),
        Step(50, Reloads(_rule(severity="error", summary="no {service}"))),
        Step(80, Reloads({"routes": [{"channels": ["pager"]}]})),
        good(180, "api"),
    ),
    (
        fire(30, "api"),
        fire(120, "api", channel="pager"),
        resolve(180, "api"),
        resolve(180, "api", channel="pager"),
    ),
    until=240,
)
CHANNEL_OFF = Script(
    "a channel that was switched off is told of the resolve when it is on again",
    (
        bad(0, "api"),
        Step(50, Reloads({"channels": {"hook": {"enabled": False}}})),
        good(70, "api"),
        Step(130, Reloads({"channels": {"hook": {"enabled": True}}})),
    ),
    (fire(30, "api"), resolve(150, "api")),
    until=210,
)
TIMEOUT = Script(
    "a receiver that takes a message and does not say so gets it again with the same key",
    (Step(0, Answers(Mood.SILENT)), bad(0, "api"), Step(50, Answers(Mood.WELL)), good(120, "api")),
    (fire(30, "api"), resolve(120, "api")),
    until=180,
    alerting={"channels": {"hook": {"timeout_seconds": 0.2}}},
    duplicates=1,
)
INHIBIT = Script(
    "what a configured inhibition explains is told only when it outlives its source",
    (bad(0, "db", "api", "web"), good(100, "web"), good(120, "db"), good(200, "api")),
    (
        fire(30, "db"),
        Expected("fire", 120, 120, frozenset({"api"}), frozenset({"db"})),
        resolve(210, "api"),
    ),
    until=270,
    alerting={"inhibitions": [{"source": {"service": "db"}, "target": {"service": "!db"}}]},
)
PARENT = Script(
    "what depends on a dead service is held back, and told when it stays dead after its parent",
    (bad(0, "web"), bad(20, "db"), bad(40, "api"), good(120, "db"), good(150, "web"), good(270, "api")),
    (
        fire(30, "db", held_back=1),
        resolve(120, "db"),
        fire(210, "api"),
        resolve(270, "api"),
    ),
    until=330,
    services={"db": service(), "api": service("db"), "web": service("api")},
)  # fmt: skip
SILENCE = Script(
    "what is silenced is told when the silence ends, if it still fires",
    (Step(0, Silences("api", 100)), bad(0, "api"), Step(0, Silences("web", 100)), bad(0, "web"), good(60, "web"),
     good(210, "api")),
    (fire(150, "api"), resolve(210, "api")),
    until=270,
)  # fmt: skip
SILENCED_LATER = Script(
    "a silence over what was told keeps its repeats back and not its resolve",
    (bad(0, "api"), Step(60, Silences("api", 600)), good(280, "api")),
    (fire(30, "api"), resolve(300, "api")),
    until=360,
    alerting={"grouping": {"repeat_seconds": 120}},
)
ACKNOWLEDGE = Script(
    "what is acknowledged is neither repeated nor escalated, and its resolve is told",
    (bad(0, "api"), Step(60, Acknowledges("api")), good(280, "api")),
    (fire(30, "api"), resolve(300, "api")),
    until=360,
    alerting={
        "grouping": {"repeat_seconds": 120},
        "escalations": [{"after_minutes": 2, "min_severity": "critical", "channels": ["pager"]}],
    },
)
ESCALATION = Script(
    "what nobody acknowledges goes to the next channel once, and its resolve follows it there",
    (bad(0, "api"), good(210, "api")),
    (
        fire(30, "api"),
        escalation(120, "api", channel="pager"),
        resolve(210, "api"),
        resolve(210, "api", channel="pager"),
    ),
    until=270,
    alerting={"escalations": [{"after_minutes": 2, "min_severity": "critical", "channels": ["pager"]}]},
)
MAINTENANCE = Script(
    "within a maintenance window nothing is told; what outlives it is",
    (bad(60, "api", "web"), good(150, "web"), good(300, "api")),
    (fire(210, "api"), resolve(300, "api")),
    until=360,
    alerting={"maintenance_windows": [{"cron": "1 12 * * *", "minutes": 2}]},
)
UNKNOWN = Script(
    "what is not known resolves nothing, and fires nothing",
    (bad(0, "api"), unknown(0, "web"), unknown(60, "api"), Step(120, Blind("no answer")), Step(180, Blind(None)),
     good(230, "api")),
    (fire(30, "api"), resolve(240, "api")),
    until=300,
)  # fmt: skip
GONE = Script(
    "a service that exists no more is resolved",
    (bad(0, "api", "web"), Step(80, Reads(("api",), None)), good(160, "web")),
    (
        fire(30, "api", "web"),
        Expected("resolve", 90, 90, frozenset({"web"}), frozenset({"api"})),
        resolve(180, "web"),
    ),
    until=240,
)
IN_A_ROW = Script(
    "a rule that asks for three in a row fires at the third, however often we start anew",
    (bad(0, "api", "web"), good(40, "web"), bad(70, "web"), good(120, "web"), good(180, "api")),
    (fire(90, "api"), resolve(180, "api")),
    until=240,
    alerting=_rule(after=3),
)
FOR_A_WHILE = Script(
    "a rule that asks for a minute waits for it, and holds on for a minute afterwards",
    (bad(0, "api"), good(130, "api"), bad(160, "api"), good(190, "api")),
    (fire(90, "api"), resolve(270, "api")),
    until=330,
    alerting=_rule(for_seconds=60, keep_firing_seconds=60),
)
BY_HAND = Script(
    "what a person has closed stays closed until it was good once",
    (bad(0, "api"), Step(80, Closes("api")), good(150, "api"), bad(170, "api"), good(260, "api")),
    (fire(30, "api"), resolve(90, "api"), fire(210, "api"), resolve(270, "api")),
    until=330,
)
CLOCK_BACK = Script(
    "a clock that is set back keeps nothing from being told, and tells nothing twice",
    (
        Step(0, Answers(Mood.FAILING)),
        bad(0, "api"),
        Step(45, ClockJumps(-_HOUR)),
        Step(50, Answers(Mood.WELL)),
        bad(80, "web"),
        good(190, "api"),
        Step(200, ClockJumps(_HOUR)),
        good(280, "web"),
    ),
    (
        fire(60, "api"),
        fire(120, "web"),
        Expected("resolve", 210, 210, frozenset({"web"}), frozenset({"api"})),
        resolve(300, "web"),
    ),
    until=360,
)
SHORT: Final = (
    RESOLVE, MERGE, BATCHING, REPEAT, RETRY, RESOLVE_RETRY, COLD_START, RELOAD, CHANNEL_OFF, TIMEOUT, INHIBIT, PARENT,
    SILENCE, SILENCED_LATER, ACKNOWLEDGE, ESCALATION, MAINTENANCE, UNKNOWN, GONE, IN_A_ROW, FOR_A_WHILE,
    BY_HAND, CLOCK_BACK,
)  # fmt: skip

KILLED: Final = (ESCALATION, PARENT)
"""Those that the daemon is killed in, everywhere."""
