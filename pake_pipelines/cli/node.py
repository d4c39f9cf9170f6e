"""`pake node`: one item, and everything that led to its verdict."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer
from rich.markup import escape
from rich.tree import Tree

from pake_pipelines.cli.console import err, fail, out, print_json
from pake_pipelines.settings import get_settings
from pake_pipelines.store import explain as provenance
from pake_pipelines.store.database import Connection, addresses, open_database

app = typer.Typer(help="One item of the knowledge base.", no_args_is_help=True)
Answer = TypeVar("Answer")
Identifier = Annotated[
    str, typer.Argument(metavar="ID", help="The pake_id, the beginning of it, or part of the title.")
]
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
    found = await provenance.find(connection, identifier)
    exact = [one for one in found if str(one[0]) == identifier.lower()]
    if len(exact or found) > 1:
        for pake_id, title in found:
            err.print(f"{pake_id}  {escape(title)}", soft_wrap=True)
        fail(f"{identifier!r} fits several items: name one of these ids")
    answer = await ask(connection, (exact or found)[0][0]) if found else None
    if answer is None:
        fail(f"no item fits {identifier!r}")
    return answer


def _ask(question: Callable[[Connection], Awaitable[Answer]]) -> Answer:
    async def answer() -> Answer:
        async with open_database(addresses(get_settings()).knowledge) as database, database.connection() as connection:
            return await question(connection)

    return asyncio.run(answer())


def chain_tree(chain: Mapping[str, Any]) -> Tree:
    """Return the chain as a tree, in the order in which it came about."""
    entry, stages = chain["entry"] or {}, chain["stages"] or {}
    tree = Tree(f"[bold]{escape(entry.get('title') or chain['key'])}[/]  [dim]{chain['pake_id']}[/]")
    source = f"{chain['source_name']} ({chain['source']}, {chain['authority_basis']}), key {chain['key']}"
    tree.add(f"source: {escape(source)}")
    _fetch(tree, chain["raw_fetch"])
    if entry:
        when = f"published {entry['published_at']}" if entry["published_at"] else "without a date"
        _branch(tree, f"entry: version {entry['version']} of {chain['versions']}, day {entry['day']}, {when}", entry["run_id"],
                [f"repair: {problem}" for problem in entry["problems"]])  # fmt: skip
    _document(tree, chain["document"], stages)
    for embedding in chain["embeddings"] or []:
        _branch(tree, f"embedding: {embedding['model']}", embedding["run_id"], [])
    _duplicates(tree, chain, stages)
    edges = [f"{one['type']} ({one['strength']:.2f}) {one['title']}" for one in chain["connections"] or []]
    _branch(tree, f"connections: {len(edges)}", _run(stages, "connections"), edges)
    _judgement(tree, chain, stages)
    _verdict(tree, chain)
    return tree


def _branch(tree: Tree, label: str, run_id: str | None, lines: list[str]) -> None:
    shown = f"  [dim]run {run_id}[/]" if run_id else ""
    branch = tree.add(f"{escape(label)}{shown}")
    for line in lines:
        branch.add(escape(line))


def _run(stages: Mapping[str, Any], stage: str) -> str | None:
    mark = stages.get(stage)
    return mark["run_id"] if mark else None


def _fetch(tree: Tree, raw: Mapping[str, Any] | None) -> None:
    if raw is None:
        tree.add("raw bytes: none, this item was not fetched")
        return
    lines = [f"sha256 {raw['sha256']}, {raw['bytes']} bytes", f"archived at {raw['lake_path']}"]
    _branch(tree, f"raw bytes: {raw['url']}, fetched {raw['fetched_at']}", raw["run_id"], lines)


def _document(tree: Tree, document: Mapping[str, Any] | None, stages: Mapping[str, Any]) -> None:
    if document is None:
        tree.add("document: not made yet")
        return
    measured = document["linguistics"]
    flesch = "none" if measured["flesch"] is None else f"{measured['flesch']:.0f}"
    lines = [
        f"language {document['language']} ({document['language_probability']:.2f})",
        f"{document['characters']} characters, {measured['words']} words, {measured['sentences']} sentences, "
        f"reading ease {flesch}, entities {measured['ner']}",
        f"canonical address {document['canonical_url'] or 'none'}",
        f"content hash {document['content_hash']}",
    ]
    if document["dropped"]:
        lines.insert(0, f"dropped at the door: {document['dropped']}")
    if document["truncated"]:
        lines.append("truncated")
    _branch(tree, "document", _run(stages, "documents"), lines)


def _duplicates(tree: Tree, chain: Mapping[str, Any], stages: Mapping[str, Any]) -> None:
    group = chain["duplicate_group"]
    lines = [
        f"{one['level']} {one['score']:.3f} {one['decision']}: {one['title']} ({one['other']}) {_evidence(one['evidence'])}"
        for one in chain["candidates"] or []
    ]
    if group is None:
        label = "duplicates: none"
    elif group["canonical_id"] == chain["pake_id"] or str(group["canonical_id"]) == str(chain["pake_id"]):
        label = f"duplicates: canonical member of a group of {group['members']}"
    else:
        label = f"duplicates: copy of {group['canonical_title']} ({group['canonical_id']}), group of {group['members']}"
    _branch(tree, label, group["run_id"] if group else _run(stages, "duplicates"), lines)


def _evidence(evidence: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in evidence.items())


def _judgement(tree: Tree, chain: Mapping[str, Any], stages: Mapping[str, Any]) -> None:
    quality, confidence = chain["quality"], chain["confidence"]
    if quality:
        lines = [f"{one['status']:<8} {one['code']}: {one['message']}" for one in quality["checks"]]
        _branch(tree, "rules: valid" if quality["valid"] else "rules: not valid", _run(stages, "confidence"), lines)
    if confidence:
        lines = [
            f"{'unknown' if one['value'] is None else format(one['value'], '.2f')} x {one['weight']:.2f} "
            f"{one['name'].replace('_', ' ')}: {one['reason']}"
            for one in confidence["factors"]
        ]
        label = f"confidence {confidence['score']:.3f}, for the decision {confidence['decision_score']:.3f}"
        _branch(tree, label, _run(stages, "confidence"), lines)


def _verdict(tree: Tree, chain: Mapping[str, Any]) -> None:
    node = chain["node"]
    if node is None:
        tree.add("verdict: none, the item is not in the knowledge base")
        return
    flags = [f"{name}: {value}" for name, value in node["metadata"].items()]
    _branch(tree, f"verdict: {node['verification_status']}", node["run_id"], [*node["reasons"], *flags])
    history = [
        f"{one['created_at']} {one['old_status'] or 'new'} -> {one['new_status']}, "
        f"{'-' if one['old_score'] is None else format(one['old_score'], '.3f')} -> {one['new_score']:.3f}: {one['reason']}"
        for one in chain["history"] or []
    ]
    if history:
        _branch(tree, f"history: {len(history)} change(s)", None, history)
