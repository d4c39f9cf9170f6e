"""Take a base backup, or tidy up as if 30 days had passed, in a process that may be told to die.

python -m pake_pipelines_tests.maintenance.backup.base_child take|tidy HOME
"""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from pake_pipelines.config.loading import load_maintenance
from pake_pipelines.maintenance.backup import base, bases, wal
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.settings import Settings

act, home = sys.argv[1], Path(sys.argv[2])
settings = Settings(home=home)
place = Workplace(settings, load_maintenance(settings.configs), options={"now": True})
if act == "take":
    asyncio.run(base.run(place))
else:
    (house,) = bases.houses(wal.directory_of(settings, place.config.backup.point_in_time))
    base.tidied(house, place.clock() + timedelta(days=30), keep_days=14)
