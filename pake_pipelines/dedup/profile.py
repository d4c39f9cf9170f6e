"""Profile: one document as comparing sees it; what costs time is measured at its first use and kept."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final
from uuid import UUID

from pake_pipelines.dedup.facts import Facts, facts_of
from pake_pipelines.dedup.shingles import kinds_of, shingles
from pake_pipelines.dedup.tokens import words
from pake_pipelines.model.signature import SignatureKind

if TYPE_CHECKING:
    from pake_pipelines.dedup.shingles import Shingles

# fewer words say too little to know a text by: "Photo", "Read more", a line of dots
_TELLING_WORDS: Final = 10
# French has about 96 % letters without accents, German 98 %, Czech 85 %, Vietnamese 75 %
_LATIN: Final = 0.9
_SAMPLE: Final = 2000


@dataclass
class Profile:
    """A document's identity, texts, canonical address and the hash of its words."""

    pake_id: UUID
    title: str
    text: str
    canonical_url: str | None
    content_hash: str
    _shingles: "dict[SignatureKind, Shingles]" = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def words(self) -> list[str]:
        """The words of the text."""
        return words(self.text)

    @cached_property
    def title_words(self) -> list[str]:
        """The words of the title."""
        return words(self.title)

    @property
    def is_telling(self) -> bool:
        """Whether the text alone says enough to be known by."""
        return len(self.words) >= _TELLING_WORDS

    @cached_property
    def is_latin(self) -> bool:
        """Whether the text is written in plain Latin letters, as English is and most western languages nearly are."""
        letters = [letter for letter in self.text[:_SAMPLE] if letter.isalpha()]
        return sum(letter.isascii() for letter in letters) >= _LATIN * len(letters)

    @cached_property
    def kinds(self) -> tuple[SignatureKind, ...]:
        """By which shingles the text is compared."""
        return kinds_of(self.words)

    @cached_property
    def facts(self) -> Facts:
        """What title and text state in numbers, dates and names."""
        return facts_of(self.title, self.text)

    def repeats(self, other: "Profile") -> bool:
        """Tell whether both have one telling text: of such, each is compared with the first, and not all with all."""
        return self.content_hash == other.content_hash and self.is_telling

    def shingles(self, kind: SignatureKind) -> "Shingles":
        """Return the shingles of the text, of one kind."""
        if kind not in self._shingles:
            self._shingles[kind] = shingles(self.words, kind)
        return self._shingles[kind]
