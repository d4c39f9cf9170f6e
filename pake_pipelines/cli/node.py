"""`pake node`: one item, and everything that led to its verdict."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer
from rich.markup import escape

from pake_pipelines.cli.chain_tree import chain_tree
from pake_pipelines.cli.console import fail, out, print_json
from pake_pipelines.cli.items import Identifier, item_named
from pake_pipelines.settings import get_settings
from pake_pipelines.store import explain as provenance
from pake_pipelines.store.database import Connection, addresses, open_database

app = typer.Typer(help="One item of the knowledge base.", no_args_is_help=True)
Answer = TypeVar("Answer")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def show(identifier: Identifier, as_json: Json = False) -> None:
    """Print a node: title, verdict, score, text."""
    node = _ask(lambda connection: _resolved(connection, identifier, provenance.node))
    if as_json:
        print_json(node)
        return
    out.print(f"[bold]{escape(node['title'])}[/]")
    out.print(f"[dim]{node['pake_id']}  {escape(node['source_name'])}  {escape(node['source_uri'])}[/]", soft_wrap=True)
    out.print(f"{node['verification_status']}, confidence {node['confidence_score']:.2f}\n")
    for reason in node["reasons"]:
        out.print(f"- {escape(reason)}")
    out.print()
    out.print(escape(node["content"]))


@app.command()
def explain(identifier: Identifier, as_json: Json = False) -> None:
    """Print the whole chain of an item, from the raw bytes to the verdict, with the Dagster run of each step."""
    chain = _ask(lambda connection: _resolved(connection, identifier, provenance.explain))
    if as_json:
        print_json(chain)
    else:
        out.print(chain_tree(chain))


async def _resolved(
    connection: Connection, identifier: str, ask: Callable[[Connection, UUID], Awaitable[dict[str, Any] | None]]
) -> dict[str, Any]:
    answer = await ask(connection, await item_named(connection, identifier))
    if answer is None:
        fail(f"{identifier!r} has no node", hint="`pake node explain` says how far it came, and why")
    return answer


def _ask(question: Callable[[Connection], Awaitable[Answer]]) -> Answer:
    async def answer() -> Answer:
        async with open_database(addresses(get_settings()).knowledge) as database, database.connection() as connection:
            return await question(connection)

    return asyncio.run(answer())
