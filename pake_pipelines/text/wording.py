"""What pages of all kinds write around their articles, as regular expressions: what to read next, whom to follow."""

import re
from typing import Final

_READ_ON: Final = (
    *("(?:read|see|watch|listen|learn) (?:more|also|next|this|now)", "also (?:read|see)", "must[- ]read"),
    "more(?: (?:on|from|about|news|stories|coverage|reading))?",
    "related(?: (?:articles?|stories|story|posts?|news|content|coverage|links?|topics?|reading|videos?))?",
    *("don.?t miss", "most (?:read|popular|viewed|shared)", "recommended(?: (?:reading|for you|stories))?"),
    *("you (?:may|might) (?:also )?(?:like|enjoy)", "trending(?: now)?", "editor.?s picks?", "further reading"),
    *("in case you missed it", "lesen sie(?: auch| mehr)?", "mehr (?:zum thema|dazu)", "auch interessant"),
    *("(?:à )?lire (?:aussi|également|la suite)", "voir aussi", "sur le même sujet"),
    *("leia (?:também|mais)", "veja (?:também|mais)", "saiba mais", "le[ae] también", "ver también"),
    *("te puede interesar", "leggi anche", "lees (?:ook|meer|verder)", "läs (?:också|även|mer)", "l[eæ]s også"),
    *("читайте также", "читать также", "по теме", "czytaj (?:też|także|więcej)", "zobacz (?:też|także)"),
)
_CHOICE: Final = "|".join(_READ_ON)

LABEL: Final = re.compile(rf"\W*(?:{_CHOICE})\b", re.IGNORECASE)
"""Matches a line that begins by saying what to read next."""

ONLY_LABEL: Final = re.compile(rf"\W*(?:{_CHOICE})\W*", re.IGNORECASE)
"""Matches, in full, a line that says nothing else."""

CALL: Final = re.compile(
    r"(?:^|[.!?:]\s+)(?:please )?(?:sign up|subscribe|get|join|enter your e-?mail)\b.{0,120}"
    r"\b(?:newsletters?|inbox|mailing list|daily e-?mail|letterbox)\b",
    re.IGNORECASE | re.DOTALL,
)
"""Found in a line that calls on the reader to subscribe."""

_ADDRESS: Final = r"(?:@|on twitter|on facebook|twitter\.com|by e-?mail|\d{3}[ .-]\d{3})"
_OWNERS: Final = (
    *("©", r"\(c\)", r"copyright\b", r".*\ball rights reserved\b", r"issn\b"),
    r".*\b(?:alle rechte vorbehalten|tous droits réservés|todos (?:los derechos|os direitos) reservados)\b",
    r".*\b(?:tutti i diritti riservati|все права защищены)\b",
)
_INVITATIONS: Final = (
    r"follow\b.*(?:twitter|facebook|instagram|linkedin|\bus\b|@)",
    *(r"like us\b", r"join (?:us|the conversation|our)\b", r"sign up\b", r"subscribe\b", r"get the latest\b"),
    *(r".*\b(?:our|free|daily|weekly) newsletter\b", r"support us\b"),
    *(r"support our (?:journalism|reporting|work)\b", r"tell us what\b", r"got an? (?:news )?(?:tip|story)\b"),
    *(r"have an? (?:news )?(?:tip|story|question)\b", r"(?:leave|post|add|write) a (?:comment|reply)\b"),
    *(r"(?:post )?comments?\b.{0,20}$", r"share this\b", r"print(?: this| article)?$"),
)
_CREDITS: Final = (
    r"(?:tags?|filed under|topics?|categor(?:y|ies)|sources?|share|posted in|via|credits?|updated|published)\s*:",
    *(r"(?:photo|image|picture)s?(?: credits?)?\s*:", r"(?:first published|last updated)\s*:"),
    *(r"source (?:news )?agenc(?:y|ies)$", r"\(?(?:additional )?reporting by\b"),
    r"\(?(?:edited|editing|written|compiled|photographs?) by\b",
    rf"(?:you can )?(?:write to|reach|contact|e-?mail|follow)\b.{{0,80}}{_ADDRESS}",
    *(r".{0,120}\b(?:can|may) be (?:reached|contacted|followed)\b", r"the post\b.* appeared first\b"),
)
_MACHINERY: Final = ("advertisement$", r"loading\W*$", r"an error has occurred\b", r"thank you\W*$")

LAST_LINE: Final = re.compile(
    rf"\W*(?:{'|'.join((*_OWNERS, *_INVITATIONS, *_CREDITS, *_MACHINERY))})", re.IGNORECASE | re.DOTALL
)
"""Matches a line that, at the end of a page, belongs to the page: who owns it, wrote it, where to follow it."""
