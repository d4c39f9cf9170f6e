"""Spam: advertisements are recognised, writing about them is not punished, and evidence only ever adds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pake_pipelines.config.quality import SpamRules
from pake_pipelines.text.spam import score_spam
from pake_pipelines_tests.text.strategies import any_text

_PROSE = " ".join(
    f"Paragraph {'abcdefghij'[n % 10]} explains how grid storage number {'xyzuvw'[n % 6]}{n} grew." for n in range(40)
)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("WIN BIG", "Click here to claim your 100% free prize. Limited time offer, act now! Order now and earn $500."),
        ("Sale", "Buy now! Special offer on watches with a money-back guarantee. http://x.example/?utm_source=a"),
        ("A job for you", "Work from home and earn money fast, no obligation. Don\u2019t miss out!!!"),
    ],
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
            _PROSE + " Readers were told to buy now and to act now, or lose a special offer.",
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


def test_phrases_end_at_word_boundaries(spam_rules: SpamRules) -> None:
    assert score_spam("", "The breadwinners of the unlimited offering.", spam_rules).score == 0.0


def test_different_phrases_add_up_and_repetition_of_one_adds_little(spam_rules: SpamRules) -> None:
    one = score_spam("", "Order today.", spam_rules).score
    repeated = score_spam("", "Order today. " * 20, spam_rules).score
    two = score_spam("", "Order today. Buy now.", spam_rules).score
    assert one < repeated <= 1.5 * one + spam_rules.signals.repetition
    assert two == pytest.approx(spam_rules.phrases["order (?:now|today)"] + spam_rules.phrases["buy now"])


@pytest.mark.parametrize(
    ("signal", "text", "links"),
    [
        ("links", "Few words.", tuple(f"https://shop.example/{n}" for n in range(10))),
        ("capitals", "THIS TEXT SHOUTS THROUGHOUT WITHOUT ANY PAUSE AND NOBODY LISTENS ANYMORE " * 2, ()),
        ("exclamations", "Wow! " * 10, ()),
        ("repetition", "The very same sentence again. " * 20, ()),
    ],
)
def test_each_signal_is_named_and_adds_at_most_its_weight(
    signal: str, text: str, links: tuple[str, ...], spam_rules: SpamRules
) -> None:
    spam = score_spam("", text, spam_rules, links=links)
    points = {evidence.signal: evidence.points for evidence in spam.evidence}
    assert 0.0 < points[signal] <= getattr(spam_rules.signals, signal)


def test_tracking_links_count_double(spam_rules: SpamRules) -> None:
    plain = score_spam("", _PROSE, spam_rules, links=["https://a.example/x"])
    tracked = score_spam("", _PROSE, spam_rules, links=["https://a.example/x?utm_source=mail"])
    assert plain.score < tracked.score < 2.01 * plain.score


def test_evidence_shows_where_it_was_found_heaviest_first(spam_rules: SpamRules) -> None:
    spam = score_spam("Sale", "Do buy now, winner.", spam_rules)
    assert [evidence.points for evidence in spam.evidence] == sorted((e.points for e in spam.evidence), reverse=True)
    assert "buy now" in spam.evidence[0].excerpt


@settings(deadline=None)
@given(title=any_text, text=any_text)
def test_any_text_has_a_score_between_0_and_1_made_of_its_evidence(
    title: str, text: str, spam_rules: SpamRules
) -> None:
    spam = score_spam(title, text, spam_rules)
    assert 0.0 <= spam.score <= 1.0
    assert spam.score == pytest.approx(min(1.0, sum(evidence.points for evidence in spam.evidence)))


_EVIDENCE = [
    "click here",
    "Buy now!!!",
    "limited time offer",
    "winner",
    "BUY CHEAP WATCHES",
    "!!",
    "https://x.example/?utm_a=1",
]


@settings(deadline=None)
@given(
    text=st.one_of(
        st.just(_PROSE), st.text("abc ABC .!\n\"'", max_size=200), st.lists(st.sampled_from(_EVIDENCE)).map(" ".join)
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
