"""Play the week and print the scorecard.

python -m pake_pipelines_tests.politeness
"""

import sys
from pathlib import Path

import pytest

if __name__ == "__main__":
    sys.exit(pytest.main(["-s", str(Path(__file__).with_name("test_politeness.py"))]))
