"""Spam: advertisements are recognised, writing about them is not punished, and evidence only ever adds."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pake_pipelines.config.quality import SpamRules
from pake_pipelines.text.spam import score_spam
from pake_pipelines_tests.text.strategies import any_text

_PROSE = (
    "The tower of the mill was raised in the spring of a dry year, when carts could still cross the ford. Its builder"
    " kept a diary, from which we know how much lime was burnt, who fell from the scaffold and what was drunk when the"
    " sails turned for the first time. A century later nobody ground flour there, and jackdaws had taken the cap. The"
    " beams were measured by a student who wanted to understand why they had never warped; she found that each had been"
    " sunk in the river for a winter before it was cut. Her drawings hang in the parish hall beside a photograph of the"
    " last miller, a stern man with white sleeves, and of his horse, whose name was written on the back. Around them"
    " stand the stones, which children climb although a notice forbids it, and on the north side grows a moss that was"
    " described from here. Storms have torn off two sails since. The third was taken down before it could fall, and is"
    " kept in a barn where swallows nest above it. Whether it will ever turn again depends on a bridge, on oak of the"
    " right age and on people who remember how the brake was set. "
)


def _with(rules: SpamRules, **changes: Any) -> SpamRules:
    """The rules with some of their parts exchanged, and no signals: what is left is what the test is about."""
    silent = dict.fromkeys(type(rules.signals).model_fields, 0.0)
    return SpamRules.model_validate({**rules.model_dump(), "against": {}, "signals": silent, **changes})


def _points(rules: SpamRules, text: str, title: str = "") -> dict[str, float]:
    points: Counter[str] = Counter()
    for evidence in score_spam(title, text, rules).evidence:
        points[evidence.signal] += evidence.points
    return dict(points)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("WIN BIG", "Click here to claim your 100% free prize. Limited time offer, act now! Order now and earn $500."),
        ("Sale", "Buy now! Special offer on watches with a money-back guarantee. http://x.example/?utm_source=a"),
        ("A job for you", "Work from home and earn money fast, no obligation. Don\u2019t miss out!!!"),
        ("Account notice", "Dear customer, your account was suspended. Verify your password within 24 hours."),
        ("Better ranks", "We sell dofollow backlinks. Reply for our price list, from $20 a post. 100% safe."),
        ("Fr\u20ac\u20ac m0ney", "G3t y0ur fr\u20ac\u20ac g1ft n0w, cl1ck here. N0 cr3dit ch3ck."),
    ],
    ids=["prize", "sale", "job", "account", "links", "disguised"],
)
def test_advertisements_are_spam(title: str, text: str, spam_rules: SpamRules) -> None:
    assert score_spam(title, text, spam_rules).score > spam_rules.max_score


@pytest.mark.parametrize(
    ("title", "text"),
    [
        (
            "How spam filters work",
            'Early filters looked for "buy now", "click here", "100% free" and \u201cact now\u201d in a mail.',
        ),
        (
            "Gmail's filter",
            "It blocks mail with phrases such as click here, buy now and limited time offer, say researchers.",
        ),
        (
            "The history of advertisement",
            _PROSE + "Readers were told to buy now and to act now, or lose a special offer.",
        ),
        (
            "Antispam promotion",
            "The promotional campaign for antispam advertisement blockers was a promotion of spam awareness.",
        ),
        ("NASA and ESA agree", "NASA, ESA and JAXA signed the treaty in Geneva. It ends a dispute of ten years!"),
        ("", ""),
    ],
    ids=["quoted", "listed", "long", "words", "acronyms", "empty"],
)
def test_writing_about_spam_is_not_spam(title: str, text: str, spam_rules: SpamRules) -> None:
    assert score_spam(title, text, spam_rules).score < spam_rules.max_score * spam_rules.suspicious_share


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("limited (time) offer", "A limited offer."),
        ("limited (time) offer", "A LIMITED  time\noffers"),
        ("buy|order now|today", "Order today!"),
        ("money-back", "money back, money-back"),
        ("in|within # hours", "Within 48 hours"),
        ("only $ #", "for only \u20ac 5,000.50"),
        ("don't miss", "Don\u2019t miss"),
        ("claim (your) free|cash-prize gift", "claim cash prize gift"),
    ],
)
def test_a_phrase_is_found_in_every_form_its_line_allows(phrase: str, said: str, spam_rules: SpamRules) -> None:
    assert _points(_with(spam_rules, phrases={"theme": {phrase: 0.2}}), said)["theme"] >= 0.2


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("winner", "The breadwinners won."),
        ("limited offer", "an unlimited offer, a limited offering"),
        ("limited offer", "It is limited. Offer more."),
        ("buy (it) now", "buy them now"),
        ("only $ #", "only 5"),
        ("buy now", "now buy"),
    ],
)
def test_a_phrase_is_its_words_in_their_order_within_a_sentence(phrase: str, said: str, spam_rules: SpamRules) -> None:
    rules = _with(spam_rules, phrases={"theme": {phrase: 0.2}})
    found = _points(rules, said)
    assert found == {}, found


@pytest.mark.parametrize("phrase", ["", "(buy)", "buy  now", "a||b", "(a b)", "a-", "\\d+", "(?:buy|order) now", "a.*"])
def test_what_is_no_phrase_is_refused(phrase: str, spam_rules: SpamRules) -> None:
    with pytest.raises(ValidationError, match="not a phrase"):
        _with(spam_rules, phrases={"theme": {phrase: 0.2}})


def test_of_a_theme_each_further_phrase_counts_half_and_other_themes_count_in_full(spam_rules: SpamRules) -> None:
    rules = _with(spam_rules, phrases={"one": {"alpha": 0.2, "beta": 0.1}, "other": {"gamma": 0.1}})
    assert _points(rules, "alpha") == pytest.approx({"one": 0.2})
    assert _points(rules, "alpha beta") == pytest.approx({"one": 0.25})
    assert _points(rules, "alpha gamma") == pytest.approx({"one": 0.2, "other": 0.1})


def test_a_repeated_phrase_adds_at_most_half_of_its_points(spam_rules: SpamRules) -> None:
    rules = _with(spam_rules, phrases={"theme": {"order today": 0.2}})
    once, often = _points(rules, "Order today.")["theme"], _points(rules, "Order today. " * 20)["theme"]
    assert once < often <= 1.5 * once


def test_a_phrase_that_is_quoted_counts_a_fifth(spam_rules: SpamRules) -> None:
    rules = _with(spam_rules, phrases={"theme": {"order today": 0.2}})
    assert _points(rules, 'They wrote "order today" on it.')["theme"] == pytest.approx(0.04)
    assert _points(rules, 'They wrote "order today" on it. Order today.')["theme"] == pytest.approx(0.2)


def test_what_speaks_against_takes_away_a_bounded_part_and_never_more_than_there_is(spam_rules: SpamRules) -> None:
    phrases, against = {"theme": {"order today": 0.2}}, {"law": {"the court": 0.15, "the judge": 0.15}}
    rules = _with(spam_rules, phrases=phrases, against=against, most_against=0.1)
    assert _points(rules, "Order today. The court.") == pytest.approx({"theme": 0.2, "against: law": -0.1})
    unbounded = _with(spam_rules, phrases=phrases, against=against, most_against=1.0)
    assert score_spam("", "Order today. The court, the judge.", unbounded).score == 0.0


@pytest.mark.parametrize(
    ("signal", "title", "text", "links"),
    [
        ("address", "", "You know your needs and we know you. " * 2, ()),
        ("selling", "", "price order delivery customers payment stock quality brand discount product " * 3, ()),
        ("calls", "", "Join us. Click it. Order one. See more. Try it.", ()),
        ("prices", "", "It costs $5 or 7 dollars, that is \u00a34.", ()),
        ("deadlines", "", "In 24 hours or two weeks.", ()),
        ("title", "What you need", "Few words.", ()),
        ("links", "", "Few words.", tuple(f"https://shop.example/{n}" for n in range(10))),
        ("affiliates", "", "Few words.", ("https://shop.example/item?affid=7",)),
        ("capitals", "", "THIS TEXT SHOUTS THROUGHOUT WITHOUT ANY PAUSE AND NOBODY LISTENS ANYMORE " * 2, ()),
        ("exclamations", "", "Wow! " * 10, ()),
        ("symbols", "", "\U0001f525 hot \u2705 new \u27a1 here", ()),
        ("repetition", "", "The very same sentence again. " * 20, ()),
        ("stuffing", "", "cheap plumber, best plumber, cheap plumber, night plumber, cheap plumber", ()),
        ("disguise", "", "fr\u20ac\u20ac m0ney", ()),
    ],
)
def test_each_signal_is_named_and_adds_at_most_its_weight(
    signal: str, title: str, text: str, links: tuple[str, ...], spam_rules: SpamRules
) -> None:
    spam = score_spam(title, text, spam_rules, links=links)
    points = {evidence.signal: evidence.points for evidence in spam.evidence}
    assert 0.0 < points[signal] <= getattr(spam_rules.signals, signal)


def test_tracking_links_count_double(spam_rules: SpamRules) -> None:
    rules = _with(spam_rules, signals={**dict.fromkeys(type(spam_rules.signals).model_fields, 0.0), "links": 0.2})
    plain = score_spam("", _PROSE, rules, links=["https://a.example/x"])
    tracked = score_spam("", _PROSE, rules, links=["https://a.example/x?utm_source=mail"])
    assert tracked.score == pytest.approx(2 * plain.score)


@pytest.mark.parametrize(
    "text",
    ["fr\u20ac\u20ac", "fr3e", "F R E E", "f.r.e.e", "fr\u0435\u0435", "\uff46\uff52\uff45\uff45", "fr\u200dee"],
    ids=["signs", "figures", "blanks", "dots", "letters", "wide", "joiner"],
)
def test_a_disguised_word_is_read(text: str, spam_rules: SpamRules) -> None:
    assert _points(_with(spam_rules, phrases={"theme": {"free": 0.2}}), text) == pytest.approx({"theme": 0.2})


@pytest.mark.parametrize("text", ["B2B, MP3 and H264", "a b c d", 'the spelling "fr\u20ac\u20ac"', "U.S.A. 3rd"])
def test_what_is_no_disguise_or_is_shown_as_one_adds_nothing(text: str, spam_rules: SpamRules) -> None:
    assert "disguise" not in _points(spam_rules, text)


def test_evidence_shows_where_it_was_found_heaviest_first(spam_rules: SpamRules) -> None:
    rules = _with(spam_rules, phrases={"offers": {"buy now": 0.2}, "prizes": {"winner": 0.1}})
    spam = score_spam("Sale", "The winner said: do buy now.", rules)
    assert [(evidence.signal, evidence.excerpt) for evidence in spam.evidence] == [
        ("offers", "buy now"),
        ("prizes", "winner"),
    ]


def test_no_single_signal_or_phrase_of_the_packaged_rules_makes_spam(spam_rules: SpamRules) -> None:
    signals = spam_rules.signals.model_dump(exclude={"telling"})
    phrases = {text: points for theme in spam_rules.phrases.values() for text, points in theme.items()}
    assert max(*signals.values(), *phrases.values()) < spam_rules.max_score


@pytest.mark.parametrize(
    "piece",
    ["a", "a ", "buy ", "F R E ", '"', "'a", "$1 ", "fr\u20ac", "a.", "<", "https://", "\u0430b", "free gift now "],
)
def test_a_line_of_a_megabyte_is_scored(piece: str, spam_rules: SpamRules) -> None:
    spam = score_spam("", piece * (1_000_000 // len(piece)), spam_rules)
    assert 0.0 <= spam.score <= 1.0


@settings(deadline=None)
@given(title=any_text, text=any_text)
def test_any_text_has_a_score_between_0_and_1_made_of_its_evidence(
    title: str, text: str, spam_rules: SpamRules
) -> None:
    spam = score_spam(title, text, spam_rules)
    assert 0.0 <= spam.score <= 1.0
    assert spam.score == pytest.approx(min(1.0, sum(evidence.points for evidence in spam.evidence)))
    assert score_spam(title, text, spam_rules) == spam


_EVIDENCE = [
    "click here",
    "Buy now!!!",
    "limited time offer",
    "winner",
    "BUY CHEAP WATCHES",
    "!!",
    "https://x.example/?utm_a=1",
    "Save 50% off with code X5.",
    "only $9.99",
    "\U0001f525\U0001f525",
]


@settings(deadline=None)
@given(
    text=st.one_of(
        st.just(_PROSE),
        st.text("abc ABC .!\n\"'", max_size=200),
        st.lists(st.sampled_from([*_EVIDENCE, "He said it in court."])).map(" ".join),
    ),
    evidence=st.lists(st.sampled_from(_EVIDENCE), min_size=1, max_size=8),
)
def test_adding_evidence_never_lowers_the_score(text: str, evidence: list[str], spam_rules: SpamRules) -> None:
    before = score_spam("", text, spam_rules).score
    for more in evidence:
        text += "\n" + more
        after = score_spam("", text, spam_rules).score
        assert after >= before - 1e-12
        before = after
