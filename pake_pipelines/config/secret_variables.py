"""Which environment variables a configuration names as holding a secret."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pake_pipelines.config.section import Section

# the name of an account or of a server is no secret, and is often a word like any other
_NO_SECRETS: Final = frozenset({"username_env", "server_env", "client_id_env"})


def secret_variables(value: Any) -> Iterator[str]:
    """Yield the variables that the fields `*_env` of a section and of everything below it name."""
    if isinstance(value, Section):
        for name, one in value:
            if not name.endswith("_env"):
                yield from secret_variables(one)
            elif name not in _NO_SECRETS:
                yield from [one] if isinstance(one, str) else one or ()
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from secret_variables(one)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from secret_variables(one)
