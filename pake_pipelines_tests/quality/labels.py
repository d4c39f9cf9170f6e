"""Labels for tests: of a score that is true, or that is off in a known way."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from pake_pipelines.quality.labelled import Labelled

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def drawn(
    number: int, seed: int = 0, *, shown: Callable[[float], float] = lambda truth: truth, sources: int = 8
) -> list[Labelled]:
    """Return labels of items that are good with an even spread of probabilities, of which the score is `shown`."""
    drawing = random.Random(seed)
    found = []
    for place in range(number):
        truth = drawing.random()
        good = drawing.random() < truth
        source = f"source {place % sources}"
        found.append(Labelled(shown(truth), good, 1.0, source, FIRST + timedelta(hours=place)))
    return found


def columns(labels: list[Labelled]):
    import numpy as np

    return tuple(np.array([getattr(one, name) for one in labels], float) for name in ("score", "good", "weight"))


# few values, so that ties are common
scores = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), st.floats(0.0, 1.0))
labelled = st.builds(
    Labelled, score=scores, good=st.booleans(), weight=st.floats(0.1, 10.0), source=st.sampled_from("abc")
)
both_kinds = st.lists(labelled, min_size=2, max_size=40).filter(lambda some: len({one.good for one in some}) == 2)
