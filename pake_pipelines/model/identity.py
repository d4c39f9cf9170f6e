"""Identity: the `pake_id` of an item, the same on every machine that reads the same source."""

import uuid

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://pake-pipelines.invalid/items")


def pake_id(source: str, key: str) -> uuid.UUID:
    """Return the UUIDv5 of an item's canonical identity: the source's slug and the key that is stable within it."""
    return uuid.uuid5(_NAMESPACE, f"{source}\n{key}")
