"""Label matchers: what a rule, a route, a silence or an inhibition fits."""

import re
from collections.abc import Mapping
from functools import lru_cache


def fits(matchers: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Tell whether `labels` fit all `matchers`; a label that is missing counts as empty, as in Alertmanager.

    `*` stands for any text, `?` for any character, a leading `!` says that the rest must not fit. So `?*` is any label
    that is there and not empty. Nothing else is special: a bracket is a bracket.
    """
    return all(_one_fits(pattern, labels.get(label, "")) for label, pattern in matchers.items())


def _one_fits(pattern: str, value: str) -> bool:
    if pattern.startswith("!"):
        return not _compiled(pattern[1:]).fullmatch(value)
    return _compiled(pattern).fullmatch(value) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (".*" if mark == "*" else "." if mark == "?" else re.escape(mark) for mark in pattern)
    return re.compile("".join(parts), re.DOTALL)
