"""The chain behind an item as a tree for the terminal, in the order in which it came about."""

from collections.abc import Mapping
from typing import Any

from rich.markup import escape
from rich.tree import Tree


def chain_tree(chain: Mapping[str, Any]) -> Tree:
    """Return the chain as a tree, in the order in which it came about."""
    entry, stages = chain["entry"] or {}, chain["stages"] or {}
    tree = Tree(f"[bold]{escape(entry.get('title') or chain['key'])}[/]  [dim]{chain['pake_id']}[/]")
    source = f"{chain['source_name']} ({chain['source']}, {chain['authority_basis']}), key {chain['key']}"
    tree.add(f"source: {escape(source)}")
    for one in chain["renames"] or []:
        _branch(tree, f"goes on under another key: {one['old_key']} became {one['new_key']}", one["run_id"], [])
    _fetch(tree, chain["raw_fetch"])
    if entry:
        when = f"published {entry['published_at']}" if entry["published_at"] else "without a date"
        label = f"entry: version {entry['version']} of {chain['versions']}, day {entry['day']}, {when}"
        _branch(tree, label, entry["run_id"], [f"repair: {problem}" for problem in entry["problems"]])
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
        f"{document['characters']} characters, {measured['words']} words, {measured['sentences']} sentences",
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
    lines = [_candidate(one) for one in chain["candidates"] or []]
    lines += [_ruling(one) for one in chain["rulings"] or []]
    if group is None:
        label = "duplicates: none"
    elif group["canonical_id"] == chain["pake_id"] or str(group["canonical_id"]) == str(chain["pake_id"]):
        label = f"duplicates: canonical member of a group of {group['members']}"
        label += f", {group['because']}" if group["because"] else ""
    else:
        label = f"duplicates: copy of {group['canonical_title']} ({group['canonical_id']}), group of {group['members']}"
    _branch(tree, label, group["run_id"] if group else _run(stages, "duplicates"), lines)


def _candidate(one: Mapping[str, Any]) -> str:
    shown = {name: "; ".join(value) if isinstance(value, list) else value for name, value in one["evidence"].items()}
    evidence = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in shown.items())
    reason = one["reason"].replace("_", " ")
    return f"{one['level']} {one['score']:.3f} {one['decision']}, {reason}: {one['title']} ({one['other']}) {evidence}"


def _ruling(one: Mapping[str, Any]) -> str:
    why = f": {one['reason']}" if one["reason"] else ""
    return f"ruled {one['ruling']} by {one['actor']}: {one['title']} ({one['other']}){why}"


def _judgement(tree: Tree, chain: Mapping[str, Any], stages: Mapping[str, Any]) -> None:
    quality, confidence = chain["quality"], chain["confidence"]
    if quality:
        lines = [f"{one['status']:<14} {one['code']}: {one['message']}" for one in quality["checks"]]
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
    history = [_change(one) for one in chain["history"] or []]
    if history:
        _branch(tree, f"history: {len(history)} change(s)", None, history)


def _change(one: Mapping[str, Any]) -> str:
    score = "-" if one["old_score"] is None else f"{one['old_score']:.3f}"
    status = f"{one['old_status'] or 'new'} -> {one['new_status']}"
    return f"{one['created_at']} {status}, {score} -> {one['new_score']:.3f}: {one['reason']}"
