"""Group trial: what the pipeline would do with items that are in no store, found by the same rules; nothing is stored.

The ingest filters are left out, because a short text is a fair question here. The source is left out of the merit of a
member, because there is none: what is written decides.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final
from uuid import UUID

from pake_pipelines.dedup.canonical import canonical_url
from pake_pipelines.dedup.fingerprint import content_hash, embedding_text
from pake_pipelines.dedup.groups import group
from pake_pipelines.dedup.profile import Profile
from pake_pipelines.dedup.trial import compare_all
from pake_pipelines.model.comparison import Candidate, Group
from pake_pipelines.pipeline.batches import batches
from pake_pipelines.pipeline.embedder import MAX_CHARACTERS, Embedder
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.merit import member_of
from pake_pipelines.pipeline.progress import Progress
from pake_pipelines.pipeline.trial_items import TrialItem, clean_items

if TYPE_CHECKING:
    import numpy as np

_APART: Final = 5  # compared items outside the group that are shown


@dataclass(frozen=True, slots=True)
class Tie:
    """A compared pair seen from one of its items; `other` is the key of the other."""

    other: str
    compared: Candidate


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an item came: the key of its group's canonical member (its own when it is alone), and why.

    `tie` is the closest duplicate within the group, `apart` are the closest few compared outside it.
    """

    key: str
    canonical: str
    members: int = 1
    because: str = ""
    tie: Tie | None = None
    apart: tuple[Tie, ...] = ()


def try_groups(items: Sequence[TrialItem], kit: Kit, say: Callable[[str], object]) -> list[Placed]:
    """Return what becomes of each of `items`, in order; `say` hears about the progress of a long embedding.

    Raises ModelError when the embedding model cannot be loaded.
    """
    rules = kit.quality
    tried = list(clean_items(items, rules, kit.settings.spacy_model))
    profiles = [
        Profile(one.document.pake_id, one.title, one.text, canonical_url(one.document.url), content_hash(one.text))
        for one in tried
    ]
    texts = [embedding_text(one.title, one.text) for one in tried]
    candidates = compare_all(profiles, _embed(kit.embedder, texts, say) if texts else None, rules.duplicates)
    members = {one.document.pake_id: member_of(one.document, one.signals.spam, rules) for one in tried}
    return _placed(items, candidates, group(members, candidates, (), rules.duplicates.keep), members)


def _embed(embedder: Embedder, texts: Sequence[str], say: Callable[[str], object]) -> "np.ndarray":
    """Return a unit vector for each of `texts`; equal texts are embedded once."""
    import numpy as np

    different = sorted(dict.fromkeys(texts), key=len, reverse=True)
    progress = Progress("embedded", len(different), sum(map(_work, different)), say)
    made = []
    for batch in batches(different):
        made.append(embedder.encode(batch))
        progress.advance(len(batch), sum(map(_work, batch)))
    place = {text: row for row, text in enumerate(different)}
    vectors: np.ndarray = np.concatenate(made)[[place[text] for text in texts]]
    return vectors


def _work(text: str) -> int:
    return min(len(text), MAX_CHARACTERS)


def _placed(
    items: Sequence[TrialItem], candidates: Iterable[Candidate], groups: Sequence[Group], members: Iterable[UUID]
) -> list[Placed]:
    key = dict(zip(members, (item.key for item in items), strict=True))
    home = {member: found for found in groups for member in found.members}
    ties: defaultdict[UUID, list[Tie]] = defaultdict(list)
    for one in sorted(candidates, key=lambda one: (-one.score, one.a, one.b)):
        ties[one.a].append(Tie(key[one.b], one))
        ties[one.b].append(Tie(key[one.a], one))
    return [_place(pake_id, key, home.get(pake_id), ties[pake_id]) for pake_id in key]


def _place(pake_id: UUID, key: Mapping[UUID, str], mine: Group | None, ties: Sequence[Tie]) -> Placed:
    name = key[pake_id]
    if mine is None:
        return Placed(name, name, apart=tuple(ties[:_APART]))
    mates = {key[member] for member in mine.members}
    return Placed(
        name,
        key[mine.canonical_id],
        len(mine.members),
        mine.canonical_because,
        tie=next(tie for tie in ties if tie.other in mates and tie.compared.decision == "duplicate"),
        apart=tuple(islice((tie for tie in ties if tie.other not in mates), _APART)),
    )
