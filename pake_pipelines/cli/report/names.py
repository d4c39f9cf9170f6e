"""The reports that somebody names at the terminal, with or without `_report`."""

from collections.abc import Iterable

from pake_pipelines.cli.console import fail
from pake_pipelines.reports.catalogue import REPORTS

_SUFFIX = "_report"


def named_report(name: str, besides: Iterable[str] = ()) -> str:
    """Return the name of the report, or of the page `besides` them, that `name` means; hyphens are underscores.

    Ends with a clear error where there is none.
    """
    there = [*besides, *REPORTS]
    plain = name.strip().lower().replace("-", "_")
    found = next((one for one in (plain, plain + _SUFFIX) if one in there), None)
    if found is None:
        fail(f"no report {name!r}", hint=f"there are {', '.join(there)}")
    return found


def named_reports(names: Iterable[str]) -> list[str]:
    """Return the reports that `names` mean, each once, in their order."""
    return list(dict.fromkeys(named_report(one) for one in names))
