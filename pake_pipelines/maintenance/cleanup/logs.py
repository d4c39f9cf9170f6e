"""The task `log_cleanup` (LOG-07, LOG-08, MNT-01, MNT-34): log files are rotated, packed and deleted by age.

Nothing outside `logs` and Dagster's directory of captured output is touched, and no file that a process writes to. Logs
of programs that hold them open (PostgreSQL, Dagster's processes) are rotated when `pake up` starts these.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pake_pipelines.maintenance.cleanup import captured
from pake_pipelines.maintenance.cleanup.files import OpenFiles, below, open_files, size_of
from pake_pipelines.maintenance.cleanup.log_plan import Deed, Seen, Step, plan
from pake_pipelines.maintenance.cleanup.packing import pack
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import Outcome, TaskState


async def run(place: Workplace) -> Outcome:
    """Do with every log file what its age asks for."""
    return await asyncio.to_thread(_clean, place)


def _clean(place: Workplace) -> Outcome:
    data, rules, now = place.settings.data, place.config.logs, place.clock()
    directory, output = data / "logs", data / "dagster"
    if directory.is_symlink():
        return Outcome(TaskState.SKIPPED, f"{directory} is a symbolic link: what lies elsewhere is not cleaned")
    held = open_files(data)
    steps = plan(_seen(directory, held), now, rules)
    old = captured.old(output, now, rules.delete_after_days, held)
    before = size_of(directory) + captured.size(output)
    failed = [] if place.dry_run else [*_carry_out(directory, steps), *captured.remove(output, old)]
    after = size_of(directory) + captured.size(output)
    return _outcome(steps, old, failed, held, before, after, dry_run=place.dry_run)


def _seen(directory: Path, held: OpenFiles) -> list[Seen]:
    return [Seen(file, _is_open(directory / file.path, held)) for file in below(directory)]


def _is_open(path: Path, held: OpenFiles) -> bool | None:
    if held.has(path):
        return True
    return None if held.unseen else False


def _carry_out(directory: Path, steps: Sequence[Step]) -> list[dict[str, str]]:
    """Do the steps; return those that were not to be done, and why. One of them stops no other."""
    failed = []
    for step in steps:
        try:
            if because := _do(directory, step):
                failed.append({"file": step.file.path, "because": because})
        except OSError as error:
            failed.append({"file": step.file.path, "because": error.strerror or str(error)})
    return failed


def _do(directory: Path, step: Step) -> str | None:
    path = directory / step.file.path
    if step.deed == "rotate":
        path.rename(directory / step.target)
    elif step.deed == "pack":
        return None if pack(path, directory / step.target) else "somebody wrote to it meanwhile"
    elif step.deed == "delete":
        path.unlink()
    return None


def _outcome(
    steps: Sequence[Step],
    old: Sequence[captured.Output],
    failed: list[dict[str, str]],
    held: OpenFiles,
    before: int,
    after: int,
    *,
    dry_run: bool,
) -> Outcome:
    undone = {one["file"] for one in failed}
    counts = Counter[Deed](step.deed for step in steps if step.file.path not in undone)
    gone = sum(one.run_id not in undone for one in old)
    would = "would be " if dry_run else ""
    summary = (
        f"{counts['rotate']} log files {would}rotated, {counts['pack']} packed, {counts['delete']} deleted, output of "
        f"{gone} runs {would}deleted; {counts['leave']} left alone"
    )
    if failed:
        summary += f"; {len(failed)} could not be done"
    details: dict[str, Any] = {
        "bytes_before": before,
        "bytes_after": after,
        "rotated": counts["rotate"],
        "packed": counts["pack"],
        "deleted": counts["delete"],
        "outputs_deleted": gone,
        "left_alone": [{"file": step.file.path, "because": step.because} for step in steps if step.deed == "leave"],
        "failed": failed,
        "processes_unseen": held.unseen,
        "steps": [
            {"do": step.deed, "file": step.file.path, "to": step.target, "bytes": step.file.bytes} for step in steps
        ],
    }
    return Outcome(TaskState.FAILED if failed else TaskState.DONE, summary, details)
