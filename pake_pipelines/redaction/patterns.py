"""The shapes of secrets: where a text holds one although nobody configured it.

Each pattern is tried only on a text that has one of its hints. Quotes and brackets around a secret stay, so that JSON
stays JSON. Shapes of tokens after the rules of gitleaks (github.com/gitleaks/gitleaks).
"""

import re
from dataclasses import dataclass
from typing import Final

from pake_pipelines.redaction.assignments import hide_assigned
from pake_pipelines.redaction.names import MASK

_SLASH: Final = r"(?:/|\\/|%2[Ff])"

_HOOKS: Final = (
    "hooks.slack", "discord", ".webhook.office", "outlook.office", ".logic.azure", ".api.powerplatform",
    "chat.googleapis", "api.telegram", "hc-ping", "hooks.zapier", "slack://", "tgram://", "msteams://",
    "gchat:",
)  # fmt: skip

_TOKENS: Final = (
    "akia", "asia", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat", "glpat", "xox", "sk-", "sk_", "age-",
    "eyj", "hf_", "aiza", "pypi-", "npm_", "whsec_", "sg.", "dckr",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pattern:
    """A shape of secrets: lower-case `hints`, one of which stands in every text that has it."""

    hints: tuple[str, ...]
    shape: "re.Pattern[str]"
    put: str


PATTERNS: Final = (
    Pattern(
        ("private key",),
        re.compile(
            r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:(?!-----END)[^\"'<>]){0,20000}"
            r"(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----)?"
        ),
        MASK,
    ),
    # a password may have anything in it but blanks and quotes; what looks like a port and a path is no password
    Pattern(
        ("://", "%3a%2f%2f", ":\\/\\/"),
        re.compile(
            r"((?:(?P<web>(?<=http)|(?<=https)|(?<=ws)|(?<=wss))|(?<!http)(?<!https)(?<!ws)(?<!wss))"
            r"(?:://|:\\/\\/|%3A%2F%2F)[^\s:/@?#\"'<>]{0,200}(?::|%3A))"
            r"(?(web)(?!\d{1,5}[/?#]))[^\s\"<>]{1,300}(?P<at>@|%40)",
            re.IGNORECASE,
        ),
        rf"\1{MASK}\g<at>",
    ),
    Pattern(("://",), re.compile(r"(?<=://)[A-Za-z0-9_.~%-]{20,200}(?=@)"), MASK),
    Pattern(
        _HOOKS,
        re.compile(
            rf"((?:hooks\.slack(?:-gov)?\.com{_SLASH}(?:services|workflows|triggers){_SLASH}"
            rf"|discord(?:app)?\.com{_SLASH}api{_SLASH}(?:v\d+{_SLASH})?webhooks{_SLASH}"
            rf"|\.webhook\.office\.com{_SLASH}|outlook\.office(?:365)?\.com{_SLASH}webhook{_SLASH}"
            rf"|(?:\.logic\.azure|\.api\.powerplatform)\.com(?::443)?{_SLASH}|chat\.googleapis\.com{_SLASH}v1{_SLASH}"
            rf"|api\.telegram\.org{_SLASH}bot|hc-ping\.com{_SLASH}|hooks\.zapier\.com{_SLASH}"
            r"|\b(?:slack|discord|tgram|msteams|gchat)://))[^\s\"'<>)\]}]+",
            re.IGNORECASE,
        ),
        rf"\1{MASK}",
    ),
    Pattern(
        ("authorization", "cookie", "x-api-key", "x-auth", "-token", "-secret"),
        re.compile(
            r"((?:authorization|\bcookie|set-cookie|x-api-key|x-auth-token|x-[a-z-]{0,30}(?:token|secret))"
            r"[\"']?\s*:\s*[\"']?)[^\s\"'](?:(?!\\[rn])[^\r\n\"'])*",
            re.IGNORECASE,
        ),
        rf"\1{MASK}",
    ),
    Pattern(("bearer",), re.compile(r"(\bbearer(?:\s+|%20))[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1{MASK}"),
    Pattern(
        ("basic", "digest", "token"),
        re.compile(r"(\b(?i:basic|digest|token)\s+)(?=\S*[0-9=]|\S*[a-z][A-Z])[\w.~+/=-]{8,}"),
        rf"\1{MASK}",
    ),
    Pattern(("password",), re.compile(r"(\bpassword\s+)'(?:[^']|'')*'", re.IGNORECASE), rf"\1'{MASK}'"),
    Pattern(
        ("key=", "sig=", "code=", "auth=", "jwt=", "sid=", "session=", "signature=", "credential="),
        re.compile(
            r"(?<=[?&;])([\w-]{0,40}(?:key|sig|code|auth|jwt|sid|session|signature|credential)=)[^&\s\"'<>#]+",
            re.IGNORECASE,
        ),
        rf"\1{MASK}",
    ),
    Pattern(
        _TOKENS,
        re.compile(
            r"\b(?:(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{20,}"
            r"|xox[a-z]-[\w-]{10,}|sk-[\w-]{20,}|[rs]k_(?:live|test)_\w{16,}|(?i:AGE-SECRET-KEY-[0-9A-Z-]{20,})"
            r"|eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?|hf_[A-Za-z]{30,}|AIza[\w-]{30,}|pypi-[\w-]{40,}|npm_[A-Za-z0-9]{30,}"
            r"|whsec_[\w+/=-]{16,}|SG\.[\w-]{16,}\.[\w-]{16,}|dckr_pat_[\w-]{20,})"
        ),
        MASK,
    ),
)


def hide(text: str) -> str:
    """Return `text` with everything that has the shape of a secret masked."""
    lowered = text.lower()
    for one in PATTERNS:
        if any(hint in lowered for hint in one.hints):
            text = one.shape.sub(one.put, text)
    return hide_assigned(text)
