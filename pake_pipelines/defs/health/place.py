"""Where facts are read: a Dagster instance, one for all ticks of a process, and the definitions that it runs.

Dagster opens its instance anew for every tick that asks for it: a dozen connections and forty statements about its own
tables, every 30 seconds. Its storage takes connections from a pool that renews them, so one may last.
"""

import threading
from dataclasses import dataclass

import dagster as dg
from dagster._core.instance.ref import InstanceRef


@dataclass(frozen=True, slots=True)
class Place:
    """What is read: an instance, and the definitions that it runs, at a code location (None: whichever)."""

    instance: dg.DagsterInstance
    repository: dg.RepositoryDefinition
    location: str | None = None


class LastingInstance:
    """Opens the instance of a sensor's context once, and again when it is another one."""

    def __init__(self) -> None:
        """Open nothing yet."""
        self._ref: InstanceRef | None = None
        self._instance: dg.DagsterInstance | None = None
        self._lock = threading.Lock()

    def of(self, context: dg.SensorEvaluationContext) -> dg.DagsterInstance:
        """Return the instance of `context`."""
        ref = context.instance_ref
        if ref is None:
            return context.instance
        with self._lock:
            if self._instance is None or ref != self._ref:
                self._ref, self._instance = ref, dg.DagsterInstance.from_ref(ref)
            return self._instance
