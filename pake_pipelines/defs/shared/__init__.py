"""What every Dagster object shares: partitions, the resource, metadata keys, tags."""
