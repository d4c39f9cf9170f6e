"""Redaction of texts, of nested data and of errors."""

import traceback
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date, time, timedelta
from typing import Any, Final

from pake_pipelines.redaction import known, patterns
from pake_pipelines.redaction.names import MASK, is_secret_key

_DEEPEST: Final = 40


def redact(text: str) -> str:
    """Return `text` with every secret masked: configured values first, then whatever has the shape of one."""
    for form in known.forms():
        if form in text:
            text = text.replace(form, MASK)
    return patterns.hide(text)


def redact_value(value: Any) -> Any:
    """Return nested data with every secret masked: keys, values, and everything under a key that names a secret.

    Numbers, times and None stay what they are. What is none of the known types becomes its redacted text: nobody
    knows what an object would show later on. Data nested deeper than 40 levels become the mask.
    """
    return _redacted(value, 0)


def redacted_traceback(error: BaseException) -> str:
    """Return the traceback of `error` with its causes, contexts, groups and notes, redacted."""
    return redact("".join(traceback.format_exception(error)).rstrip())


def _redacted(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        return MASK
    if isinstance(value, str):
        return redact(str(value))
    if value is None or isinstance(value, bool | date | time | timedelta):
        return value
    if isinstance(value, int | float):
        return MASK if redact(text := str(value)) != text else value
    if isinstance(value, Mapping):
        return {_key(key): _entry(key, one, depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple | AbstractSet):
        return [_redacted(one, depth + 1) for one in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return redact(bytes(value).decode(errors="replace"))
    if isinstance(value, BaseException):
        return redacted_traceback(value)
    return redact(_text(value))


def _key(key: Any) -> Any:
    return key if key is None or isinstance(key, int | float) else redact(str(key))


def _entry(key: Any, value: Any, depth: int) -> Any:
    return _masked(value, depth) if isinstance(key, str) and is_secret_key(key) else _redacted(value, depth)


def _masked(value: Any, depth: int) -> Any:
    """Mask every text below a key that names a secret; keys with two underscores are serialisation's own."""
    if isinstance(value, Mapping):
        return {
            _key(key): _redacted(one, depth) if str(key).startswith("__") else _masked(one, depth)
            for key, one in value.items()
        }
    if isinstance(value, list | tuple | AbstractSet):
        return [_masked(one, depth) for one in value]
    if value is None or value == "" or isinstance(value, bool | int | float):
        return _redacted(value, depth)
    return MASK


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001  # the object is a stranger's, and a log line must not fail for it
        return f"<{type(value).__name__}: {type(error).__name__} while it was shown>"
