"""Names that several Dagster objects share: groups, owners, pools."""

from typing import Final

OWNER: Final = "team:pake"

# one run at a time decides on duplicates, scores and verdicts: they look at the whole store
KNOWLEDGE_POOL: Final = "knowledge"
SOURCES_POOL: Final = "sources"
MAINTENANCE_POOL: Final = "maintenance"
# one run at a time looks at services or at metrics
HEALTH_POOL: Final = "health"
# one run at a time restarts services or acts on the levers of recoveries
HEALING_POOL: Final = "healing"
# one run at a time judges what was sampled: two would compute the same
ANALYTICS_POOL: Final = "analytics"
# one run at a time writes reports
REPORTS_POOL: Final = "reports"

SOURCES_GROUP: Final = "sources"
DISABLED_GROUP: Final = "disabled_sources"
KNOWLEDGE_GROUP: Final = "knowledge"
REPORTS_GROUP: Final = "reports"
MAINTENANCE_GROUP: Final = "maintenance"
HEALTH_GROUP: Final = "health"
ANALYTICS_GROUP: Final = "analytics"

# Dagster launches runs with a higher number first
PRIORITIES: Final = {"high": "10", "medium": "5", "low": "0", "maintenance": "-5"}
