"""What rules see, as a table."""

from collections.abc import Iterable, Mapping
from typing import Final

from rich.text import Text

from pake_pipelines.alerts.evaluate import RuleSeen
from pake_pipelines.cli.tables import Rows
from pake_pipelines.config.monitoring import MonitoringConfig

# what only the sensor inside of Dagster reads
_OF_DAGSTER: Final = frozenset({"run", "check", "tick", "freshness"})
_NOT_DUE: Final = {True: "judged by the sensor inside of Dagster alone", False: "not due"}


def rule_table(
    seen: Iterable[RuleSeen], config: MonitoringConfig, open_alerts: Mapping[str, int] | None = None
) -> Rows:
    """Return a line for each rule: how many series are bad or unknown, and why it could not be judged if so."""
    numbers = ["series", "bad", "unknown", *(["alerts"] if open_alerts is not None else [])]
    table = Rows("rule", "severity", "looks at", *numbers, "", right=numbers)
    for one in seen:
        rule = config.alerting.rules[one.rule]
        counts = [Text(str(one.series)), _marked(one.bad, "red"), _marked(one.unknown, "magenta")]
        if open_alerts is not None:
            counts.append(_marked(open_alerts.get(one.rule, 0), "red"))
        idle = "" if one.due else _NOT_DUE[rule.input in _OF_DAGSTER]
        said = Text(one.unjudged or idle, style="magenta" if one.unjudged else "dim")
        looks_at = f"{rule.input} {rule.metric or rule.slo or ''}".strip()
        table.add_row(one.rule, rule.severity.value, looks_at, *counts, said)
    return table


def _marked(count: int, style: str) -> Text:
    return Text(str(count), style=style if count else "dim")
