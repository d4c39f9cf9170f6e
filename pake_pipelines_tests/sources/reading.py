"""Reading a source as the pipeline does: keep every answer's cursor, stop wherever it likes, and go on from there."""

from contextlib import aclosing

from pake_pipelines.sources.protocol import Fetched, Memory


async def visit(reader, window=None, cursor=None, stop_after=None):
    """Return the answers of one visit, at most `stop_after`, and the cursor that is remembered then."""
    answers, cursor = [], cursor or {}
    async with aclosing(reader.fetch(window, Memory(cursor))) as source:
        async for answer in source:
            answers.append(answer)
            cursor = getattr(answer, "cursor", None) or cursor
            if len(answers) == stop_after:
                break
    return answers, cursor


def entries_of(reader, answers):
    """Return the entries in `answers`, by key; the last version wins."""
    bodies = (answer for answer in answers if isinstance(answer, Fetched))
    return {entry.key: entry for body in bodies for entry in reader.parse(body).entries}
