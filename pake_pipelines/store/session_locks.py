"""Locks that a session holds as long as it lives: whoever has one is alive, and the lock of the dead is free.

`space` is what kind of thing is locked, `name` which one.
"""

from pake_pipelines.store.database import Connection

_KEY = "hashtext($1), hashtext($2)"


async def lock(connection: Connection, space: str, name: str) -> bool:
    """Take a lock for the session of `connection`; False when somebody else has it."""
    taken: bool = await connection.fetchval(f"SELECT pg_try_advisory_lock({_KEY})", space, name)
    return taken


async def unlock(connection: Connection, space: str, name: str) -> None:
    """Give a lock back."""
    await connection.execute(f"SELECT pg_advisory_unlock({_KEY})", space, name)


async def is_free(connection: Connection, space: str, name: str) -> bool:
    """Tell whether nobody has a lock, and see to it that nobody takes it before the transaction ends."""
    free: bool = await connection.fetchval(f"SELECT pg_try_advisory_xact_lock({_KEY})", space, name)
    return free
