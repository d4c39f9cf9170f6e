"""Numbers of things as a person reads them."""


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless it is one: `1 alert`, `1,204 alerts`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
