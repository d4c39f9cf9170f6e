"""The end of the chain behind an item: what was found in it, how it was judged, and what became of it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

from pake_pipelines.cli.chain_branch import add_branch, minute
from pake_pipelines.cli.judgement_view import STATUS_STYLES, factor_table, rule_table
from pake_pipelines.model.judgement import Factor, RuleOutcome
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.reports.amounts import counted

_LINKS: Final = 10
_CHANGES: Final = 10
_DECIDED: Final = {"approved": "approved it", "rejected": "rejected it", "requeued": "put it back into the queue"}


def add_judgement(tree: Tree, chain: Mapping[str, Any]) -> None:
    """Add signals, links, rules, confidence, calibration, review, verdict and history."""
    run = ((chain["stages"] or {}).get("confidence") or {}).get("run_id")
    _signals(tree, chain["signals"])
    _links(tree, chain["links"] or [])
    if chain["quality"]:
        _rules(tree, chain["quality"], run)
    if chain["confidence"]:
        _confidence(tree, chain["confidence"], chain["calibration"], run)
    if chain["review"]:
        _review(tree, chain["review"])
    _verdict(tree, chain["node"])
    _history(tree, chain["history"] or [])


def _signals(tree: Tree, signals: Mapping[str, Any] | None) -> None:
    if signals is None:
        return
    lines = [f"{points:.2f} {signal}: {excerpt}" for signal, points, excerpt in signals["evidence"]]
    lines += [f"pattern {pattern}: {excerpt}" for pattern, excerpt in signals["patterns"].items()]
    add_branch(tree, f"signals: spam {signals['spam_score']:.2f}", None, lines)


def _links(tree: Tree, links: Sequence[Mapping[str, Any]]) -> None:
    if not links:
        return
    states = Counter(link["state"] for link in links)
    label = f"links: {len(links)}, {', '.join(f'{count} {state}' for state, count in states.most_common())}"
    lines = [_link(link) for link in links[:_LINKS]]
    if len(links) > _LINKS:
        lines.append(f"and {len(links) - _LINKS} more; --json has them")
    add_branch(tree, label, None, lines)


def _link(link: Mapping[str, Any]) -> str:
    when = f", {minute(link['checked_at'])}" if link["checked_at"] else ""
    return f"{link['state']} ({link['detail']}{when}) {link['url']}"


def _rules(tree: Tree, quality: Mapping[str, Any], run: str | None) -> None:
    outcomes = [
        RuleOutcome(one["code"], CheckStatus(one["status"]), one["message"], one["evidence"])
        for one in quality["checks"]
    ]
    said = "valid" if quality["valid"] else f"not valid: {', '.join(quality['errors'] + quality['unknowns'])}"
    add_branch(tree, f"rules: {said}", run, [rule_table(outcomes)])


def _confidence(
    tree: Tree, confidence: Mapping[str, Any], calibration: Mapping[str, Any] | None, run: str | None
) -> None:
    particulars: list[str | RenderableType] = [factor_table([Factor(**one) for one in confidence["factors"]])]
    if confidence["probability"] is not None:
        said = f"calibrated {confidence['probability']:.3f}: this is what decides"
        if calibration:
            by = f"{calibration['method']}, {calibration['labels']} labels, {calibration['actor']}"
            said += f"; calibration {calibration['calibration_id']} ({by}, {minute(calibration['created_at'])})"
        particulars.append(said)
    if confidence["due_at"]:
        particulars.append(f"its age counts otherwise from {minute(confidence['due_at'])} on")
    label = f"confidence: {confidence['score']:.3f}, for the decision {confidence['decision_score']:.3f}"
    add_branch(tree, label, run, particulars)


def _review(tree: Tree, review: Mapping[str, Any]) -> None:
    why = f": {review['reason']}" if review["reason"] else ""
    lines = [] if review["holds"] else ["of an earlier version: it does not hold for this one"]
    add_branch(
        tree, f"review: {review['actor']} {_DECIDED[review['decision']]}, {minute(review['at'])}{why}", None, lines
    )


def _verdict(tree: Tree, node: Mapping[str, Any] | None) -> None:
    if node is None:
        tree.add("verdict: none, the item is not in the knowledge base")
        return
    status = node["verification_status"]
    flags = [f"{name.replace('_', ' ')}: {value}" for name, value in node["metadata"].items()]
    label = Text.assemble("verdict: ", (status, f"bold {STATUS_STYLES[status]}"))
    add_branch(tree, label, node["run_id"], [*node["reasons"], *flags])


def _history(tree: Tree, history: Sequence[Mapping[str, Any]]) -> None:
    if not history:
        return
    branch = add_branch(tree, f"history: {counted(len(history), 'change')}", None)
    if len(history) > _CHANGES:
        branch.add(Text(f"{len(history) - _CHANGES} earlier ones; --json has them"))
    for one in history[-_CHANGES:]:
        add_branch(branch, _change(one), one["run_id"], _causes(one))


def _change(one: Mapping[str, Any]) -> str:
    score = "" if one["old_score"] is None else f"{one['old_score']:.3f} to "
    was = one["old_status"] or "new"
    status = one["new_status"] if was == one["new_status"] else f"{was} to {one['new_status']}"
    by = "" if one["changed_by"] == "pipeline" else f", by {one['changed_by']}"
    return f"{minute(one['created_at'])}  {status}, score {score}{one['new_score']:.3f}{by}"


def _causes(one: Mapping[str, Any]) -> Iterator[str]:
    yield str(one["reason"])
    yield from _sentences(one["cause"])


def _sentences(cause: str) -> Iterable[str]:
    return [f"because: {said}" for said in cause.split("; ") if said]
