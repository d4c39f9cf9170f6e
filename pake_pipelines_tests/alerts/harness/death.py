"""Where a daemon dies."""

from dataclasses import dataclass

from pake_pipelines.crash import CrashPoint


@dataclass(frozen=True)
class Death:
    """Where the daemon dies: in which beat of a script, at which reach of which crash point in it."""

    beat: int
    point: CrashPoint
    reach: int = 1

    def __str__(self) -> str:
        """Return it as a line for people."""
        return f"killed in beat {self.beat} at {self.point}, reach {self.reach}"
