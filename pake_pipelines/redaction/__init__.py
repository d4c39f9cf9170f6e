"""Secrets out of everything that is written: the configured ones by value, all others by their shape.

Two layers, since neither is enough: a value that looks like any word is known only from the configuration, and a
password in somebody else's error message only by the place where it stands. Whatever leaves the process as text
passes `redact`, whatever leaves it as data `redact_value`.
"""

from pake_pipelines.redaction.known import know, know_variables
from pake_pipelines.redaction.names import MASK
from pake_pipelines.redaction.text import redact, redact_value, redacted_traceback

__all__ = ["MASK", "know", "know_variables", "redact", "redact_value", "redacted_traceback"]
