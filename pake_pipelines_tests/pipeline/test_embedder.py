"""The real model: plain vectors for what fits, pooled chunks for what does not, and no text that it cannot bear."""

import numpy as np
import pytest

from pake_pipelines.pipeline.embedder import MAX_CHUNKS, MiniLmEmbedder, packaged_weights
from pake_pipelines_tests.feeds import prose

FLOAT = 1e-6  # what the order of additions may change


@pytest.fixture(scope="module")
def embedder():
    return MiniLmEmbedder()


@pytest.fixture(scope="module")
def plain():
    """The model as anybody would use it."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(packaged_weights()))
    return lambda texts: model.encode(texts, normalize_embeddings=True, show_progress_bar=False)


def encoded(embedder, texts):
    """Return the vectors of `texts`, and how many chunks were read for them."""
    before = embedder.encoded
    return embedder.encode(texts), embedder.encoded - before


def test_the_version_names_the_model_and_the_way_of_chunking():
    assert MiniLmEmbedder("some-model").model == "some-model/chunked-1"


def test_texts_that_fit_get_the_vectors_of_plain_encode_whatever_their_order(embedder, plain):
    texts = [prose(seed, sentences) for seed, sentences in enumerate((3, 6, 4, 1, 5, 2))]
    vectors, chunks = encoded(embedder, texts)
    assert chunks == len(texts)
    np.testing.assert_allclose(vectors, plain(texts), atol=FLOAT)
    np.testing.assert_allclose(embedder.encode(texts[::-1])[::-1], vectors, atol=FLOAT)


def test_a_long_text_is_the_mean_of_its_chunks_by_their_word_pieces(embedder, plain):
    text = prose(1, 40)
    chunks = embedder.chunks([text])
    assert len(chunks) > 1
    assert all(len(embedder.chunks([chunk.text])) == 1 for chunk in chunks)
    assert "".join(chunk.text for chunk in chunks).replace(" ", "") == text.replace(" ", "")
    mean = np.average(plain([chunk.text for chunk in chunks]), axis=0, weights=[chunk.tokens for chunk in chunks])
    np.testing.assert_allclose(embedder.encode([text])[0], mean / np.linalg.norm(mean), atol=FLOAT)


def test_what_stands_behind_the_first_chunk_counts(embedder, plain):
    lead = prose(1, 12)
    one, other = (f"{lead} {prose(seed, 12)}" for seed in (2, 3))
    np.testing.assert_allclose(*plain([one, other]), atol=FLOAT)  # the plain model reads the lead alone
    assert np.dot(*embedder.encode([one, other])) < 0.99


AWKWARD = {
    "empty": ("", 1),
    "white space": (" \n\t ", 1),
    "one word": ("Word", 1),
    "5 MB of prose": (prose(1, 200) * 200, MAX_CHUNKS),
    "5 MB without a space": ("x" * 5_000_000, 1),
    "5 MB of punctuation": ("." * 5_000_000, MAX_CHUNKS),
    "emoji only": ("😀🎉🚀" * 400, 1),
    "Chinese": ("今天天气很好我们去公园散步" * 400, MAX_CHUNKS),
    "Arabic": ("الطقس جميل اليوم وسنذهب إلى الحديقة " * 400, MAX_CHUNKS),
    "Russian": ("Сегодня хорошая погода и мы идём в парк " * 300, MAX_CHUNKS),
    "Thai": ("วันนี้อากาศดีมากเราจะไปสวนสาธารณะ" * 200, None),
    "unpaired surrogate": ("before \udc80 after", 1),
    "nul": ("a\x00b", 1),
}


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_texts_have_finite_unit_vectors_from_a_bounded_number_of_chunks(name, embedder):
    text, expected = AWKWARD[name]
    vectors, chunks = encoded(embedder, [text, "A text beside it."])
    assert vectors.shape == (2, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert chunks - 1 == expected if expected else 1 <= chunks - 1 <= MAX_CHUNKS


def test_no_texts_have_no_vectors(embedder):
    assert embedder.encode([]).shape == (0, 384)


def test_the_device_is_one_that_torch_has(embedder):
    import torch

    assert torch.tensor([1.0], device=embedder.device).sum() == 1
