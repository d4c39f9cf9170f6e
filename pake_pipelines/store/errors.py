"""What can be wrong with the database, said so that a person knows what to do."""


class StoreError(Exception):
    """The database cannot be used; the message says why and what to do."""


class MissingDatabaseError(StoreError):
    """The server answers, but has no database of that name."""


class UnstorableError(StoreError):
    """The database takes everything else, but not these values."""
