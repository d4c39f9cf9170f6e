"""What a task leaves in logs and traces: its lines under its name, how long it took, the error that ended it."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pake_pipelines.telemetry import tracing
from pake_pipelines.telemetry.context import correlated
from pake_pipelines.telemetry.events import performance_event

_log: Final = logging.getLogger(__name__)


@contextmanager
def observed(run_id: str, task: str) -> Iterator[None]:
    """Log and trace the task that is done inside; an error goes on."""
    began = time.monotonic()
    fields = {"run_id": run_id, "task": task} if run_id else {"task": task}
    with correlated(**fields), tracing.span(f"maintenance.{task}"):
        try:
            yield
        except BaseException as error:
            _log.error("%s did not come to its end", task, exc_info=error)
            performance_event("task", time.monotonic() - began, outcome="failed")
            raise
        performance_event("task", time.monotonic() - began, outcome="done")
