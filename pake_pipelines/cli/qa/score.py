"""`pake qa score`: how the pipeline would judge some items; nothing is stored, no database is needed."""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.padding import Padding
from rich.text import Text

from pake_pipelines.cli.console import err, fail, out
from pake_pipelines.cli.judgement_view import (
    STATUS_STYLES,
    bar,
    factor_table,
    factors_as_json,
    rule_table,
    rules_as_json,
    that_matter,
)
from pake_pipelines.cli.qa.trial_lines import TrialLine, read_trial_line
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.score_trial import ASSUMED, Scored, try_scores
from pake_pipelines.reports.amounts import counted
from pake_pipelines.settings import get_settings

_BATCH: Final = 64  # lines that are held at once
_TITLE: Final = 100


def score(
    file: Annotated[
        Path, typer.Argument(metavar="[FILE]", help="JSON lines; stdin otherwise.", show_default=False)
    ] = Path("-"),
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object for each line, in their order.")] = False,
) -> None:
    """Judge items as the pipeline would: rules, spam, language, factors, score, verdict; nothing is stored.

    Each line is an item: {"title": "...", "text": "...", "url": "...", "source": "arxiv-ai", "published":
    "2026-11-22T12:00:00Z"}. Every field may be missing; source is the slug or the name of a configured one, else its
    authority counts as unknown.

    An item is judged as if it were the only one held: it repeats nothing, nothing supports it, its links are not
    asked, and no calibration or review counts. A line that is no object gets an object with an error, and exit code 1
    at the end.
    """
    kit, now = Kit.of(get_settings()), datetime.now(UTC)
    verdicts, bad = Counter[str](), 0
    with _opened(file) as lines:
        for line, scored in _scored(lines, kit, now):
            if scored is None:
                bad += 1
            else:
                verdicts[scored.verdict.status.value] += 1
            if as_json:
                # ASCII: an item may hold what no terminal can be sent, and has to come back as it was
                print(json.dumps(_as_json(line, scored)))
            else:
                _show(line, scored)
    if not as_json:
        _tell(verdicts)
    if bad:
        raise typer.Exit(1)


@contextmanager
def _opened(file: Path) -> Iterator[Iterable[bytes]]:
    if str(file) == "-":
        if sys.stdin.isatty():
            err.print("[dim]reading JSON lines from the terminal; Ctrl-D ends them[/]")
        yield sys.stdin.buffer
        return
    try:
        opened = file.open("rb")
    except OSError as error:
        fail(f"{file}: {error.strerror or error}", hint="give a file of JSON lines, or pipe them in")
    with opened:
        yield opened


def _scored(lines: Iterable[bytes], kit: Kit, now: datetime) -> Iterator[tuple[TrialLine, Scored | None]]:
    """Yield each line with its judgement, None where it holds no item; as many as a batch are held at once."""
    numbered = ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
    while batch := list(islice(numbered, _BATCH)):
        read = [read_trial_line(line, number) for number, line in batch]
        judged = try_scores([(one.item, one.source) for one in read if one.item is not None], kit, now)
        for one in read:
            yield one, None if one.item is None else next(judged)


def _as_json(line: TrialLine, scored: Scored | None) -> dict[str, Any]:
    if scored is None or line.item is None:
        return {"line": line.number, "error": line.error}
    judgement, verdict = scored.judgement, scored.verdict
    return {
        **line.given,
        "title": scored.title,
        "url": line.item.url,
        "source": scored.source,
        "verdict": {"status": verdict.status.value, "flags": dict(verdict.flags), "reasons": list(verdict.reasons)},
        "score": judgement.confidence.score,
        "decision_score": judgement.confidence.decision_score,
        "rules": rules_as_json(judgement.outcomes),
        "spam": {"score": scored.spam.score, "evidence": [one._asdict() for one in scored.spam.evidence]},
        "language": asdict(scored.language),
        "factors": factors_as_json(judgement.confidence.factors),
        "dropped_at_ingest": scored.dropped,
        "assumed": ASSUMED,
        "remarks": list(line.remarks),
    }


def _show(line: TrialLine, scored: Scored | None) -> None:
    if scored is None:
        err.print(Text.assemble((f"line {line.number}: ", "red"), str(line.error)), soft_wrap=True)
        return
    confidence, status = scored.judgement.confidence, scored.verdict.status.value
    title = scored.title[:_TITLE] or "(no title)"
    out.print(Text.assemble((status, f"bold {STATUS_STYLES[status]}"), "  ", (title, "bold")), soft_wrap=True)
    decides = f"  score {confidence.score:.3f}, for the decision {confidence.decision_score:.3f}"
    spam = f", spam {scored.spam.score:.2f}, language {scored.language.code} {scored.language.probability:.2f}"
    out.print(Text.assemble("  ", bar(confidence.decision_score), decides, (spam, "dim")), soft_wrap=True)
    for reason in scored.verdict.reasons:
        out.print(Padding(Text(f"- {reason}"), (0, 0, 0, 2)))
    if scored.dropped:
        stopped = f"- an ingest filter would stop it before: {scored.dropped.replace('_', ' ')}"
        out.print(Padding(Text(stopped, style="yellow"), (0, 0, 0, 2)))
    for remark in line.remarks:
        out.print(Padding(Text(f"- {remark}", style="yellow"), (0, 0, 0, 2)))
    out.print(Padding(factor_table(confidence.factors), (0, 0, 0, 2)))
    against = that_matter(scored.judgement.outcomes)
    if against:
        out.print(Padding(rule_table(against), (0, 0, 0, 2)))
    out.print()


def _tell(verdicts: Counter[str]) -> None:
    if not verdicts:
        err.print("[dim]no items: nothing to judge[/]")
        return
    counts = ", ".join(f"{items} {status}" for status, items in verdicts.most_common())
    out.print(f"{counted(verdicts.total(), 'item')}: {counts}")
    assumed = "; ".join(f"{name}: {why}" for name, why in ASSUMED.items())
    err.print(f"[dim]assumed of each - {assumed}[/]", soft_wrap=True)
