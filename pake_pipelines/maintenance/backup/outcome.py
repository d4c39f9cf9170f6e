"""What a backup has to tell: the sentence and the figures of its outcome."""

from collections.abc import Sequence
from dataclasses import asdict

from pake_pipelines.maintenance.backup import sizes
from pake_pipelines.maintenance.backup.databases import Source
from pake_pipelines.maintenance.backup.manifest import Manifest
from pake_pipelines.maintenance.backup.standing import Check
from pake_pipelines.model.maintenance import Outcome, TaskState


def would(path: str, sources: Sequence[Source], wanted: int) -> Outcome:
    """Return the outcome of a dry run that would make `path` of `wanted` bytes."""
    names = ", ".join(one.facts.name for one in sources)
    return Outcome(
        TaskState.DONE,
        f"would dump {names} into {path}; about {sizes.in_words(wanted)} would be needed",
        {
            "path": path,
            "databases": [{"role": s.role, "name": s.facts.name, "bytes": s.facts.bytes} for s in sources],
            "bytes_needed": wanted,
            "client": f"{sources[0].tool.path} {sources[0].tool.version}",
        },
    )


def done(path: str, made: Manifest, before: Manifest | None, checks: Sequence[Check]) -> Outcome:
    """Return the outcome of a backup; `before` is the one before it, `checks` are what holds with it."""
    wrong = [check.said for check in checks if not check.ok and check.name == "backup_size"]
    summary = (
        f"{made.name}: {made.rows:,} rows in {made.tables} tables, {sizes.in_words(made.bytes)} in {made.seconds:.1f} s"
    )
    age = (made.created_at - before.created_at).total_seconds() / 3600 if before else None
    return Outcome(
        TaskState.DONE,
        "; ".join((summary, *wrong)),
        {
            "name": made.name,
            "path": path,
            "bytes": made.bytes,
            "rows": made.rows,
            "tables": made.tables,
            "seconds": made.seconds,
            "encrypted": made.encrypted,
            "migration": made.migration,
            "server_version": made.server_version,
            "client_version": made.client_version,
            "files": [
                {"name": file.name, "bytes": file.bytes, "sha256": file.sha256, "encrypted": file.encrypted}
                for file in made.files
            ],
            "databases": [
                {"role": role, "name": one.name, "bytes": one.bytes, "rows": one.rows, "tables": len(one.tables)}
                for role, one in made.databases.items()
            ],
            "hours_since_the_one_before": round(age, 2) if age is not None else None,
            "checks": [asdict(check) for check in checks],
        },
    )
