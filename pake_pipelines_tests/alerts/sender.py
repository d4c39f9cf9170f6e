"""A sender in a process of its own, which the environment may tell to die: DATABASE_URL HOME HOOK_URL."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from pake_pipelines.alerts.deliver import deliver
from pake_pipelines.config.alerting import WebhookChannel
from pake_pipelines.config.loading import load_monitoring
from pake_pipelines.settings import Settings
from pake_pipelines.store.database import open_database


async def main(database_url, home, hook_url):
    config = load_monitoring(Path(home))
    config.alerting.channels["hook"] = WebhookChannel(kind="webhook", url=hook_url, allow_private=True)
    async with open_database(database_url) as database:
        await deliver(database, config, Settings(home=home), lambda: datetime.now(UTC), seconds=10)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
