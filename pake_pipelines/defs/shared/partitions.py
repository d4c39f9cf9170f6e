"""The daily partitions of sources and knowledge assets: the items of a UTC day, today included."""

from datetime import date

import dagster as dg


def daily_partitions(first_day: date) -> dg.DailyPartitionsDefinition:
    """Return daily partitions from `first_day` to today; today exists, because that is the day being read."""
    return dg.DailyPartitionsDefinition(start_date=first_day.isoformat(), end_offset=1)


def day_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> date:
    """Return the day of the partition that `context` works on."""
    return date.fromisoformat(context.partition_key)
