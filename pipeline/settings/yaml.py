"""YAML as plain values plus where each of them stands. Knows YAML and nothing of our settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from schemas.errors import Problem

#: A settings file has some hundred nodes; aliases of aliases can stand for billions.
MAX_NODES = 20_000


class BadYaml(Exception):
    """The text is not YAML that we read.  line, column : 1-based, 0 where unknown."""

    def __init__(self, got: str, remedy: str, line: int = 0, column: int = 0) -> None:
        super().__init__(got)
        self.got, self.remedy, self.line, self.column = got, remedy, line, column


@dataclass
class Tree:
    """Plain values with their places.

    value : None, bool, int, float, str, list and dict (keys are texts).
    lines : dotted key (list items by index) to 1-based line.
    texts : dotted key of each unquoted scalar to the characters as written: `yes` where the value is True.
    duplicates : (dotted key, its second line, its first line).
    """

    value: Any = None
    lines: dict[str, int] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    duplicates: list[tuple[str, int, int]] = field(default_factory=list)


class _Loader(yaml.SafeLoader):
    """Safe YAML in which 1e-3 is a number and a date is text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)


def read(text: str) -> Tree:
    """Parses one document. Raises BadYaml; duplicate keys are collected instead, to be told with everything else."""
    tree = Tree()
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is not None:
            tree.value = _Walk(loader, tree).value(node, "")
    except yaml.MarkedYAMLError as error:
        raise _translated(error, text) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise BadYaml(f"the control character {chr(error.character)!r}", "take the character out", line) from None
    except RecursionError:
        raise BadYaml("values nested too deep", "write the settings without nesting them so deep") from None
    return tree


@dataclass
class _Walk:
    loader: _Loader
    tree: Tree
    seen: int = 0

    def value(self, node: yaml.Node, key: str) -> Any:
        self.seen += 1
        mark = node.start_mark
        if self.seen > MAX_NODES:
            raise BadYaml(f"more than {MAX_NODES} values", "write the settings without aliases (*name)", mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return {name: self.value(child, at) for name, at, child in self._entries(node, key)}
        if isinstance(node, yaml.SequenceNode):
            return [self._item(child, _join(key, str(index))) for index, child in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and node.style is None:
            self.tree.texts[key] = node.value
        return self._scalar(node)

    def _entries(self, node: yaml.MappingNode, key: str) -> Iterator[tuple[str, str, yaml.Node]]:
        first: dict[str, int] = {}
        for name_node, child in node.value:
            line = name_node.start_mark.line + 1
            if not isinstance(name_node, yaml.ScalarNode):
                raise BadYaml("a key that is a list or a mapping", "write a plain word before the colon", line)
            name = str(name_node.value)
            at = _join(key, name)
            if name in first:
                self.tree.duplicates.append((at, line, first[name]))
                continue
            first[name] = self.tree.lines[at] = line
            yield name, at, child

    def _item(self, node: yaml.Node, key: str) -> Any:
        self.tree.lines[key] = node.start_mark.line + 1
        return self.value(node, key)

    def _scalar(self, node: yaml.Node) -> Any:
        try:
            return self.loader.construct_object(node)
        except ValueError:
            line, column = node.start_mark.line + 1, node.start_mark.column + 1
            raise BadYaml(f"{node.value[:40]!r}", "write it in quotes, or as a plain number", line, column) from None


def duplicate_problems(tree: Tree, file: str) -> list[Problem]:
    """One problem per key that the file gives twice."""
    return [
        Problem(
            f"{file}, line {again}, key {key}",
            f"the key a second time (the first is on line {first})",
            "each key once",
            "keep one of the two lines and delete the other",
        )
        for key, again, first in tree.duplicates
    ]


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


#: (in the parser's message, what it means, what to do): the slips that people make.
_SLIPS = (
    (
        "mapping values are not allowed",
        "a second colon",
        "put a value that holds a colon in quotes; else look at the indentation of this line and the one above",
    ),
    ("but found another document", "a second document (---)", "keep one set of settings per file"),
    ("chomping or indentation", "text that starts with > or |", "put the text in quotes"),
    ("cannot start any token", "text whose first character means something in YAML", "put the text in quotes"),
    ("scanning an alias", "text that starts with *", "put the text in quotes"),
    ("undefined alias", "text that starts with *", "put the text in quotes"),
    ("scanning an anchor", "text that starts with &", "put the text in quotes"),
    ("quoted scalar", "a quote that is never closed", "close the quote"),
    ("expected ',' or ']'", "a list that is never closed", "close it with ]"),
    ("expected ',' or '}'", "a { that is never closed", "close it with }"),
    ("could not find expected ':'", "a line without a colon", "write `key: value`"),
    ("constructor for the tag", "a tag (!)", "write plain values: text, numbers, true, false, lists and keys"),
    (
        "expected <block end>",
        "a line that is indented unlike its neighbours",
        "start keys of one section, and the dashes of one list, in the same column",
    ),
)


def _translated(error: yaml.MarkedYAMLError, text: str) -> BadYaml:
    """What the parser says, in words that name the usual slip."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    lines = text.splitlines()
    written = lines[line - 1] if 0 < line <= len(lines) else ""
    if "\t" in written[:column]:
        return BadYaml("a tab character", "YAML indents with spaces only: replace the tab by two spaces", line, column)
    said = f"{error.context} {error.problem}"
    shown = f": {written.strip()[:60]}" if written.strip() else ""
    for sign, got, remedy in _SLIPS:
        if sign in said:
            return BadYaml(got + shown, remedy, line, column)
    remedy = "look for a missing colon, quote or bracket on this line or the one above"
    return BadYaml("something that is no YAML" + shown, remedy, line, column)
