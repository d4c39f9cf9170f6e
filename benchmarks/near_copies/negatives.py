"""Families of documents that look alike and are different items."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from benchmarks.near_copies.prose import Text, story
from benchmarks.near_copies.slots import Slots
from benchmarks.near_copies.templates import BOILERPLATE, NEWS_IN_BRIEF, SAME_TITLES, TEMPLATES, Template
from benchmarks.near_copies.vocabulary import TOPICS

_NUMBER: Final = re.compile(r"\d[\d,]*")


@dataclass(frozen=True)
class Family:
    """How many families of a kind there are, and what writes the documents of one."""

    count: int
    documents: Callable[[random.Random], list[Text]]


def of_template(template: Template, chance: random.Random, members: int = 5) -> list[Text]:
    """Return documents of one mould with other facts."""
    first = Slots(chance)
    first.fill(template.title + template.text)
    known = {name: first.values[name] for name in template.fixed}
    documents = []
    for _ in range(members):
        slots = Slots(chance, known)
        title, text = slots.fill(template.title), slots.fill(template.text)
        documents.append((title[:1].upper() + title[1:], text[:1].upper() + text[1:]))
    return documents


def same_boilerplate(chance: random.Random, members: int = 5) -> list[Text]:
    """Return news in one sentence, each above the same long text of a site."""
    below = Slots(chance).fill(" ".join(chance.sample(BOILERPLATE, chance.randint(6, 10))))
    return [
        ("News in brief", f"{Slots(chance).fill(sentence)}\n\n{below}")
        for sentence in chance.sample(NEWS_IN_BRIEF, members)
    ]


def same_topic(chance: random.Random, members: int = 3) -> list[Text]:
    """Return stories on one topic, from one place and about one organisation, in which other things happen."""
    topic = chance.choice(sorted(TOPICS))
    _, acts, issues, outcomes = (chance.sample(phrases, len(phrases)) for phrases in TOPICS[topic])
    known = Slots(chance)
    known.fill("{place} {org}")
    angles = zip(acts, issues, outcomes, strict=False)
    return [
        story(chance, topic, known.values | {"act": act, "issue": issue, "outcome": outcome})
        for (act, issue, outcome), _ in zip(angles, range(members), strict=False)
    ]


def same_title(chance: random.Random, members: int = 4) -> list[Text]:
    """Return issues of a series: one title, other texts."""
    title = chance.choice(SAME_TITLES)
    return [(title, story(chance)[1]) for _ in range(members)]


def same_address_pattern(chance: random.Random, members: int = 3) -> list[Text]:
    """Return pages of one site on one topic, told apart by a number in their address."""
    topic = chance.choice(sorted(TOPICS))
    return [story(chance, topic) for _ in range(members)]


def update(chance: random.Random) -> list[Text]:
    """Return a story, and what it says later when its figures have changed."""
    while True:
        title, text = story(chance)
        figures = _NUMBER.findall(text)
        if len(figures) >= 2:
            break
    changed = set(chance.sample(range(len(figures)), chance.randint(2, len(figures))))
    at = iter(range(len(figures)))

    def later(match: re.Match[str]) -> str:
        if next(at) not in changed:
            return match.group()
        value = int(match.group().replace(",", ""))
        return (
            f"{value + chance.randint(1, max(2, value // 3)):,}"
            if "," in match.group()
            else str(value + chance.randint(1, 9))
        )

    return [(title, text), (chance.choice((title, f"Update: {title}")), _NUMBER.sub(later, text))]


FAMILIES: Final = {
    **{f"template_{one.kind}": Family(9, partial(of_template, one)) for one in TEMPLATES},
    "same_boilerplate": Family(12, same_boilerplate),
    "same_topic": Family(120, same_topic),
    "same_title": Family(40, same_title),
    "same_address_pattern": Family(50, same_address_pattern),
    "update": Family(200, update),
}
