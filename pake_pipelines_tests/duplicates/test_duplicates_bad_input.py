"""Duplicates among bad input: nothing crashes, nothing grows with the square of the items, no group swallows them all.

How much is compared is counted, not timed: the work is in the pairs.
"""

import zlib
from dataclasses import replace

import numpy as np
import pytest

from pake_pipelines.pipeline import duplicates
from pake_pipelines_tests.chain import value
from pake_pipelines_tests.duplicates.corpus import Item, edited, headline, story
from pake_pipelines_tests.duplicates.scripts import SCRIPTS
from pake_pipelines_tests.embedder import WordEmbedder

# the most that one document is compared with: 20 alike in each of three ways, 5 in meaning, 10 with the same signature,
# one for each thing it may share
_PAIRS_OF_ONE = 3 * 20 + 5 + 10 + 2
_STAGES = ("documents", "embeddings", "duplicates")


class BlindEmbedder(WordEmbedder):
    """Sees no likeness at all between two different texts: what is found is found by words."""

    model = "blind"

    def encode(self, texts):
        """Return a vector of its own for every text."""
        self.encoded += len(texts)
        vectors = np.stack([np.random.default_rng(zlib.crc32(text.encode())).normal(size=384) for text in texts])
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def compared(monkeypatch):
    """The list of the pairs that were decided on."""
    decide, pairs = duplicates.decide, []

    def counting(one, other, cosine, rules):
        pairs.append(frozenset((one.pake_id, other.pake_id)))
        return decide(one, other, cosine, rules)

    monkeypatch.setattr(duplicates, "decide", counting)
    return pairs


@pytest.fixture
def blind(library):
    library.kit = replace(library.kit, embedder=BlindEmbedder())
    return library


async def compare(library, *items):
    await library.put(*items)
    return (await library.walk(*_STAGES))["duplicates"]


def sizes(groups):
    return sorted(map(len, groups.values()))


@pytest.mark.parametrize(
    "text",
    ["", " \n ", "Photo", "Read more", "\U0001f600\U0001f680\u2764\ufe0f", "\u2014 \u2026 \u2014", "5", "\u0301\u200b"],
    ids=["empty", "blank", "one-word", "two-words", "emoji", "dashes", "digit", "marks"],
)
async def test_texts_that_say_nothing_make_no_duplicates_of_what_has_other_titles(library, compared, text):
    items = [Item(f"item{number}", text, title=headline(number)) for number in range(60)]
    result = await compare(library, *items, Item("real", story(1), title=headline(99)))
    assert result.looked_at == 61
    assert await library.groups() == {}
    assert len(compared) <= 61 * _PAIRS_OF_ONE


async def test_items_without_title_and_text_are_no_duplicates_of_each_other(library, compared):
    await compare(library, *(Item(f"item{number}", "") for number in range(60)))
    assert await library.groups() == {}
    assert len(compared) <= 60 * _PAIRS_OF_ONE


async def test_equal_emoji_under_equal_titles_are_duplicates(library):
    alike = [Item(f"item{number}", "\U0001f600\U0001f680", title=headline(1)) for number in range(2)]
    await compare(library, *alike, Item("other", "\U0001f31e", title=headline(2)))
    assert sizes(await library.groups()) == [2]


async def test_duplicates_of_five_megabytes_are_found(blind):
    long = " ".join(story(number, 1000) for number in range(800))
    assert len(long.encode()) > 5_000_000
    await compare(blind, Item("long", long), Item("near", f"{long} {story(700)}"), Item("short", story(1)))
    assert sizes(await blind.groups()) == [2]


async def test_a_word_without_end_is_compared_like_any_text(blind):
    await compare(blind, Item("one", "a" * 300_000), Item("other", "a" * 299_999 + "b"), Item("short", "a"))
    assert "short" not in set().union(*(await blind.groups()).values(), set())


@pytest.mark.parametrize("kind", ["bulletin", "price", "weather"])
async def test_one_template_around_different_facts_makes_no_duplicates(library, compared, kind):
    boilerplate = story("boilerplate", 60)
    facts = {
        "bulletin": lambda n: (
            f"A magnitude {2 + n / 40:.2f} earthquake struck {7 * n + 3} km off the coast at {n % 24:02d}:{n % 60:02d}."
        ),
        "price": lambda n: f"The share closed at ${100 + 3 * n}.{n % 90 + 10} after {17 * n + 1000} trades.",
        "weather": lambda n: f"Rainfall reached {n + 11} mm and the gauge stood at {1000 + 13 * n} cm.",
    }[kind]
    items = [Item(f"item{n}", f"{facts(n)} {boilerplate}", title="Bulletin of the service") for n in range(200)]
    await compare(library, *items)
    assert await library.groups() == {}
    decisions = {decision for _, _, decision in (await library.pairs()).values()}
    assert decisions == {"contradicted"}
    assert len(compared) <= 200 * _PAIRS_OF_ONE


async def test_a_thousand_exact_duplicates_are_one_group_of_few_pairs(library, compared):
    await compare(library, *(Item(f"copy{number}", story(1), title=headline(1)) for number in range(1000)))
    assert sizes(await library.groups()) == [1000]
    assert len(await library.pairs()) <= 12 * 1000
    assert len(compared) <= 25 * 1000
    assert await value(library.database, "SELECT count(*) FROM signatures") == 2
    assert await value(library.database, "SELECT count(*) FROM embeddings") == 1


async def test_a_thousand_texts_under_one_title_are_no_duplicates(library, compared):
    items = [
        Item(f"item{number}", story(number), title="Letter from the editor of this paper") for number in range(1000)
    ]
    await compare(library, *items)
    assert await library.groups() == {}
    assert len(await library.pairs()) <= 1000
    assert len(compared) <= 1000 * _PAIRS_OF_ONE


async def test_a_thousand_texts_at_one_address_are_no_duplicates(library, compared):
    items = [Item(f"item{number}", story(number), url="https://one.example/page") for number in range(1000)]
    await compare(library, *items)
    assert await library.groups() == {}
    assert len(compared) <= 1000 * _PAIRS_OF_ONE


async def test_five_hundred_near_duplicates_are_one_group_of_few_pairs(library, compared):
    words, new = story(1, 120).split(), story(2, 500).replace(".", "").split()
    texts = [" ".join([*words[: n % 120], new[n], *words[n % 120 + 1 :]]) for n in range(500)]
    await compare(library, *(Item(f"near{number}", text) for number, text in enumerate(texts)))
    assert sizes(await library.groups()) == [500]
    assert len(await library.pairs()) <= len(set(compared)) <= 500 * _PAIRS_OF_ONE


@pytest.mark.parametrize("script", SCRIPTS)
async def test_near_duplicates_are_found_in_every_script(blind, script):
    text, other, (word, another) = SCRIPTS[script]
    changed = text.replace(word, another)
    assert changed != text
    await compare(blind, Item("text", text), Item("near", changed), Item("other", other))
    assert list((await blind.groups()).values()) == [{"text", "near"}]
    assert (await blind.pairs())[frozenset({"text", "near"})][:2] == ("near", "shared_words")


@pytest.mark.parametrize(("shorter", "longer"), [(27, 31), (29, 30), (29, 31), (35, 49), (40, 51), (45, 50), (49, 51)])
async def test_near_duplicates_are_found_across_the_border_between_kinds_of_shingles(blind, shorter, longer):
    words = story(1, longer).replace(".", "").split()
    await compare(
        blind,
        Item("longer", " ".join(words)),
        Item("shorter", " ".join(words[:shorter])),
        *(Item(f"other{number}", story(number, shorter)) for number in range(2, 12)),
    )
    assert (await blind.pairs()) == {frozenset({"longer", "shorter"}): ("near", "shared_words", "duplicate")}


@pytest.mark.parametrize("words", [12, 29, 31, 49, 51, 400])
async def test_a_near_duplicate_is_found_at_any_length(blind, words):
    text = story(1, words)
    await compare(
        blind,
        Item("text", text),
        Item("near", edited(text, max(1, words // 50))),
        *(Item(f"other{number}", story(number, words)) for number in range(2, 12)),
    )
    assert list((await blind.groups()).values()) == [{"text", "near"}]
