"""Messages as people read them: subject, plain text, Markdown, HTML.

Whatever a service, a rule or a web page has put into a text stays text: no line breaks, no control characters, no
markup of its own.
"""

import html
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from pake_pipelines.alerts.wording import outcome
from pake_pipelines.model.alert import AlertLine, Message, MessageKind

_IN_DETAIL: Final = 20
_IN_SHORT: Final = 200
_LONGEST: Final = 500
_LONGEST_SUBJECT: Final = 150
_MARKUP: Final = re.compile(r"([\\`*_{}\[\]<>#|~])")


def one_line(text: str, longest: int = _LONGEST) -> str:
    """Return `text` as one printable line of at most `longest` characters."""
    line = " ".join(_printable(text).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def service_of(message: Message) -> str:
    """Return what the message is about: the service, if it is about one only, else its title."""
    services = {line.labels.get("service", "") for line in (*message.firing, *message.resolved)}
    named = message.labels.get("service") or (services.pop() if len(services) == 1 else "")
    named = "" if message.kind is MessageKind.SUMMARY else named
    return one_line(named or message.title, _LONGEST_SUBJECT)


def subject(message: Message) -> str:
    """Return "PAKE+ Alert [SEVERITY]: service" (NOT-02); the title where it is about several."""
    if message.kind is MessageKind.DIGEST:
        return one_line(f"PAKE+: {message.title}", _LONGEST_SUBJECT)
    over = message.kind is MessageKind.RESOLVE and not message.firing
    what = (_outcome(message.resolved) if over else message.severity).upper()
    return one_line(f"PAKE+ Alert [{what}]: {service_of(message)}", _LONGEST_SUBJECT)


def moment(at: datetime) -> str:
    """Return a time as it is shown, to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def short(line: AlertLine) -> str:
    """Return an alert as one line of text."""
    ended = f" until {_ending(line)}" if line.resolved_at else ""
    return one_line(f"[{line.severity.upper()}] {line.summary} (from {moment(line.started_at)}{ended})")


def _ending(line: AlertLine) -> str:
    assert line.resolved_at is not None
    return one_line(": ".join(filter(None, (moment(line.resolved_at), line.resolved_because))))


def _outcome(lines: tuple[AlertLine, ...]) -> str:
    return outcome(line.resolved_because for line in lines)


def fields(line: AlertLine) -> Iterator[tuple[str, str]]:
    """Yield what is known of an alert, as names and values, each one line."""
    if "service" in line.labels:
        yield "Service", one_line(line.labels["service"])
    yield "Severity", line.severity.value
    yield "Message", one_line(line.summary)
    yield "Timestamp", moment(line.started_at)
    if line.resolved_at:
        yield _outcome((line,)).capitalize(), _ending(line)
    yield "Alert ID", one_line(line.alert_id)
    if line.value is not None:
        yield "Value", f"{line.value:g}"
    yield "Metadata", one_line(json.dumps({"rule": line.rule, **line.labels}, ensure_ascii=False))
    if not line.resolved_at:
        for recommendation in line.recommendations:
            yield "To do", one_line(recommendation)
        if line.runbook:
            yield "Runbook", one_line(line.runbook if "/" in line.runbook else f"docs/runbooks/{line.runbook}.md")


def sections(message: Message) -> Iterator[tuple[str, tuple[AlertLine, ...]]]:
    """Yield the lists of alerts of a message with their headings."""
    if message.firing:
        yield f"Firing ({len(message.firing)})", message.firing
    if message.resolved:
        yield f"{_outcome(message.resolved).capitalize()} ({len(message.resolved)})", message.resolved


def in_detail(message: Message) -> int:
    """Return how many alerts of each list are shown with all that is known of them; the others have one line each."""
    return 0 if message.kind is MessageKind.SUMMARY else _IN_DETAIL


def remarks(message: Message) -> Iterator[str]:
    """Yield what else is to be said, as lines of text."""
    if message.kind is MessageKind.SUMMARY:
        yield "So much came at once that these are told together."
    if message.held_back:
        yield f"{message.held_back} more depend on these and are held back."


def plain(message: Message) -> str:
    """Return the whole message as plain text."""
    blocks = [one_line(message.title), *remarks(message)]
    if message.body:
        blocks.append(_printable_lines(message.body))
    for heading, lines in sections(message):
        blocks.append(heading)
        detailed = in_detail(message)
        blocks += ["\n".join(f"  {name}: {value}" for name, value in fields(line)) for line in lines[:detailed]]
        blocks += ["\n".join(f"  {text}" for text in _shorts(lines[detailed:]))] if lines[detailed:] else []
    return "\n\n".join([*blocks, f"Message {one_line(message.key)}, {moment(message.created_at)}"]) + "\n"


def markdown(message: Message) -> str:
    """Return the whole message as Markdown."""
    blocks = [f"**{_escaped(one_line(message.title))}**", *remarks(message)]
    if message.body:
        blocks.append(_escaped(_printable_lines(message.body)))
    for heading, lines in sections(message):
        blocks.append(f"**{heading}**")
        detailed = in_detail(message)
        for line in lines[:detailed]:
            first, *others = (f"{name}: {_escaped(value)}" for name, value in fields(line))
            blocks.append("\n".join([f"- {first}", *(f"  - {one}" for one in others)]))
        blocks += ["\n".join(f"- {_escaped(text)}" for text in _shorts(lines[detailed:]))] if lines[detailed:] else []
    return "\n\n".join(blocks) + "\n"


def html_page(message: Message) -> str:
    """Return the whole message as an HTML document without anything that has to be fetched."""
    blocks = [f"<h2>{html.escape(one_line(message.title))}</h2>"]
    blocks += [f"<p>{html.escape(text)}</p>" for text in remarks(message)]
    if message.body:
        blocks.append(f'<div style="white-space: pre-wrap">{html.escape(_printable_lines(message.body))}</div>')
    for heading, lines in sections(message):
        blocks.append(f"<h3>{html.escape(heading)}</h3>")
        detailed = in_detail(message)
        blocks += [_table(line) for line in lines[:detailed]]
        items = "".join(f"<li>{html.escape(text)}</li>" for text in _shorts(lines[detailed:]))
        blocks += [f"<ul>{items}</ul>"] if items else []
    blocks.append(f"<p><small>{html.escape(f'{one_line(message.key)}, {moment(message.created_at)}')}</small></p>")
    body = "\n".join(blocks)
    return f'<!doctype html>\n<html><head><meta charset="utf-8"></head><body>\n{body}\n</body></html>\n'


def _table(line: AlertLine) -> str:
    rows = "".join(
        f"<tr><th align='left'>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"
        for name, value in fields(line)
    )
    return f"<table>{rows}</table><br>"


def _shorts(lines: tuple[AlertLine, ...]) -> Iterator[str]:
    yield from (short(line) for line in lines[:_IN_SHORT])
    if len(lines) > _IN_SHORT:
        yield f"and {len(lines) - _IN_SHORT} more: pake alerts list"


def _printable_lines(text: str) -> str:
    return "\n".join(_printable(line).rstrip() for line in text.splitlines())


def _printable(text: str) -> str:
    """Return `text` with blanks for what is not seen or turns the direction of others."""
    return text if text.isprintable() else "".join(one if one.isprintable() else " " for one in text)


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text)
