"""Signals: what a whole text shows, each as a strength from 0 to 1 and the words it was found in."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from pake_pipelines.text.spam.counts import Counts, calls
from pake_pipelines.text.spam.reading import WORD, Reading
from pake_pipelines.text.spam.words import PERSONAL

# Shares are taken over at least this many plain words, or one price in a title would be a flood.
_FEWEST_WORDS: Final = 40

# From where to where a share of the plain words counts: below is what ordinary texts have, above it counts in full.
_ADDRESS: Final = (0.0, 0.15)
_SELLING: Final = (0.05, 0.4)
_TELLING: Final = (0.1, 0.5)
_CALLS: Final = (0.0, 0.1)
_PRICES: Final = (0.0, 0.08)
_SPANS: Final = (0.0, 0.06)
_LINKS: Final = (0.0, 0.25)
_SHOUTS: Final = (0.1, 0.5)  # acronyms reach a tenth of the words of technical prose
_EXCLAMATIONS: Final = (0.0, 0.1)
_SYMBOLS: Final = (0.0, 0.08)
_REPETITION: Final = (0.1, 0.5)  # Gopher (Rae et al. 2021) drops texts with over 30 % duplicate lines
_STUFFING: Final = (0.03, 0.25)
_MOST_DISGUISED: Final = 3

_TRACKING: Final = re.compile(r"[?&](?:utm_\w+|gclid|fbclid|mc_eid)=|//(?:click|trk|track)\.", re.IGNORECASE)
# Links that pay who set them, and addresses that hide where they lead.
_AFFILIATE: Final = re.compile(
    r"[?&](?:aff(?:iliate)?(?:_?id)?|click_?id|sub_?id|sub\d?|cid|tag|ref|via|promo|coupon)="
    r"|//(?:click|trk|track|go|out|lp|deals?|offers?|promo)\.|/out/\d"
    r"|//(?:bit\.ly|tinyurl\.com|goo\.gl|is\.gd|cutt\.ly|rb\.gy|t\.me|wa\.me|amzn\.to)/",
    re.IGNORECASE,
)
_SYMBOL: Final = re.compile("[\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2b00-\u2bff\U0001f300-\U0001faff]")
_LINE: Final = re.compile("[.!?:;\n|>\u2022\u2705\u25ba\u25b8\u2192\u2013\u2014]+")


class Signal(NamedTuple):
    """A signal by its name in `config.quality.SpamSignals`, its strength from 0 to 1, and what it was found in."""

    name: str
    strength: float
    found: str


def signals(title: str, reading: Reading, counts: Counts) -> Iterator[Signal]:
    """Yield every signal of a text that has any strength."""
    urls = reading.links
    tracking = [url for url in urls if _TRACKING.search(url)]
    affiliate = [url for url in urls if _AFFILIATE.search(url)]
    told = calls(_LINE.split(reading.low))
    symbols = [] if reading.said.isascii() else _SYMBOL.findall(reading.low)
    personal = [word for word in WORD.findall(title.lower().replace("\u2019", "'")) if word in PERSONAL]
    words = max(counts.plain, _FEWEST_WORDS)
    found = (
        ("address", len(counts.address) / words, _ADDRESS, counts.address),
        ("selling", len(counts.selling) / words, _SELLING, counts.selling),
        ("telling", len(counts.telling) / words, _TELLING, counts.telling),
        ("calls", len(told) / words, _CALLS, told),
        ("prices", len(counts.prices) / words, _PRICES, counts.prices),
        ("deadlines", len(counts.spans) / words, _SPANS, counts.spans),
        ("title", float(bool(personal)), (0.0, 1.0), personal),
        ("links", (len(urls) + len(tracking)) / words, _LINKS, [*tracking, *urls][:1]),
        ("affiliates", float(bool(affiliate)), (0.0, 1.0), affiliate[:1]),
        ("capitals", len(counts.shouts) / words, _SHOUTS, counts.shouts),
        ("exclamations", max(0, reading.said.count("!") - 1) / words, _EXCLAMATIONS, ["!"]),  # one is an emphasis
        ("symbols", len(symbols) / words, _SYMBOLS, symbols),
        ("repetition", reading.repeated_words / words, _REPETITION, [reading.first_repeated]),
        ("stuffing", len(counts.stuffed) / words, _STUFFING, counts.stuffed),
        ("disguise", len(reading.disguised), (0, _MOST_DISGUISED), reading.disguised),
    )
    for name, value, (low, high), words_found in found:
        strength = min(1.0, (value - low) / (high - low))
        if strength > 0.0:
            yield Signal(name, strength, ", ".join(dict.fromkeys(words_found)))
