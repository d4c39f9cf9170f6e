"""The chain behind an item as a tree for the terminal, in the order in which it came about."""

from collections.abc import Mapping
from typing import Any

from rich.text import Text
from rich.tree import Tree

from pake_pipelines.cli.chain_branch import add_branch, minute
from pake_pipelines.cli.chain_judgement import add_judgement


def chain_tree(chain: Mapping[str, Any]) -> Tree:
    """Return the chain as a tree, in the order in which it came about."""
    entry, stages = chain["entry"] or {}, chain["stages"] or {}
    tree = Tree(Text.assemble((entry.get("title") or chain["key"], "bold"), "  ", (str(chain["pake_id"]), "dim")))
    source = f"source: {chain['source_name']} ({chain['source']}, {chain['authority_basis']})"
    add_branch(tree, source, None, [f"key {chain['key']}"])
    for one in chain["renames"] or []:
        add_branch(tree, f"goes on under another key: {one['old_key']} became {one['new_key']}", one["run_id"])
    _fetch(tree, chain["raw_fetch"])
    if entry:
        when = f"published {minute(entry['published_at'])}" if entry["published_at"] else "without a date"
        label = f"entry: version {entry['version']} of {chain['versions']}, day {entry['day']}, {when}"
        add_branch(tree, label, entry["run_id"], [f"repair: {problem}" for problem in entry["problems"]])
    _document(tree, chain["document"], stages)
    for embedding in chain["embeddings"] or []:
        add_branch(tree, f"embedding: {embedding['model']}", embedding["run_id"])
    _duplicates(tree, chain, stages)
    edges = [f"{one['type']} ({one['strength']:.2f}) {one['title']}" for one in chain["connections"] or []]
    add_branch(tree, f"connections: {len(edges)}", _run(stages, "connections"), edges)
    add_judgement(tree, chain)
    return tree


def _run(stages: Mapping[str, Any], stage: str) -> str | None:
    mark = stages.get(stage)
    return mark["run_id"] if mark else None


def _fetch(tree: Tree, raw: Mapping[str, Any] | None) -> None:
    if raw is None:
        tree.add("raw bytes: none, this item was not fetched")
        return
    lines = [f"sha256 {raw['sha256']}, {raw['bytes']} bytes", f"archived at {raw['lake_path']}"]
    add_branch(tree, f"raw bytes: {raw['url']}, fetched {minute(raw['fetched_at'])}", raw["run_id"], lines)


def _document(tree: Tree, document: Mapping[str, Any] | None, stages: Mapping[str, Any]) -> None:
    if document is None:
        tree.add("document: not made yet")
        return
    measured = document["linguistics"]
    flesch = "none" if measured["flesch"] is None else f"{measured['flesch']:.0f}"
    lines = [
        f"language {document['language']} ({document['language_probability']:.2f})",
        f"{document['characters']} characters, {measured['words']} words, {measured['sentences']} sentences",
        f"reading ease {flesch}, entities {measured['ner']}",
        f"canonical address {document['canonical_url'] or 'none'}",
        f"content hash {document['content_hash']}",
    ]
    if document["dropped"]:
        lines.insert(0, f"dropped at the door: {document['dropped']}")
    if document["truncated"]:
        lines.append("truncated")
    add_branch(tree, "document", _run(stages, "documents"), lines)


def _duplicates(tree: Tree, chain: Mapping[str, Any], stages: Mapping[str, Any]) -> None:
    group = chain["duplicate_group"]
    lines = [_candidate(one) for one in chain["candidates"] or []]
    lines += [_ruling(one) for one in chain["rulings"] or []]
    if group is None:
        label = "duplicates: none"
    elif str(group["canonical_id"]) == str(chain["pake_id"]):
        label = f"duplicates: canonical member of a group of {group['members']}"
        label += f", {group['because']}" if group["because"] else ""
    else:
        label = f"duplicates: copy of {group['canonical_title']} ({group['canonical_id']}), group of {group['members']}"
    add_branch(tree, label, group["run_id"] if group else _run(stages, "duplicates"), lines)


def _candidate(one: Mapping[str, Any]) -> str:
    shown = {name: "; ".join(value) if isinstance(value, list) else value for name, value in one["evidence"].items()}
    evidence = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in shown.items())
    reason = one["reason"].replace("_", " ")
    return f"{one['level']} {one['score']:.3f} {one['decision']}, {reason}: {one['title']} ({one['other']}) {evidence}"


def _ruling(one: Mapping[str, Any]) -> str:
    why = f": {one['reason']}" if one["reason"] else ""
    return f"ruled {one['ruling']} by {one['actor']}: {one['title']} ({one['other']}){why}"
