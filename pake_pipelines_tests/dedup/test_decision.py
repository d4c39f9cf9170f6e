"""One decision on a pair from all that was measured: what brings two items close, and whether they are the same."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.config.loading import load_quality
from pake_pipelines.dedup.canonical import canonical_url
from pake_pipelines.dedup.decision import decide
from pake_pipelines.dedup.fingerprint import content_hash
from pake_pipelines.dedup.profile import Profile
from pake_pipelines.settings import PACKAGE_HOME

RULES = load_quality(PACKAGE_HOME / "configs").duplicates
STORY = (
    "The harbour of Eastmouth reopened to ferries on Tuesday after engineers had cleared the channel of the sand that "
    "a winter of storms had driven into it. Some 4,200 passengers a day use the crossing, and the island's shops had "
    "run short of fuel twice since January. Captain Maren Holt, who took the first boat across, said that the channel "
    "was deeper now than at any time in her thirty years on the route. The work cost 3.1 million euros and was paid "
    "for by the county, which will survey the harbour again in autumn before it decides on a permanent breakwater."
)
OTHER = (
    "Researchers at a marine station have listened to seals under the ice for two winters and found that they sing in "
    "the hours before dawn. Nobody knows why. The recordings, made with instruments that had been built to hear ships, "
    "hold several thousand songs, and no two of the animals sing alike. A second station will join the work next year."
)


def profile(text, title="Ferries return to the island", url=None, number=1):
    return Profile(UUID(int=number), title, text, canonical_url(url), content_hash(text))


def judged(one, other, cosine=None):
    one.pake_id, other.pake_id = UUID(int=1), UUID(int=2)
    found = decide(one, other, cosine, RULES)
    return found and (found.level, found.reason, found.decision)


def test_the_same_words_are_the_same_text_whatever_surrounds_them():
    assert judged(profile(STORY), profile(STORY.upper(), "Another title")) == ("exact", "same_text", "duplicate")


@pytest.mark.parametrize("text", ["", "Photo", "🎉🎉", "Read more"])
def test_texts_that_say_nothing_are_not_the_same_by_being_equal(text):
    assert judged(profile(text, "One thing"), profile(text, "Something else")) is None
    assert judged(profile(text, "Photo"), profile(text, "Photo")) is None


def test_short_texts_under_one_title_are_the_same():
    assert judged(profile("Closed today."), profile("closed today")) == ("exact", "same_text", "duplicate")


def test_one_address_is_one_page_even_if_only_a_note_is_left_of_it():
    page, note = profile(STORY, url="https://e.example/a"), profile("Ferries!", "Link", url="http://www.e.example/a#x")
    assert judged(page, note) == ("exact", "same_address", "duplicate")


def test_a_page_that_shows_something_else_each_week_is_not_one_item():
    one, other = (
        profile(STORY, "Week 7", "https://e.example/latest"),
        profile(OTHER, "Seals", "https://e.example/latest"),
    )
    assert judged(one, other, 0.2)[1:] == ("same_address", "similar")


def test_a_front_page_is_nobody_s_address():
    one, other = profile(STORY, url="https://e.example/"), profile(OTHER, "Seals", url="https://e.example")
    assert judged(one, other, 0.1) is None


def test_most_words_in_common_make_a_near_copy():
    copy = "Share this article! " + STORY.replace("Some 4,200", "About 4,200").replace("deeper now", "deeper today")
    found = judged(profile(STORY), profile(copy, "Ferries are back"), 0.97)
    assert found == ("near", "shared_words", "duplicate")


def test_a_lead_under_the_same_title_is_contained_in_the_story():
    lead = ". ".join(STORY.split(". ")[:2]) + "."
    assert judged(profile(STORY), profile(lead)) == ("near", "contained", "duplicate")


def test_a_passage_that_nothing_else_speaks_for_is_only_a_passage():
    lead = ". ".join(STORY.split(". ")[:2]) + "."
    assert judged(profile(STORY), profile(lead, "A letter to the editor"), 0.5) is None


def test_a_template_filled_with_other_facts_is_contradicted():
    other = (
        STORY.replace("Eastmouth", "Wexley").replace("Tuesday", "Friday").replace("4,200", "900")
        .replace("Maren Holt", "Jonas Pike").replace("3.1 million", "640,000").replace("January", "March")
    )  # fmt: skip
    found = decide(profile(STORY), profile(other, number=2), 0.96, RULES)
    assert found.decision == "contradicted"
    assert found.evidence["facts"] < RULES.facts_threshold
    assert found.evidence["clashes"]


@pytest.mark.parametrize(
    ("cosine", "expected"),
    [(0.69999, None), (0.7, "similar"), (0.84999, "similar"), (0.85, "duplicate"), (1.0, "duplicate"), (None, None)],
)
def test_the_thresholds_of_meaning_belong_to_the_upper_side(cosine, expected):
    one, other = profile("It rained all night in the hills.", "Rain"), profile("Wet weather up there.", "Weather")
    found = judged(one, other, cosine)
    assert (found and found[2]) == expected


def test_meaning_counts_only_in_letters_that_the_model_reads():
    one = profile("夜里下了大雨,山里的道路一直封闭到晚上。", "大雨")
    other = profile("市里举办了旧地图展览,小学生可以免费参观。", "展览")
    assert judged(one, other, 0.93) is None
    anything = RULES.model_copy(update={"meaning_needs_latin_letters": False})
    assert decide(one, other, 0.93, anything).decision == "duplicate"


def test_the_evidence_says_how_close_the_two_are():
    found = decide(profile(STORY), profile(STORY + " More soon.", number=2), 0.98765, RULES)
    assert set(found.evidence) == {"jaccard", "containment", "title", "cosine", "facts"}
    assert found.evidence["cosine"] == 0.9876 or found.evidence["cosine"] == 0.9877
    assert found.score == found.evidence["jaccard"] > 0.9


texts = st.sampled_from([STORY, STORY[:200], STORY[200:], OTHER, "", "Photo", STORY + OTHER]) | st.text(max_size=60)
urls = st.sampled_from([None, "https://e.example/a", "https://e.example/"])


@given(texts, texts, urls, urls, st.none() | st.floats(-1, 1))
def test_the_decision_is_the_same_from_either_side(one, other, url, other_url, cosine):
    a, b = profile(one, "One", url, 1), profile(other, "Two", other_url, 2)
    found = decide(a, b, cosine, RULES)
    mirrored = decide(b, a, cosine, RULES)
    assert (found and (found.level, found.reason, found.decision, found.score)) == (
        mirrored and (mirrored.level, mirrored.reason, mirrored.decision, mirrored.score)
    )
    if found is not None:
        assert found.a < found.b
        assert 0.0 <= found.score <= 1.0


@given(texts.filter(lambda text: len(text) > 100), st.floats(-1, 1))
def test_an_item_is_a_duplicate_of_itself(text, cosine):
    assert judged(profile(text), profile(text), cosine) == ("exact", "same_text", "duplicate")
