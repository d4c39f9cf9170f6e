"""Document: the clean text of one entry version, with what is measured on it once."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Language:
    """An ISO 639-1 code, or `und` where the text is too short or the margin too small to say."""

    code: str
    probability: float


@dataclass(frozen=True, slots=True)
class Structure:
    """Counts over the Markdown text of a document."""

    paragraphs: int = 0
    headings: int = 0
    list_items: int = 0


@dataclass(frozen=True, slots=True)
class Linguistics:
    """Measures of the language of a text; `flesch` is None for an empty text, `ner` says whether entities were sought.

    `flesch`: Flesch reading ease, 206.835 - 1.015 words/sentence - 84.6 syllables/word (Flesch 1948). `key_phrases` are
    the terms that it is about, best first, as it writes them; `entities` the named ones with spaCy's label.
    """

    words: int = 0
    sentences: int = 0
    syllables: int = 0
    flesch: float | None = None
    type_token_ratio: float = 0.0
    key_phrases: tuple[str, ...] = ()
    entities: tuple[tuple[str, str], ...] = ()
    ner: str = "unavailable"


@dataclass(frozen=True, slots=True)
class Document:
    """The cleaned form of one entry version.

    `content_hash` is over the normalised text alone and finds exact copies; `embedding_key` is over the text that
    is embedded (title and text). `links` are the canonical addresses that it links to, without its own, `hrefs` the
    same as they are written; `entities` the casefolded names in it. `dropped` names the ingest filter that stopped the
    item, or None.
    """

    entry_id: int
    title: str
    text: str
    canonical_url: str | None
    content_hash: str
    embedding_key: str
    language: Language
    structure: Structure
    linguistics: Linguistics
    links: tuple[str, ...] = ()
    hrefs: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    truncated: bool = False
    dropped: str | None = None
    problems: tuple[str, ...] = field(default=())
