"""`pake qa evaluate`: what the score is worth, by the labels of people."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from pake_pipelines.cli.console import print_json
from pake_pipelines.cli.qa.evaluation_view import show_evaluation
from pake_pipelines.cli.qa.json_lines import ScoreLine, read_lines
from pake_pipelines.cli.sources.options import Json, ask
from pake_pipelines.config.loading import load_quality
from pake_pipelines.config.quality import QualityConfig
from pake_pipelines.pipeline.calibrate import score_version
from pake_pipelines.pipeline.labels import load_labels
from pake_pipelines.quality.evaluation import Evaluation
from pake_pipelines.quality.evaluation import evaluate as measure
from pake_pipelines.quality.labelled import Labelled
from pake_pipelines.settings import get_settings
from pake_pipelines.store import calibrations
from pake_pipelines.store.calibrations import StoredCalibration
from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class _Given:
    """What is measured, in a few words, and what a reader must know of it."""

    labels: Sequence[Labelled]
    score: str
    notes: tuple[str, ...] = ()


def evaluate(
    file: Annotated[
        Path | None, typer.Option("--file", metavar="SCORES", help="Scores with labels, as JSON lines; - is stdin.")
    ] = None,
    uncalibrated: Annotated[
        bool, typer.Option("--uncalibrated", help="Measure the score as it is, without the calibration in force.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the resamples that intervals rest on.")] = 0,
    as_json: Json = False,
) -> None:
    """Measure the score by labels: how well it orders, how true it is, how good its decisions are.

    Lines of --file are {"score": 0.8, "good": true}; "source", "published", "weight", "authority" and "length" are
    optional. docs/scores.md explains the figures.
    """
    settings = get_settings()
    rules = load_quality(settings.configs)
    if file is not None:
        given = _Given([_labelled(line) for _, line in read_lines(file, ScoreLine)], f"the scores in {file}")
    else:
        given = ask(settings, lambda connection: _stored(connection, rules, uncalibrated=uncalibrated))
    found = measure(
        given.labels, auto_verify=rules.verdict.auto_verify, auto_reject=rules.verdict.auto_reject, seed=seed
    )
    if as_json:
        print_json(_as_json(found, given))
    else:
        show_evaluation(found, given.score, given.notes)


def _labelled(line: ScoreLine) -> Labelled:
    return Labelled(line.score, line.good, line.weight, line.source, line.published, line.authority, line.length)


async def _stored(connection: Connection, rules: QualityConfig, *, uncalibrated: bool) -> _Given:
    held = next((one for one in await calibrations.listed(connection) if one.in_force), None)
    calibration = held.calibration if held and not uncalibrated else None
    found = await load_labels(connection, calibration)
    notes = [f"labelled by {', '.join(found.actors)}"] if found.actors else []
    for count, why in (
        (found.superseded, "of versions that another one has replaced"),
        (found.unscored, "of items without a score"),
        (found.disagreed, "items on which people disagree"),
    ):
        if count:
            notes.append(f"left out: {count} {why}")
    if held and calibration:
        notes += _on_calibration(held, rules)
    score = "the decision score"
    return _Given(found.labels, f"{score}, calibrated" if calibration else score, tuple(notes))


def _on_calibration(held: StoredCalibration, rules: QualityConfig) -> list[str]:
    fitted = (
        f"the calibration was fitted on {held.labels} labels, and looks better than it is by the same ones; "
        "`pake qa calibrate --dry-run` checks it on sources held out"
    )
    notes = [fitted]
    if held.calibration.is_outdated(score_version(rules)):
        notes.append("the score is made otherwise since it was calibrated: `pake qa calibrate` fits it anew")
    return notes


def _as_json(found: Evaluation, given: _Given) -> dict[str, Any]:
    return {"score": given.score, "notes": given.notes, **asdict(found)}
