"""A stand-in for the pipeline: visits a source, and keeps what is kept between visits."""

import json
from contextlib import aclosing
from hashlib import sha256

from pake_pipelines.sources.protocol import Fetched, KnownBody, Memory, Unreadable


class Keeper:
    """Keeps cursor and known bodies as they come out of the database; `answers` are those of the last visit."""

    def __init__(self):
        self.cursor = {}
        self.known = {}
        self.bodies = []
        self.answers = []

    async def visit(self, reader, stop=None):
        """Take answers until `stop` were taken, the source has no more, or it raises; return the bodies' addresses."""
        self.answers = []
        async with aclosing(reader.fetch(None, Memory(self.cursor, dict(self.known)))) as answers:
            async for answer in answers:
                self._keep(answer)
                if len(self.answers) == stop:
                    break
        return [one.url for one in self.answers if isinstance(one, Fetched)]

    @property
    def unreadable(self):
        return {one.url: one.reason for one in self.answers if isinstance(one, Unreadable)}

    def _keep(self, answer):
        self.answers.append(answer)
        if isinstance(answer, Fetched):
            self.bodies.append(answer)
            digest = sha256(answer.body).hexdigest()
            self.known[answer.url] = KnownBody(answer.modified_at, len(answer.body), digest)
        if getattr(answer, "cursor", None) is not None:
            self.cursor = json.loads(json.dumps(answer.cursor))
