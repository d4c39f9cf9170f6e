"""Numbers of things as a person reads them."""


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with the word for it, by itself with an s unless it is one: `1 alert`, `1,204 alerts`."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
