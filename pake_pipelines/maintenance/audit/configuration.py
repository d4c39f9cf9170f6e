"""The audit of the configuration as a task: a finding of grade error fails it, warnings are listed."""

from pake_pipelines.maintenance.audit.facts import gather
from pake_pipelines.maintenance.audit.finding import Finding
from pake_pipelines.maintenance.audit.rules import audit
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, TaskState


async def run(place: Workplace) -> Outcome:
    """Audit what is configured. Changes nothing, and shows no value of a secret."""
    found = audit(gather(place.settings, place.environ), place.config.audit)
    errors = [one for one in found if one.severity == "error"]
    details = {
        "errors": len(errors),
        "warnings": len(found) - len(errors),
        "findings": [
            {"rule": one.rule, "severity": one.severity, "where": one.where, "what": one.message, "do": one.way_out}
            for one in found
        ],
    }
    return Outcome(TaskState.FAILED if errors else TaskState.DONE, _summary(errors, found), details)


def _summary(errors: list[Finding], found: list[Finding]) -> str:
    if errors:
        first = errors[0]
        return f"{len(errors)} errors and {len(found) - len(errors)} warnings, first: {first.where} {first.message}"
    return f"{len(found)} warnings" if found else "nothing to object to"
