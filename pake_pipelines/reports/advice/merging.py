"""What firing alerts recommend themselves, each once, together with what the table says."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from pake_pipelines.reports import tones
from pake_pipelines.reports.advice.rule import named
from pake_pipelines.reports.advice.situation import Places
from pake_pipelines.reports.document import Recommendation
from pake_pipelines.reports.strangers import shown
from pake_pipelines.store.alert_statistics import ActiveAlert

_LONGEST: Final = 300
_COMMAND: Final = "pake "
_RUN: Final = "Run "


def of_alerts(alerts: Iterable[ActiveAlert], places: Places) -> list[Recommendation]:
    """Return what `alerts` recommend, each sentence once with all alerts that give it, as grave as the gravest.

    A recommendation that is a command says what acts on the sentences of its alert, or is a sentence where there is
    none. The code is the alert rule that gives it.
    """
    given: dict[str, list[ActiveAlert]] = {}
    for alert in alerts:
        for says in _sentences(alert):
            given.setdefault(says, []).append(alert)
    return [_of(says, some, places) for says, some in given.items()]


def _sentences(alert: ActiveAlert) -> list[str]:
    plain = [one for one in alert.recommendations if not one.startswith(_COMMAND)]
    return plain or [f"{_RUN}`{one}`" for one in alert.recommendations]


def _of(says: str, alerts: Sequence[ActiveAlert], places: Places) -> Recommendation:
    gravest = max(alerts, key=lambda one: one.severity.rank)
    commands = dict.fromkeys(one for alert in alerts for one in alert.recommendations if one.startswith(_COMMAND))
    acts = ", ".join(f"`{shown(one, _LONGEST)}`" for one in commands) or f"`pake alerts show {gravest.alert_id}`"
    link = places.runbook(gravest.runbook) if gravest.runbook and "/" not in gravest.runbook else None
    evidence, tone = named(shown(one.summary) for one in alerts), tones.of_severity(gravest.severity).tone
    return Recommendation(gravest.rule, tone, shown(says, _LONGEST), evidence, acts, link)


def merged(table: Sequence[Recommendation], alerts: Sequence[Recommendation]) -> list[Recommendation]:
    """Return `table`, then what `alerts` say beyond it.

    What both say in the same words is said once, and so is a mere command that acts on what the table says already.
    """
    found = {_words(one.says): one for one in table}
    for one in alerts:
        key = _words(one.says)
        if one.says.startswith(_RUN):
            key = next((words for words, held in found.items() if one.acts in held.acts), key)
        held = found.get(key)
        found[key] = one if held is None else _both(held, one)
    return list(found.values())


def _both(held: Recommendation, other: Recommendation) -> Recommendation:
    evidence = held.evidence if other.evidence in held.evidence else f"{held.evidence}; {other.evidence}"
    return replace(held, tone=tones.worst(held.tone, other.tone), evidence=evidence)


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
