"""The long scripts: a storm, a day without a channel, hours of flapping."""

from typing import Final

from pake_pipelines_tests.alerts.harness.corpus import service
from pake_pipelines_tests.alerts.harness.receiver import Mood
from pake_pipelines_tests.alerts.harness.script import Answers, Script, Step, bad, fire, good, resolve

_HOUR: Final = 3600.0
_DAY: Final = 24 * _HOUR
_CHILDREN: Final = tuple(f"s{number:03}" for number in range(200))
STORM = Script(
    "200 services behind one dead database: one page that names the root, one resolve",
    (bad(0, *_CHILDREN), bad(20, "db"), good(120, "db"), good(150, *_CHILDREN)),
    (fire(30, "db", held_back=200), resolve(120, "db")),
    until=300,
    services={"db": service(), **{name: service("db") for name in _CHILDREN}},
)
DAY_WITHOUT_CHANNEL = Script(
    "a channel that is down for a day gets everything afterwards, in order",
    (
        Step(0, Answers(Mood.CLOSED)),
        bad(0, "api"),
        good(2 * _HOUR, "api"),
        bad(3 * _HOUR, "web"),
        Step(_DAY, Answers(Mood.WELL)),
        good(_DAY + _HOUR, "web"),
    ),
    (
        fire(_DAY, "api", until=_DAY + _HOUR),
        resolve(_DAY, "api", until=_DAY + _HOUR),
        fire(_DAY, "web", until=_DAY + _HOUR),
        resolve(_DAY + _HOUR, "web"),
    ),
    until=_DAY + 2 * _HOUR,
    tick=_HOUR,
    alerting={"grouping": {"repeat_seconds": 7 * _DAY}},
)
FLAPPING = Script(
    "a service that alternates every minute for four hours",
    (*(one for minute in range(0, 240, 2) for one in (bad(60.0 * minute, "api"), good(60.0 * (minute + 1), "api"))),),
    (),
    until=5 * _HOUR,
    tick=60,
    alerting={
        "flapping": {"enabled": True},
        "rules": {"down": {"keep_firing_seconds": 60}},
        "grouping": {"interval_seconds": 300, "repeat_seconds": _HOUR / 2},
    },
)
