"""What a task of maintenance raises."""


class MaintenanceError(Exception):
    """A task cannot do its work; the message is a sentence that names what is in the way and the way out."""


class BusyError(MaintenanceError):
    """Another task is under way, and only one may be."""
