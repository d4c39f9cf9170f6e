"""The rules of the configuration audit (SEC-06, SEC-09, SEC-10, SEC-14, SEC-15). Pure: facts in, findings out.

No finding holds the value of a secret. Entropy is no rule: it is noise on prose and blind to `changeme`.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Final
from urllib.parse import urlsplit

from pake_pipelines.config.upkeep import Audit
from pake_pipelines.maintenance.audit.facts import Facts, Kind
from pake_pipelines.maintenance.audit.finding import Finding
from pake_pipelines.redaction.names import is_secret_key, is_secret_variable

_PLACEHOLDER: Final = re.compile(
    r"change[_-]?me|\byour[-_ ](?:\w+[-_ ])*(?:key|token|secret|password|id|name|domain|app|url|host|here|email)\b"
    r"|replace[-_ ]?(?:me|this)|\bx{6,}\b|<[a-z][\w -]*>|(?-i:\bTODO\b)|insert[-_ ].*[-_ ]here",
    re.IGNORECASE,
)
# what documentation of well-known services prints, and what everybody tries first
_WELL_KNOWN: Final = frozenset({
    "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
    "admin", "password", "passw0rd", "postgres", "secret", "letmein", "123456", "12345678", "qwerty", "test", "example",
    "hunter2", "root", "default",
})  # fmt: skip
_ADDRESS: Final = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
# bits that must not be set, by kind of file; what others may read in a log is in NIST SP 800-92's advice 0640
_FORBIDDEN_BITS: Final[dict[Kind, int]] = {
    "secret": 0o077,
    "backup": 0o077,
    "log": 0o027,
    "config": 0o022,
    "data": 0o022,
}

Rule = Callable[[Facts, Audit], Iterator[Finding]]


def audit(facts: Facts, settings: Audit) -> list[Finding]:
    """Return everything that is found, errors first."""
    found = [finding for rule in _RULES for finding in rule(facts, settings)]
    return sorted(found, key=lambda one: (one.severity != "error", one.rule, one.where))


def _unusable(facts: Facts, _: Audit) -> Iterator[Finding]:
    for line in facts.unusable:
        yield Finding("unusable", "error", line.split(" ", 1)[0].rstrip(":"), line, "correct it: pake config validate")


def _placeholders(facts: Facts, _: Audit) -> Iterator[Finding]:
    for where, text in _texts(facts):
        if match := _PLACEHOLDER.search(text):
            yield Finding(
                "placeholder",
                "error",
                where,
                f"still holds a placeholder ({match[0][:20]!r})",
                "put the real value in its place",
            )


def _texts(facts: Facts) -> Iterator[tuple[str, str]]:
    yield from ((one.where, one.text) for one in facts.said)
    yield from ((f"${name}", value) for name, value in (facts.environment or {}).items())


def _example_addresses(facts: Facts, settings: Audit) -> Iterator[Finding]:
    for where, text in _texts(facts):
        hosts = {match[1].lower() for match in _ADDRESS.finditer(text)} | {_host(text)}
        for host in sorted(hosts & _and_below(hosts, settings.example_domains)):
            yield Finding(
                "example-address", "error", where, f"leads to {host}, a domain for examples", "name the real one"
            )


def _host(text: str) -> str:
    try:
        return (urlsplit(text).hostname or "") if "://" in text else ""
    except ValueError:
        return ""


def _and_below(hosts: Iterable[str], domains: Iterable[str]) -> set[str]:
    return {host for host in hosts for domain in domains if host == domain or host.endswith(f".{domain}")}


def _example_secrets(facts: Facts, _: Audit) -> Iterator[Finding]:
    examples = facts.examples or {}
    for name, value in (facts.environment or {}).items():
        if not is_secret_variable(name):
            continue
        if value.lower() in {one.lower() for one in _WELL_KNOWN} or any(
            one in value for one in _WELL_KNOWN if len(one) > 15
        ):
            yield Finding(
                "well-known-secret", "error", f"${name}", "is a secret that everybody knows", "make one of your own"
            )
        elif value and examples.get(name) == value:
            yield Finding(
                "example-secret", "error", f"${name}", "is the value of .env.example", "make a secret of your own"
            )


def _secrets_used_twice(facts: Facts, _: Audit) -> Iterator[Finding]:
    names = defaultdict(list)
    for name, value in (facts.environment or {}).items():
        if is_secret_variable(name) and len(value) >= 6 and "://" not in value:
            names[value].append(name)
    for same in names.values():
        if len(same) > 1:
            shown = ", ".join(f"${name}" for name in sorted(same))
            yield Finding(
                "secret-used-twice",
                "warning",
                shown,
                "hold the same secret: who learns one has the other",
                "make one for each",
            )


def _secrets_in_files(facts: Facts, _: Audit) -> Iterator[Finding]:
    for one in facts.said:
        plain = is_secret_key(one.key) and one.text != ""
        if plain or re.search(r"://[^/@\s:]*:[^/@\s]+@", one.text):
            yield Finding(
                "secret-in-file",
                "error",
                one.where,
                "a secret stands in a configuration file",
                "move it into a variable",
            )


def _missing_variables(facts: Facts, _: Audit) -> Iterator[Finding]:
    for name, sources in (facts.needed or {}).items():
        if not (facts.environment or {}).get(name):
            shown = ", ".join(sources)
            yield Finding(
                "variable-missing", "warning", f"${name}", f"is not set, and {shown} is switched on and reads it",
                f"set it, or: pake sources disable {sources[0]}",
            )  # fmt: skip


def _open_files(facts: Facts, _: Audit) -> Iterator[Finding]:
    for one in facts.modes:
        if open_bits := one.mode & _FORBIDDEN_BITS[one.kind]:
            may = "change it" if open_bits & 0o022 else "read it"
            yield Finding(
                "open-file",
                "error" if one.kind in {"secret", "backup"} else "warning",
                one.path,
                f"mode {one.mode:04o}: others may {may}",
                f"chmod {one.mode & ~open_bits:o} {one.path}",
            )


def _bindings(facts: Facts, _: Audit) -> Iterator[Finding]:
    if facts.host not in _LOOPBACK:
        yield Finding(
            "open-binding", "error", "$PAKE_HOST", f"Dagster listens on {facts.host} and asks nobody for a password",
            "listen on 127.0.0.1 behind a proxy that does",
        )  # fmt: skip


def _plain_backups(facts: Facts, _: Audit) -> Iterator[Finding]:
    if facts.backup_target and "://" in facts.backup_target and not facts.encrypted:
        yield Finding(
            "plain-backup", "warning", "maintenance.yaml backup.target", "backups leave this machine unencrypted",
            "backup: {encrypt: true}, with a key of `pake backup key`",
        )  # fmt: skip


_RULES: Final[tuple[Rule, ...]] = (
    _unusable, _placeholders, _example_addresses, _example_secrets, _secrets_used_twice, _secrets_in_files,
    _missing_variables, _open_files, _bindings, _plain_backups,
)  # fmt: skip
