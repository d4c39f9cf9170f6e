"""What is odd in a series of samples: scores by the point, and one episode for everything that belongs together."""

from pake_pipelines.analytics.anomalies.detection import THRESHOLD, detect
from pake_pipelines.analytics.anomalies.model import Detection, Episode, Kind, Point

__all__ = ["THRESHOLD", "Detection", "Episode", "Kind", "Point", "detect"]
