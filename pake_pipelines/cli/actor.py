"""Who is at the terminal."""

import getpass
import os


def at_the_terminal() -> str:
    """Return who is at the terminal, as the operating system knows them; the audit names them so."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
