"""Matchers as they are typed: `service=redis`, `rule=high-*`, `severity!=critical`."""

from collections.abc import Iterable, Mapping

from pake_pipelines.cli.console import fail


def matchers_of(given: Iterable[str]) -> dict[str, str]:
    """Return label -> value as silences keep them, or end with a clear error."""
    found: dict[str, str] = {}
    for one in given:
        label, is_given, value = one.partition("=")
        negated, label = label.endswith("!"), label.removesuffix("!").strip()
        if not is_given or not label:
            fail(f"{one!r} is no matcher", hint="write label=value or label!=value; * and ? are wildcards")
        if label in found:
            fail(f"{label} is given twice", hint="all matchers have to fit at once")
        found[label] = f"!{value}" if negated else value
    return found


def shown(matchers: Mapping[str, str]) -> str:
    """Return matchers as they are typed."""
    said = (f"{label}!={one[1:]}" if one.startswith("!") else f"{label}={one}" for label, one in matchers.items())
    return " ".join(said)
