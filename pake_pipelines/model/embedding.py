"""The name under which vectors are kept: that of the model, and of the way in which texts were cut for it."""

from typing import Final

# part of the version beside every vector: another way of cutting or averaging makes other vectors
CHUNKING: Final = "chunked-1"


def model_version(model: str) -> str:
    """Return the name that stands beside every vector of `model`."""
    return f"{model}/{CHUNKING}"
