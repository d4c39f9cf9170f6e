"""`pake backup key`: the key that backups are encrypted with."""

import typer

from pake_pipelines.cli.backup.place import workplace
from pake_pipelines.cli.console import err
from pake_pipelines.maintenance.backup.encryption import new_identity


def key() -> None:
    """Print a new key for encrypted backups, as a line for the environment. It is stored nowhere."""
    variable = workplace().config.backup.key_env
    identity, recipient = new_identity()
    # plain: it is read by programs and by people who copy it
    typer.echo(f"{variable}={identity}")
    err.print(f"[dim]its public half is {recipient}[/]", soft_wrap=True)
    err.print(
        "[yellow]keep it where the backups are not: without it nobody can read them, with it everybody can[/]",
        soft_wrap=True,
    )
