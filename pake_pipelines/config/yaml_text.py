"""Changing a YAML text in one place: everything else stays as it was typed, to the last space.

Emitters write a file anew and lose some of its form (a mapping in braces below its key, empty lines, indents). Here
the parser only says where things stand, and the change is cut into the text.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

Path = tuple[str, ...]

_INDENT: Final = 2


def with_entries(text: str, path: Path, entries: Mapping[str, Any]) -> str:
    """Return `text` with `entries` in the mapping at `path`: known keys are given their value, others come last.

    Mappings on the way are made where they are missing. Values may be scalars, lists of scalars and mappings.
    """
    mapping = _find(text, path)
    if mapping is None:
        return with_entries(text, path[:-1], {path[-1]: entries})
    known = _pairs(mapping)
    for key in reversed([key for key in known if key in entries]):
        text = _with_value(text, known[key][1], entries[key])
    added = {key: value for key, value in entries.items() if key not in known}
    return _with_added(text, _find(text, path) or mapping, path, added) if added else text


def without_entry(text: str, path: Path, key: str) -> str:
    """Return `text` without `key` in the mapping at `path`, which may not hold it."""
    mapping = _find(text, path)
    if mapping is None or key not in (pairs := _pairs(mapping)):
        return text
    if mapping.flow_style:
        return _without_flow_entry(text, mapping, key)
    key_node, value_node = pairs[key]
    start = text.rfind("\n", 0, key_node.start_mark.index) + 1
    return text[:start] + text[_line_end(text, _end(text, value_node)) + 1 :]


def with_items(text: str, path: Path, items: Sequence[str]) -> str:
    """Return `text` with `items` at the end of the list at `path`. Raises TypeError when there is no list."""
    found = _find(text, path)
    if not isinstance(found, yaml.SequenceNode):
        raise TypeError(f"{'.'.join(path)} is not a list")
    if found.flow_style:
        return _into_flow(text, found, found.value[-1] if found.value else None, [_inline(item) for item in items])
    lines = [f"{' ' * found.start_mark.column}- {_inline(item)}" for item in items]
    return _with_lines(text, _line_end(text, _end(text, found.value[-1])), lines)


def _find(text: str, path: Path) -> Any:
    """Return the node at `path`, None when there is none."""
    node = yaml.compose(text, Loader=yaml.SafeLoader) or yaml.MappingNode("", [], flow_style=False)
    for key in path:
        if not isinstance(node, yaml.MappingNode) or key not in (pairs := _pairs(node)):
            return None
        node = pairs[key][1]
    return node


def _pairs(mapping: yaml.MappingNode) -> dict[str, tuple[yaml.Node, yaml.Node]]:
    return {str(key.value): (key, value) for key, value in mapping.value}


def _with_value(text: str, node: yaml.Node, value: Any) -> str:
    return f"{text[: node.start_mark.index]}{_inline(value)}{text[_end(text, node) :]}"


def _with_added(text: str, mapping: yaml.MappingNode, path: Path, entries: Mapping[str, Any]) -> str:
    last = mapping.value[-1][1] if mapping.value else None
    if mapping.flow_style and not _opens_up(text, mapping, path):
        return _into_flow(text, mapping, last, [f"{_inline(key)}: {_inline(value)}" for key, value in entries.items()])
    outer = _key_of(text, path).start_mark.column if path else -_INDENT
    if last is not None:
        column = mapping.value[0][0].start_mark.column
        return _with_lines(text, _line_end(text, _end(text, last)), _block(entries, column, column - outer))
    if not path:
        return _with_lines(text, len(text.rstrip()), _block(entries, 0, _INDENT))
    start, end = mapping.start_mark.index, mapping.end_mark.index
    text = text[:start].rstrip(" ") + text[end:]
    return _with_lines(text, _line_end(text, start - 1), _block(entries, outer + _INDENT, _INDENT))


def _opens_up(text: str, mapping: yaml.MappingNode, path: Path) -> bool:
    """Tell whether `mapping` is a mere `{}` behind its key, which may become lines below it."""
    if mapping.value or not path or _find(text, path[:-1]).flow_style:
        return False
    key: yaml.Node = _key_of(text, path)
    return bool(key.start_mark.line == mapping.start_mark.line)


def _key_of(text: str, path: Path) -> yaml.Node:
    return _pairs(_find(text, path[:-1]))[path[-1]][0]


def _into_flow(text: str, node: yaml.Node, last: yaml.Node | None, added: Sequence[str]) -> str:
    """Add to a list or mapping in brackets, behind its `last` value if it has one."""
    at = _end(text, last) if last else node.start_mark.index + 1
    return f"{text[:at]}{', ' if last else ''}{', '.join(added)}{text[at:]}"


def _without_flow_entry(text: str, mapping: yaml.MappingNode, key: str) -> str:
    values = [value for _, value in mapping.value]
    names = list(_pairs(mapping))
    at = names.index(key)
    if at:
        start, end = _end(text, values[at - 1]), _end(text, values[at])
    else:
        start = mapping.value[0][0].start_mark.index
        end = mapping.value[1][0].start_mark.index if len(names) > 1 else _end(text, values[0])
    return text[:start] + text[end:]


def _with_lines(text: str, end: int, lines: Iterable[str]) -> str:
    """Insert whole `lines` behind the line that ends at `end`, with the line ends that the text has."""
    newline = "\r\n" if "\r\n" in text else "\n"
    before, after = text[:end].rstrip("\r"), text[end:]
    rest = after if after.startswith("\n") else newline
    if rest.startswith("\n") and newline == "\r\n":
        rest = f"\r{rest}"
    return f"{before}{newline if before else ''}{newline.join(lines)}{rest}"


def _line_end(text: str, index: int) -> int:
    end = text.find("\n", index)
    return len(text) if end < 0 else end


def _end(text: str, node: yaml.Node) -> int:
    """Return where the last character of `node` stands, plus one; the parser counts white space behind it, too."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    start: int = node.start_mark.index
    return start + len(text[start : node.end_mark.index].rstrip())


def _block(entries: Mapping[str, Any], column: int, step: int) -> Iterator[str]:
    for key, value in entries.items():
        if isinstance(value, Mapping) and value:
            yield f"{' ' * column}{_inline(key)}:"
            yield from _block(value, column + step, step)
        else:
            yield f"{' ' * column}{_inline(key)}: {_behind_key(value)}"


class _OneLine(yaml.SafeDumper):
    """Writes text that holds line breaks with escapes instead of on several lines."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        style = None if text.splitlines() == [text] else '"'
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_OneLine.add_representer(str, _OneLine.represent_text)
_OneLine.add_representer(tuple, _OneLine.represent_list)


def _behind_key(value: Any) -> str:
    """Return `value` as the rest of a key's line, with no more quotes than it needs there."""
    return _inline(value) if isinstance(value, list | tuple | Mapping) else _dump({"k": value}, flow=False)[3:-1]


def _inline(value: Any) -> str:
    """Return `value` on one line, quoted where it would be read as something else, safe between brackets."""
    return _dump([value], flow=True)[1:-2]


def _dump(value: Any, *, flow: bool) -> str:
    written: str = yaml.dump(
        value, Dumper=_OneLine, default_flow_style=flow, allow_unicode=True, width=math.inf, sort_keys=False
    )
    return written


def leaves(text: str) -> Iterator[tuple[int, tuple[str | int, ...], str]]:
    """Yield (line from 1, key path, text) of every scalar. Raises yaml.YAMLError."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is not None:
        yield from _leaves(node, ())


def _leaves(node: yaml.Node, path: tuple[str | int, ...]) -> Iterator[tuple[int, tuple[str | int, ...], str]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _leaves(value, (*path, str(key.value)))
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from _leaves(value, (*path, number))
    else:
        yield node.start_mark.line + 1, path, str(node.value)
