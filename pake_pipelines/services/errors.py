"""What goes wrong with services, said so that a person knows what to do."""


class ServiceError(Exception):
    """A service could not be started, stopped or restarted; the message says why, and the way out."""
