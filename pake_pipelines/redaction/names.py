"""Which names are those of secrets: variables, keys of mappings, parameters."""

import re
from typing import Final

MASK: Final = "***"
"""What stands in place of a secret."""

# bare "key" is none of them: assets, partitions and rows have keys, too
_ENDING: Final = re.compile(
    r"(?:passw(?:or)?ds?|passwd|passphrase|pwd|secrets?|token|credentials?|cookie|authorization|dsn"
    r"|(?:api|access|secret|private|signing|encryption|account|auth|shared|master)[_ -]?key(?:[_-]?id)?)$",
    re.IGNORECASE,
)
_OF_VARIABLES: Final = frozenset({
    "PASSWORD", "PASSWD", "PASSPHRASE", "PASS", "PGPASSWORD", "SECRET", "SECRETS", "TOKEN", "TOKENS", "KEY", "KEYS",
    "APIKEY", "CREDENTIAL", "CREDENTIALS", "DSN", "WEBHOOK", "WEBHOOKS", "HEARTBEAT", "COOKIE",
})  # fmt: skip
# the variable says where something is, or how much of it there may be; it is not the thing itself
_ABOUT: Final = frozenset({"FILE", "PATH", "DIR", "DIRECTORY", "ENV", "NAME", "SECONDS", "MINUTES", "COUNT", "SIZE"})


def is_secret_key(name: str) -> bool:
    """Return whether a key of a mapping, a field or a parameter names a secret: `db_password`, `apiKey`."""
    return _ENDING.search(name) is not None


def is_secret_variable(name: str) -> bool:
    """Return whether an environment variable holds a secret by its name: one of its words says so."""
    words = name.upper().split("_")
    return words[-1] not in _ABOUT and not _OF_VARIABLES.isdisjoint(words)
