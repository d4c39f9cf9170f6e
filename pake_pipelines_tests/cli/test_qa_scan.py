"""`pake qa scan`: which scan it launches and what it says of it; Dagster's answers are recorded."""

from datetime import UTC, datetime

import pytest

from pake_pipelines.cli.dagster_api import Made, RunState, Step
from pake_pipelines.cli.qa import scan as command
from pake_pipelines.pipeline.names import Scan, scan_config
from pake_pipelines_tests.cli.test_commands import *  # noqa: F403
