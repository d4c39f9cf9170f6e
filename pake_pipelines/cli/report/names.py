"""The reports that somebody names at the terminal, with or without `_report`."""

from collections.abc import Iterable

from pake_pipelines.cli.console import fail
from pake_pipelines.reports.catalogue import REPORTS

_SUFFIX = "_report"


def named_report(name: str) -> str:
    """Return the name of the report that `name` means, or end with a clear error; hyphens are underscores."""
    plain = name.strip().lower().replace("-", "_")
    found = next((one for one in (plain, plain + _SUFFIX) if one in REPORTS), None)
    if found is None:
        fail(f"no report {name!r}", hint=f"there are {', '.join(REPORTS)}")
    return found


def named_reports(names: Iterable[str]) -> list[str]:
    """Return the reports that `names` mean, each once, in their order."""
    return list(dict.fromkeys(named_report(one) for one in names))
