"""The scorecard: every rule, how many exchanges it had something to say about, and the verdict."""

from dataclasses import dataclass

from pake_pipelines_tests.politeness.rules import RULES, Judge


@dataclass(frozen=True)
class Verdict:
    """A rule, the exchanges that it was tried on, and the faults found."""

    rule: str
    seen: int
    faults: tuple[str, ...]

    @property
    def passed(self):
        """Whether the rule was tried and always kept."""
        return self.seen > 0 and not self.faults

    @property
    def word(self):
        """The verdict in a word."""
        return "passed" if self.passed else "broken" if self.faults else "not tried"


def judge(rule: str, judge: Judge, log, terms) -> Verdict:
    """Return what `judge` makes of `log`."""
    findings = list(judge(log, terms))
    faults = [f"{one.exchange.at:%a %H:%M} {one.exchange.feed}: {one.fault}" for one in findings if one.fault]
    return Verdict(rule, len(findings), tuple(faults))


def score(log, terms) -> list[Verdict]:
    """Return the verdict on every rule."""
    return [judge(rule, how, log, terms) for rule, how in RULES.items()]


def table(verdicts) -> str:
    """Return the scorecard as text; a broken rule is followed by its first faults."""
    width = max(len(one.rule) for one in verdicts)
    lines = [f"{'rule':<{width}}  requests  verdict"]
    for one in verdicts:
        lines.append(f"{one.rule:<{width}}  {one.seen:>8}  {one.word}")
        lines += [f"    {fault}" for fault in one.faults[:3]]
    return "\n".join(lines)
