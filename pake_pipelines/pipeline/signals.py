"""Signals: found once for each text and each state of the rules they follow from, then read from the store.

Several stages need them: duplicates elect no spam as canonical member, confidence judges by them. A change of
thresholds or weights leaves them as they are, so that judging the whole store anew reads no text.
"""

from collections.abc import Sequence

from pake_pipelines import text
from pake_pipelines.config.quality import QualityConfig
from pake_pipelines.config.version import version_of
from pake_pipelines.model.signals import Signals
from pake_pipelines.store import signals
from pake_pipelines.store.database import Connection
from pake_pipelines.text.patterns import find_patterns
from pake_pipelines.text.spam import score_spam


def signals_version(rules: QualityConfig) -> str:
    """Return the version of the signals: of the code, and of the phrases and patterns that are sought."""
    patterns = [*rules.content.forbidden_patterns, *rules.content.required_patterns]
    scored = rules.spam.model_dump_json(exclude={"max_score", "suspicious_share"})
    return version_of(text.VERSION, repr(patterns), scored)


def find_signals(title: str, body: str, hrefs: Sequence[str], rules: QualityConfig) -> Signals:
    """Return the signals of one clean text; `hrefs` are the addresses that its markup links to."""
    patterns = (*rules.content.forbidden_patterns, *rules.content.required_patterns)
    return Signals(score_spam(title, body, rules.spam, links=hrefs), find_patterns(title, body, patterns))


async def signals_of(connection: Connection, entry_ids: Sequence[int], rules: QualityConfig) -> dict[int, Signals]:
    """Return the signals of each of `entry_ids`; those that are missing or outdated are found and stored."""
    version = signals_version(rules)
    held = await signals.load_signals(connection, entry_ids, version)
    missing = [entry_id for entry_id in entry_ids if entry_id not in held]
    if not missing:
        return held
    found = {
        one.entry_id: find_signals(one.title, one.text, one.hrefs, rules)
        for one in await signals.unmeasured(connection, missing)
    }
    await signals.save_signals(connection, found, version)
    return held | found
