"""The ways in which one item becomes another that is still the same: typos, cuts, frames, other order, other outlet.

Each edit takes a text and a strength in (0, 1] and returns the text of the copy.
"""

import random
import re
from collections.abc import Callable
from typing import Final

from benchmarks.near_copies.prose import SENTENCE_END, in_paragraphs
from benchmarks.near_copies.slots import Slots
from benchmarks.near_copies.vocabulary import SYNONYMS

Edit = Callable[[str, float, random.Random], str]

_HEADERS: Final = (
    "Skip to main content. Menu. Home News Sport Business Opinion Culture Lifestyle.",
    "Subscribe to our newsletter and never miss a story. You can unsubscribe at any time.",
    (
        "We use cookies to personalise content and ads, to provide social media features and to analyse our traffic. "
        "By clicking accept you consent to the use of all cookies."
    ),
    "This article is free to read. Support independent journalism with a small donation.",
    "Advertisement. Scroll to continue reading.",
    "You are reading one of your three free articles this month. Log in or register to read more.",
)
_FOOTERS: Final = (
    "All rights reserved. No part of this publication may be reproduced without permission of the publisher.",
    "Read also: Ten things to know this morning. The best photographs of the week. Our guide to the elections.",
    "Sign up for our morning briefing. Follow us on Facebook, Twitter and Instagram. Download our app.",
    "Comments are closed on this article. Please read our community guidelines before you write to us.",
    "Did you find a mistake? Select the text and press control and enter to tell the editors about it.",
    "The views expressed in this piece are those of the author and do not reflect the position of the editors.",
    "Privacy policy. Terms of use. Contact. Imprint. Jobs. Advertise with us. Manage your cookie settings.",
    "Recommended for you. Most read. Trending now. Sponsored content. More from this section. Back to top.",
)
_TOPS: Final = (
    "{place} ({outlet}) - ",
    "By {person}, staff writer\n\n",
    "{outlet}\n\nPublished {date} {time}\n\n",
    "Share this: Twitter Facebook WhatsApp Email\n\n",
    "{minutes} min read. Updated {date}.\n\n",
    "LISTEN TO THIS ARTICLE. Audio is generated automatically.\n\n",
    "From our correspondent in {place}\n\n",
    "Photo: {person} / {outlet}\n\n",
)
_BYLINES: Final = ("By {person} for {outlet}", "{outlet} - {person} reports", "Text: {person}", "{person}, {outlet}")
_CREDITS: Final = (
    "This story was first published by {outlet} and is republished with permission.",
    "(Reporting by {person}; editing by {person2})",
    "Source: {outlet}",
    "With material from {outlet}.",
)
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_SPELLINGS: Final = (
    (r"(\d+) percent", r"\1%"),
    (r"(\d),(\d{3})\b", r"\1\2"),
    (r"\$(\d[\d,]*(?:\.\d+)?)(?!\d|[.,]\d| ?[mb]illion)", r"\1 dollars"),
    (r"[\u201c\u201d]", '"'),
    (r"[\u2018\u2019]", "'"),
    (r" [-\u2013] ", " \u2014 "),
    (r'"', "'"),
    (r"; ", ", "),
)


def typos(text: str, strength: float, chance: random.Random) -> str:
    """Misspell letters at a rate of up to 3 in a hundred; digits stay, since another figure is another fact."""
    letters = list(text)
    script = [letter for letter in text if letter.isalpha()]
    for at, letter in enumerate(text):
        if not letter.isalpha() or chance.random() >= 0.03 * strength:
            continue
        match chance.randrange(4):
            case 0:
                letters[at] = ""
            case 1:
                letters[at] = letter * 2
            case 2 if at + 1 < len(text) and text[at + 1].isalpha():
                letters[at], letters[at + 1] = letters[at + 1], letters[at]
            case _:
                letters[at] = chance.choice(_LETTERS if letter.isascii() else script)
    return "".join(letters)


def cut_tail(text: str, strength: float, chance: random.Random) -> str:
    """Keep the first words, from nearly all of them down to a third, as feeds do."""
    keep = 1 - 0.65 * strength
    cut = text[: max(20, int(len(text) * keep))].rsplit(" ", 1)[0]
    return cut.rstrip(" ,;:") + chance.choice((" [...]", "…", "...", " … Read more", ""))


def lead_only(text: str, strength: float, chance: random.Random) -> str:
    """Keep the leading sentences and invite to read on."""
    sentences = SENTENCE_END.split(text.replace("\n\n", " "))
    kept = " ".join(sentences[: max(1, round(len(sentences) * (1 - 0.6 * strength)))])
    return f"{kept} {chance.choice(('Continue reading', 'Read the full story', '[…]', ''))}".strip()


def boilerplate(text: str, strength: float, chance: random.Random) -> str:
    """Put what pages carry above and below the text around it."""
    above = chance.sample(_HEADERS, round(2 * strength * chance.random()))
    below = chance.sample(_FOOTERS, max(1, round(4 * strength * chance.random())))
    return "\n\n".join([*above, text, *below])


def sentence_order(text: str, strength: float, chance: random.Random) -> str:
    """Move some sentences elsewhere."""
    sentences = SENTENCE_END.split(text.replace("\n\n", " "))
    for _ in range(max(1, round(strength * len(sentences) * 0.6))):
        sentences.insert(chance.randrange(len(sentences)), sentences.pop(chance.randrange(len(sentences))))
    return in_paragraphs(sentences, chance)


def paragraph_order(text: str, strength: float, chance: random.Random) -> str:
    """Shuffle the paragraphs; a text of one becomes sentences in another order."""
    paragraphs = text.split("\n\n")
    if len(paragraphs) < 2:
        return sentence_order(text, strength, chance)
    moved = chance.sample(paragraphs, len(paragraphs))
    return "\n\n".join(moved if moved != paragraphs else paragraphs[::-1])


def template_header(text: str, strength: float, chance: random.Random) -> str:
    """Set a dateline, byline, reading time or sharing buttons before the text."""
    tops = chance.sample(_TOPS, max(1, round(3 * strength)))
    slots = Slots(chance, {"minutes": str(1 + len(text.split()) // 200)})
    return slots.fill("".join(sorted(tops, key=lambda top: not top.endswith("\n\n")))) + text


def syndication(text: str, strength: float, chance: random.Random) -> str:
    """Write the text as another outlet does: its byline, quotes, dashes, figures, and where it is from."""
    for pattern, spelling in _SPELLINGS:
        if chance.random() < 0.5 + strength / 2:
            text = re.sub(pattern, spelling, text)
    slots = Slots(chance)
    byline = f"{slots.fill(chance.choice(_BYLINES))}\n\n" if chance.random() < 0.7 else ""
    credit = f"\n\n{slots.fill(chance.choice(_CREDITS))}" if chance.random() < 0.6 else ""
    return f"{byline}{text}{credit}"


def rewording(text: str, strength: float, chance: random.Random) -> str:
    """Exchange some words for synonyms, and drop or double a few small ones."""

    def another(match: re.Match[str]) -> str:
        word = match.group()
        other = SYNONYMS.get(word.lower())
        compound = "-" in text[max(0, match.start() - 1) : match.end() + 1].replace(word, "", 1)
        if other and chance.random() < 0.2 + 0.8 * strength and not compound:
            return (other.capitalize() if word[0].isupper() else other).replace("-", " ")
        if word in ("the", "that", "also", "very", "just", "still", "so") and chance.random() < 0.15 * strength:
            return f"{word} same" if word == "the" else ""
        return word

    return re.sub(r"  +", " ", re.sub(r"[A-Za-z]+", another, text))


def spacing(text: str, strength: float, chance: random.Random) -> str:
    """Return the same words with other spaces and line ends."""
    del strength
    return chance.choice((text, text.replace("\n\n", "\n"), text.replace("\n\n", " \n \n "), f"\n{text}\n"))


EDITS: Final[dict[str, Edit]] = {
    "typos": typos,
    "tail_cut": cut_tail,
    "lead_only": lead_only,
    "boilerplate": boilerplate,
    "sentence_order": sentence_order,
    "paragraph_order": paragraph_order,
    "template_header": template_header,
    "syndication": syndication,
    "rewording": rewording,
    "exact": spacing,
}
# edits of words that are English
ENGLISH: Final = frozenset({"rewording", "boilerplate", "template_header", "syndication"})


def combination(text: str, strength: float, chance: random.Random) -> str:
    """Apply two or three edits, each more lightly."""
    names = chance.sample(("typos", "tail_cut", "boilerplate", "template_header", "syndication", "rewording"), 3)
    for name in names[: chance.choice((2, 2, 3))]:
        text = EDITS[name](text, strength / 2, chance)
    return text
