"""Extraction of texts: whole HTML pages are searched in bounded processes, everything else is converted here.

A search may recurse, take minutes or all memory on a page that was written for that; conversions are linear. A page
whose search fails is kept as all its text, with a note: nothing is lost, and the run goes on.
"""

from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from typing import Final

from pebble import ProcessExpired

from pake_pipelines.config.quality import ExtractionLimits
from pake_pipelines.pipeline.bounded import Bounded
from pake_pipelines.text.extract import Extracted, extract, extract_page, is_page, strip_page
from pake_pipelines.text.mojibake import repair_mojibake

Body = tuple[str, str]
"""What an entry says, and its media type."""

_REPAIRED: Final = "UTF-8 that was read as Windows-1252 is read again"
_NOT_FOUND: Final = "main content not found"


class Extractor(Bounded):
    """Extracts texts under the caps of `limits`; its processes start with the first page."""

    def __init__(self, limits: ExtractionLimits) -> None:
        """Start nothing yet."""
        super().__init__(workers=limits.workers, deadline_seconds=limits.deadline_seconds, memory_mb=limits.memory_mb)
        self._limits = limits

    def extract(self, bodies: Sequence[Body]) -> list[Extracted]:
        """Return the clean Markdown of each body, in order; pages go to the processes all at once. Raises nothing."""
        repaired = [(repair_mojibake(body), media_type) for body, media_type in bodies]
        paged = [number for number, (body, media_type) in enumerate(repaired) if is_page(body, media_type)]
        pages = dict(zip(paged, self._pages([repaired[number][0] for number in paged]), strict=True))
        found = [
            pages[number] if number in pages else Extracted(extract(body, media_type))
            for number, (body, media_type) in enumerate(repaired)
        ]
        return [
            one if body == was else replace(one, problems=(_REPAIRED, *one.problems))
            for one, (body, _), (was, _) in zip(found, repaired, bodies, strict=True)
        ]

    def _pages(self, pages: Sequence[str]) -> list[Extracted]:
        small = [page for page in pages if len(page) <= self._limits.max_characters]
        searched = iter(self._searched(small))
        return [
            next(searched)
            if len(page) <= self._limits.max_characters
            else _stripped(page, f"more than {self._limits.max_characters} characters")
            for page in pages
        ]

    def _searched(self, pages: Sequence[str]) -> list[Extracted]:
        tasks = [(page, self._begun(page)) for page in pages]
        return [self._ended(page, task) for page, task in tasks]

    def _begun(self, page: str) -> "Future[Extracted]":
        try:
            return self.submit(found_in, page)
        except BrokenProcessPool:
            self.close()
        return self.submit(found_in, page)

    def _ended(self, page: str, task: "Future[Extracted]") -> Extracted:
        try:
            return self._again(page, task)
        except TimeoutError:
            return _stripped(page, f"not searched within {self._limits.deadline_seconds:g} s")
        except MemoryError:
            return _stripped(page, f"it takes more memory than {self._limits.memory_mb} MB")
        except (ProcessExpired, BrokenProcessPool) as error:
            return _stripped(page, f"the process that searched it broke down: {error}")

    def _again(self, page: str, task: "Future[Extracted]") -> Extracted:
        """Return what a task found, if need be at a second attempt: a process killed while idle breaks all tasks."""
        try:
            return task.result()
        except (BrokenProcessPool, CancelledError):
            return self._begun(page).result()


def found_in(page: str) -> Extracted:
    """Search a page, in a worker; only a MemoryError leaves it, for others might not survive the way."""
    try:
        return extract_page(page)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  a library's error on one page is no error of the run
        return _stripped(page, f"{type(error).__name__}: {error}")


def is_certain(found: Extracted) -> bool:
    """Tell whether another attempt would find the same: what ended at a deadline or a cap may end otherwise."""
    return not any(problem.startswith(_NOT_FOUND) for problem in found.problems)


def _stripped(page: str, reason: str) -> Extracted:
    return Extracted(strip_page(page), (f"{_NOT_FOUND} ({reason}): all text of the page is kept",))
