"""The status page: how everything stands now, for a wall or a phone (REP-09, REP-10)."""
