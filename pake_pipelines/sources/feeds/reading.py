"""What a parser read in one document."""

from dataclasses import dataclass

from pake_pipelines.sources.feeds.identity import Found


@dataclass(frozen=True, slots=True)
class Reading:
    """The items in the document's order, the feed's title, and what was wrong, for people."""

    items: list[Found]
    title: str
    warnings: tuple[str, ...] = ()
