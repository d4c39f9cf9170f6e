"""Dead letters, tried again: the archived bytes go through the present parser."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pake_pipelines.pipeline.intake import Delivery
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.reading import Reading, open_reading
from pake_pipelines.pipeline.run import Run
from pake_pipelines.pipeline.visitor import parse_again
from pake_pipelines.sources.protocol import SourceError
from pake_pipelines.sources.readers import reader_for
from pake_pipelines.store import dead_letters, fetches
from pake_pipelines.store.database import Database
from pake_pipelines.store.dead_letters import DeadLetter


@dataclass(frozen=True, slots=True)
class Retried:
    """How many letters became readable, how many items that stored, how many letters had no bytes and are forgotten.

    `failing` maps the ids of those that are still unreadable to the reason.
    """

    readable: int = 0
    stored: int = 0
    forgotten: int = 0
    failing: Mapping[int, str] = field(default_factory=dict)


async def retry(kit: Kit, database: Database, letters: Sequence[DeadLetter], run: Run) -> Retried:
    """Parse the bodies of `letters` again and store what is readable now, in the partition of `run`.

    A letter without bytes is deleted: the next visit to its source tries again.
    """
    configured = [letter for letter in letters if letter.source in kit.sources.enabled]
    failing = {
        letter.dead_letter_id: f"{letter.source} is not an enabled source"
        for letter in letters
        if letter not in configured
    }
    bodiless = [letter.dead_letter_id for letter in configured if letter.fetch_id is None]
    async with database.transaction() as connection:
        forgotten = await dead_letters.delete(connection, bodiless)
    bodies: dict[int, list[DeadLetter]] = {}
    for letter in configured:
        if letter.fetch_id is not None:
            bodies.setdefault(letter.fetch_id, []).append(letter)
    result = Retried(forgotten=forgotten, failing=failing)
    async with open_reading(kit, database, run, sorted({letter.source for letter in configured})) as reading:
        for fetch_id, some in bodies.items():
            result = await _again(reading, fetch_id, some, result)
    return result


async def _again(reading: Reading, fetch_id: int, letters: Sequence[DeadLetter], so_far: Retried) -> Retried:
    """Try one body again; letters that it still gives rise to stay."""
    slug = letters[0].source
    config = reading.kit.sources
    reader = reader_for(config.sources[slug], reading.means)
    async with reading.database.connection() as connection:
        raw = await fetches.fetch_by_id(connection, fetch_id)
    try:
        parsed = await parse_again(raw, reader, reading.kit.lake, reading.worker)
    except SourceError as error:
        still = {letter.dead_letter_id: str(error) for letter in letters}
        return replace(so_far, failing={**so_far.failing, **still})
    receipt = await reading.intake.take(
        Delivery(
            source=slug,
            day=reading.run.day,
            url=raw.url,
            parsed=parsed,
            fetched_at=raw.fetched_at,
            modified_at=raw.modified_at,
            room=config.sources[slug].max_items_per_run,
            parser_version=reader.version,
            fetch_id=fetch_id,
            remembers=False,
            dated=reader.dated,
            clears=True,
        )
    )
    remaining = {(letter.key, letter.reason): letter.detail for letter in parsed.unparsed}
    still = {
        letter.dead_letter_id: remaining[letter.key, letter.reason]
        for letter in letters
        if (letter.key, letter.reason) in remaining
    }
    return replace(
        so_far,
        readable=so_far.readable + len(letters) - len(still),
        stored=so_far.stored + receipt.new + receipt.updated,
        failing={**so_far.failing, **still},
    )
