"""Reads protobuf text without its schema: tensorflow-serving-api lacks those of batching, monitoring and SSL."""

from __future__ import annotations

import ast
import re
from typing import Any

from serving.status import invalid

_TOKEN = re.compile(
    r"""\s+ | \#[^\n]* | (?P<name>[A-Za-z_]\w*) | (?P<number>[+-]?[\d.][\w.+-]*)
    | (?P<text>"(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*') | (?P<mark>[{}<>:;,\[\]])""",
    re.VERBOSE,
)
_WORDS = {"true": True, "false": False, "True": True, "False": False, "t": True, "f": False}
Message = dict[str, list[Any]]


def parse(text: str) -> Message:
    """Every field as a list of its values: numbers, texts, words, or messages. Raises ServingError.

    >>> parse("max_batch_size { value: 8 } allowed_batch_sizes: 4 allowed_batch_sizes: 8")
    {'max_batch_size': [{'value': [8]}], 'allowed_batch_sizes': [4, 8]}
    """
    tokens = _tokens(text)
    message = _message(tokens, end="")
    return message


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            line = text.count("\n", 0, at) + 1
            raise invalid(f"line {line}: {text[at : at + 20]!r} is no protobuf text")
        if match.lastgroup:
            found.append((match.lastgroup, match[0]))
        at = match.end()
    return found[::-1]


def _message(tokens: list[tuple[str, str]], end: str) -> Message:
    message: Message = {}
    while tokens:
        kind, word = tokens.pop()
        if word == end:
            return message
        if kind == "mark" and word in ",;":
            continue
        if kind != "name":
            raise invalid(f"{word!r} stands where a field's name should")
        _field(tokens, message.setdefault(word, []))
    if end:
        raise invalid(f"{end!r} is missing at the end")
    return message


def _field(tokens: list[tuple[str, str]], values: list[Any]) -> None:
    if tokens and tokens[-1] == ("mark", ":"):
        tokens.pop()
    if tokens and tokens[-1] == ("mark", "["):
        tokens.pop()
        while tokens and tokens[-1] != ("mark", "]"):
            if tokens[-1] == ("mark", ","):
                tokens.pop()
            else:
                values.append(_value(tokens))
        if not tokens:
            raise invalid("']' is missing at the end")
        tokens.pop()
    else:
        values.append(_value(tokens))


def _value(tokens: list[tuple[str, str]]) -> Any:
    if not tokens:
        raise invalid("a value is missing at the end")
    kind, word = tokens.pop()
    if word in ("{", "<"):
        return _message(tokens, "}" if word == "{" else ">")
    if kind == "number":
        return _number(word)
    if kind == "text":
        text = ast.literal_eval(word)
        while tokens and tokens[-1][0] == "text":
            text += ast.literal_eval(tokens.pop()[1])
        return text
    if kind == "name":
        return _WORDS.get(word, word)
    raise invalid(f"{word!r} stands where a value should")


def _number(word: str) -> int | float:
    try:
        return int(word, 0)
    except ValueError:
        try:
            return float(word.rstrip("f"))
        except ValueError:
            raise invalid(f"{word!r} is no number") from None


def one(message: Message, name: str, default: Any) -> Any:
    """The last value of a field; of a wrapper (`name { value: 8 }`) what it wraps."""
    value = message.get(name, [default])[-1]
    return value.get("value", [default])[-1] if isinstance(value, dict) else value
