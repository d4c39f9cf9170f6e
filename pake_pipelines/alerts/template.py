"""Templates of rules, filled in with what a series says; an alert with a gap in its text is better than none."""

import string
from collections.abc import Mapping
from dataclasses import dataclass

Value = str | float | None


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text, and the fields of its template that could not be filled in."""

    text: str
    missing: tuple[str, ...] = ()


def render(template: str, fields: Mapping[str, Value]) -> Rendered:
    """Fill `fields` into `template`; one that is missing, or that its format does not fit, shows as `?name?`.

    Nothing is raised. A template that cannot be read at all is returned as it is. Attributes and indexes of fields are
    not followed.
    """
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError:
        return Rendered(template)
    text, missing = [], []
    for literal, name, form, conversion in parts:
        text.append(literal)
        if name is None:
            continue
        shown = _shown(fields.get(name), form or "", conversion)
        if shown is None:
            missing.append(name)
        text.append(f"?{name}?" if shown is None else shown)
    return Rendered("".join(text), tuple(dict.fromkeys(missing)))


def _shown(value: Value, form: str, conversion: str | None) -> str | None:
    if value is None:
        return None
    try:
        return format(repr(value) if conversion == "r" else value, form)
    except (ValueError, TypeError, OverflowError):
        return None
