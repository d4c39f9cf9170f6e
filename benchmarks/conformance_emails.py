"""The sample messages of Ruby's mail library: every one becomes an entry, malformed ones too."""

from datetime import UTC, datetime
from pathlib import Path

from benchmarks.report import Report
from pake_pipelines.model.entry import Parsed
from pake_pipelines.sources.mail.message import parse_message
from pake_pipelines.sources.protocol import Fetched, SourceError


def check(corpus: Path) -> Report:
    """Decode every message below `corpus`."""
    files = sorted(file for file in (corpus / "spec").rglob("*") if file.is_file() and not file.name.startswith("."))
    outcomes = {file.name: _decoded(file) for file in files}
    read = {name: parsed for name, parsed in outcomes.items() if parsed is not None}
    escaped = sorted(outcomes.keys() - read.keys())
    with_text = [name for name, parsed in read.items() if any(entry.body.strip() for entry in parsed.entries)]
    return Report(
        "conformance_emails",
        {
            "files": len(files),
            "exceptions_escaped": len(escaped),
            "decoded": sum(len(parsed.entries) for parsed in read.values()),
            "share_with_text": len(with_text) / max(1, len(files)),
        },
        {},
        {"escaped": escaped, "without_text": sorted(outcomes.keys() - set(with_text))},
    )


def _decoded(file: Path) -> Parsed | None:
    """Return what a message holds; None when an exception escapes."""
    try:
        return parse_message(Fetched(file.name, file.read_bytes(), datetime.now(UTC)))
    except SourceError:
        return Parsed(())
    except Exception:  # noqa: BLE001  whatever it is, it must not be
        return None
