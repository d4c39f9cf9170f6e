"""Two items that are close in words are duplicates only if they state the same numbers, dates and names."""

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pake_pipelines.dedup.agreement import agreement
from pake_pipelines.dedup.facts import Facts, facts_of, names

THRESHOLD = 0.6
TITLE = "Quake near the capital of the province"
SENTENCES = (
    "A magnitude 5.2 earthquake struck 30 km north of Tokyo on 3 May 2024, killing at least 12 people.",
    "Mayor John Hopper said 1,200 houses were destroyed in the old quarter.",
    "The damage was put at 5.2 million dollars by the insurer Atlas Assurance.",
    "Trains to Osaka stood still for seven hours, and Hopper asked visitors to stay away.",
    "Rescuers with 40 dogs searched the ruins until Tuesday morning.",
    "The last quake of this strength in the region was in 1987.",
)
TEXT = " ".join(SENTENCES)


def agree(one, other, titles=(TITLE, TITLE)):
    return agreement(facts_of(titles[0], one), facts_of(titles[1], other)).value


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("1,200 houses were destroyed", "1200 houses were destroyed"),
        ("1\u202f200 houses were destroyed", "1200 houses were destroyed"),
        ("it cost 5.2 million dollars", "it cost 5,200,000 dollars"),
        ("it cost $5.2m in all", "it cost $5.2 million in all"),
        ("it cost 5.2 million dollars", "it cost 5.2 milion dollars"),
        ("about 5.20 percent of them", "about 5.2 percent of them"),
        ("it has seven floors", "it has 7 floors"),
        ("\uff11\uff12 people died", "12 people died"),
        ("\u0661\u0662 people died", "12 people died"),
        ("version v1.2.3 is out", "version 1.2.3 is out"),
        ("it began on 3 May 2024", "it began on May 3, 2024"),
        ("it began on 3 May 2024", "it began on 2024-05-03"),
        ("it began on 3rd of May 2024", "it began on 3/5/2024"),
        ("it began on 3 May 2024", "it began on 3 May"),
        ("it began on 3 May 2024", "it began in 2024"),
        ("\u4ed6\u5728 2024\u5e745\u67083\u65e5 \u6b7b\u4ea1", "\u4ed6\u5728 2024-05-03 \u6b7b\u4ea1"),
        ("the award went to Mr Smith again", "the award went to John Smith again"),
        ("the award went to John Hopper again", "the award went to John Hoper again"),
        ("the award went to Peru again", "the award went to Preu again"),
        ("the talks at the WTO failed", "the talks at the World Trade Organization failed"),
    ],
)
def test_one_fact_written_in_two_ways_is_one_fact(ours, theirs):
    assert agree(f"They say {ours}.", f"They say {theirs}.", ("", "")) == 1.0


@pytest.mark.parametrize(
    ("ours", "theirs", "kind"),
    [
        ("12 people died", "13 people died", "number"),
        ("three people died", "five people died", "number"),
        ("profits rose in the first quarter", "profits rose in the second quarter", "number"),
        ("a low of -5 degrees tonight", "a low of 5 degrees tonight", "number"),
        ("release 1.2.3 is out", "release 1.2.4 is out", "number"),
        ("advisory CVE-2024-1111 was issued", "advisory CVE-2024-1112 was issued", "number"),
        ("results for Q3 are out", "results for Q4 are out", "number"),
        ("the home side won 3-1 at last", "the home side won 1-3 at last", "number"),
        ("it began on 3 May 2024", "it began on 4 May 2024", "date"),
        ("it began on 3 May 2024", "it began on 3 May 2023", "date"),
        (
            "\u4ed6\u5728 2024\u5e745\u67083\u65e5 \u6b7b\u4ea1",
            "\u4ed6\u5728 2024\u5e745\u67084\u65e5 \u6b7b\u4ea1",
            "date",
        ),
        ("the award went to Mary Smith again", "the award went to John Smith again", "name"),
        ("troops left Iran last night", "troops left Iraq last night", "name"),
        ("the road through Austria is closed", "the road through Australia is closed", "name"),
    ],
)
def test_another_value_between_the_same_words_is_another_fact(ours, theirs, kind):
    found = agreement(facts_of("", f"They say {ours}."), facts_of("", f"They say {theirs}."))
    assert found.value < THRESHOLD
    assert found.clashes[0].startswith(f"{kind}: ")


def misspelt(text, seed):
    rng = random.Random(seed)
    return " ".join(without_a_letter(word, rng) if rng.random() < 0.15 else word for word in text.split(" "))


def without_a_letter(word, rng):
    if len(word) < 4 or not word.isalpha():
        return word
    at = rng.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1 :]


@pytest.mark.parametrize(
    "copy",
    [
        pytest.param(" ".join(SENTENCES[:3]), id="cut_in_half"),
        pytest.param(SENTENCES[0], id="lead"),
        pytest.param(TEXT[:230] + "...", id="cut_within_a_sentence"),
        pytest.param(" ".join(reversed(SENTENCES)), id="reordered"),
        pytest.param(f"TOKYO (AP) - {TEXT}", id="dateline"),
        pytest.param(f"Updated 7 June 2024\n{TEXT}", id="updated"),
        pytest.param(f"{TEXT}\n\u00a9 2019 Orion Media. All rights reserved.\nCall 555-0199.", id="footer"),
        pytest.param(f"Daily Courier, 9 June 2023, edition 17\n\n{TEXT}", id="header"),
        pytest.param(TEXT.upper(), id="in_capitals"),
        pytest.param(TEXT.lower(), id="in_small_letters"),
        pytest.param(TEXT.replace(". ", ";\n").replace("struck", "hit"), id="punctuated_otherwise"),
        pytest.param(misspelt(TEXT, 1), id="misspelt"),
        pytest.param(misspelt(TEXT, 2), id="misspelt_otherwise"),
        pytest.param(
            "An earthquake of magnitude 5.2 has hit Japan north of Tokyo, and 12 died. Some 1,200 homes are gone, says "
            "John Hopper, the mayor. Insurers speak of 5.2 million dollars.",
            id="paraphrase",
        ),
    ],
)
def test_a_copy_agrees(copy):
    assert agree(TEXT, copy) >= THRESHOLD


def test_two_outlets_with_headers_of_their_own_agree():
    assert (
        agree(f"LONDON (Reuters) - {TEXT}\n\u00a9 2024 Reuters", f"TOKYO, May 3 (AP) -- {TEXT}\nCopyright 2023") == 1.0
    )


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("Release 1.2.3", "Release 1.2.4"), ("Episode 12", "Episode 13"), ("12 dead in mine", "15 dead in mine"),
     ("Prices of 3 May 2024", "Prices of 4 May 2024"), ("\u7b2c12\u56de", "\u7b2c13\u56de")],
)  # fmt: skip
def test_titles_with_other_numbers_are_other_items_however_alike_the_texts(ours, theirs):
    text = "The notes are the same every time, with 40 pages of thanks to Orion Media and 12 sponsors."
    assert agree(text, text, (ours, theirs)) < THRESHOLD


def test_a_number_that_only_one_title_has_says_nothing():
    assert agree(TEXT, TEXT, ("At least 12 dead in quake", TITLE)) == 1.0
    assert agree(TEXT, TEXT, ("At least 99 dead in quake", TITLE)) == 1.0


def test_an_update_with_another_death_toll_is_another_item():
    assert agree(TEXT, TEXT.replace("12 people", "19 people")) < THRESHOLD


BOILERPLATE = (
    "Orion Media was founded in 1987 and serves 3,000 customers from its offices in Oslo and Lima. "
    "The service is free of charge for schools with fewer than 500 pupils. "
    "Director Anna Keller answers questions every Monday between 10:00 and 12:00. "
) * 5


def test_few_other_facts_within_long_boilerplate_are_another_item():
    lot = "Lot {} goes to {} for {} dollars. {}"
    one, other = lot.format(17, "Carl Brandt", 350, BOILERPLATE), lot.format(18, "Rita Moreau", 900, BOILERPLATE)
    assert agree(one, other) < THRESHOLD
    assert agree(one, one.replace("goes", "went")) == 1.0


def test_a_long_report_with_a_few_other_figures_is_another_item():
    lines = [f"District {name} counted {10 + at} cases." for at, name in enumerate("abcdefghijklmnopqrst")]
    changed = [line.replace("10 ", "71 ").replace("15 ", "72 ").replace("19 ", "73 ") for line in lines]
    assert agree("\n".join(lines), "\n".join(changed)) < THRESHOLD


def test_texts_on_one_topic_with_other_facts_are_other_items():
    one = "The union called a strike at Atlas Steel after 300 jobs went. Talks with Ida Novak end on 4 June 2024."
    other = (
        "Workers of Nova Motors went back after winning 7 percent, says Tom Rossi. They had struck since 9 March 2023."
    )
    assert agree(one, other) < THRESHOLD


@pytest.mark.parametrize("text", ["MAGNITUDE {} QUAKE HITS CITY.", "magnitude {} quake hits city."])
def test_numbers_count_without_any_case(text):
    assert agree(text.format(5.2), text.format(4.8)) < THRESHOLD


def test_capitals_prove_no_names_where_every_word_has_them():
    assert facts_of("", "PARIS AND LONDON MEET IN TOKYO.").names == frozenset()
    assert facts_of("Rising Market Fears Hit Big Banks", "").names == frozenset()


def test_a_word_that_begins_a_sentence_is_a_name_if_it_stands_inside_another():
    assert facts_of("", "Growth slowed, says Novak. Novak left early.").names == {"novak"}


def test_the_names_that_connect_documents():
    text = (
        "Trade with Orion Media grew, the EU said. Why did Orion Media sink? In Lima, Novak met The Times. "
        "Then Novak left on Monday."
    )
    assert names("Big News From Everywhere Today", text) == ("orion media", "novak", "eu")


def test_a_document_connects_by_its_thirty_most_frequent_names():
    letters = "abcdefghijklmnopqrstuvwxyz"
    text = " ".join(f"They met Anna {a.upper()}{b}en again." for a in letters for b in letters)
    found = names("", f"{text} They saw Ivan Petrov and heard Ivan Petrov.")
    assert len(found) == 30


PATHOLOGICAL = [
    pytest.param("", id="empty"),
    pytest.param("word", id="one_word"),
    pytest.param("\U0001f600\U0001f389" * 50, id="emoji"),
    pytest.param("A magnitude 5.2 quake hit Lima. " * 160_000, id="five_megabytes"),
    pytest.param("7" * 30_000, id="one_number"),
    pytest.param("1," * 15_000, id="commas"),
    pytest.param("." * 20_000 + "x", id="dots"),
    pytest.param("a" * 10_000 + " " * 9_000 + "x", id="one_long_word_and_spaces"),
    pytest.param("A" * 20_000, id="one_word_in_capitals"),
    pytest.param("\ufdfa" * 20_000, id="letters_that_grow_when_normalised"),
    pytest.param("\u5730\u9707\u9020\u621012\u4eba\u6b7b\u4ea1\u3002" * 500, id="chinese"),
    pytest.param("\u0642\u062a\u0644 \u0661\u0662 \u0634\u062e\u0635\u0627. " * 500, id="arabic"),
    pytest.param(
        "\u092d\u0942\u0915\u0902\u092a \u092e\u0947\u0902 \u0967\u0968 \u092e\u0930\u0947\u0964 " * 500, id="hindi"
    ),
]


@pytest.mark.parametrize("text", PATHOLOGICAL)
def test_any_text_agrees_with_itself_and_with_an_empty_one(text):
    assert agree(text, text, (text, text)) == 1.0
    assert agree(text, "", ("", "")) == 1.0


def test_only_the_beginning_of_a_very_long_text_is_read():
    text = "They met again. " * 2_000
    assert facts_of("", f"{text} It cost 77 dollars.") == facts_of("", text)


alphabet = st.characters(exclude_categories=["Cs"]) | st.sampled_from("0123456789.,-/: \n$AMmay年月日")
texts = st.text(alphabet, max_size=200)
sentences = st.lists(
    st.builds(
        "{} {} {} {} {} {}.".format,
        st.sampled_from(["In", "Near", "Around"]), st.sampled_from(["Lima", "Oslo", "Cairo"]),
        st.sampled_from(["about", "over", "nearly"]), st.integers(0, 9999), st.sampled_from(["houses", "trees"]),
        st.sampled_from(["burnt on 3 May 2024", "were sold to Ida Novak", "fell", "cost $4m"]),
    ),
    min_size=1, max_size=12, unique=True,
)  # fmt: skip


@given(texts, texts, texts, texts)
@example("\u0130", "apr\u0130l 3", "3 M\u0130LLION", "9.9.9999 2024-13-99 \u24bc")
def test_agreement_is_symmetric_and_between_nothing_and_all(title, text, other_title, other):
    one, two = facts_of(title, text), facts_of(other_title, other)
    assert 0.0 <= agreement(one, two).value <= 1.0
    assert agreement(one, two).value == agreement(two, one).value
    assert agreement(one, one).value == 1.0
    assert agreement(one, Facts()).value == 1.0


@given(sentences, st.randoms(use_true_random=False))
def test_the_order_of_sentences_does_not_matter(lines, rng):
    shuffled = rng.sample(lines, len(lines))
    assert agree(" ".join(lines), " ".join(shuffled)) == 1.0


@given(sentences, st.integers(1, 12))
def test_leaving_out_sentences_never_clashes(lines, kept):
    assert agree(" ".join(lines), " ".join(lines[:kept])) == 1.0


@given(sentences, sentences)
def test_clashes_are_shown_only_when_there_are_any(lines, others):
    found = agreement(facts_of("", " ".join(lines)), facts_of("", " ".join(others)))
    assert bool(found.clashes) == (found.value < 1.0)
