"""Files in protobuf's text format, and what is wrong with them in words that help."""

from __future__ import annotations

import difflib
import re
from typing import Any, TypeVar

from sluicegate.serving.status import Code, ServingError

_UNKNOWN = re.compile(r'Message type "([\w.]+)" has no field named "([^"]+)"')
_PLACE = re.compile(r"^(\d+):(\d+) : ")
_NAME = re.compile(r"[A-Za-z_]\w*")
_Message = TypeVar("_Message")


class TextError(ServingError):
    """line : from 1, or None where it is not known.  got, allowed : as in schemas.errors.Problem."""

    def __init__(self, line: int | None, got: str, allowed: str = "") -> None:
        where = f"line {line}: " if line else ""
        super().__init__(Code.INVALID_ARGUMENT, where + got + (f"; {allowed}" if allowed else ""))
        self.line, self.got, self.allowed = line, got, allowed


def parse(text: str, message: _Message) -> _Message:
    """Reads `text` into the message and returns it. Raises TextError for what its type does not have."""
    from google.protobuf import text_format

    try:
        text_format.Parse(text, message)
    except text_format.ParseError as error:
        raise _explained(text, str(error), message.DESCRIPTOR) from None  # type: ignore[attr-defined]
    return message


def _explained(text: str, error: str, root: Any) -> TextError:
    place, unknown = _PLACE.match(error), _UNKNOWN.search(error)
    line = int(place[1]) if place else None
    types = _types_below(root)
    if unknown:
        kind, name = types.get(unknown[1]), unknown[2]
        return TextError(line, f"{name!r} is not known", _nearest(name, [f.name for f in kind.fields] if kind else []))
    said = _PLACE.sub("", error).rstrip(".")
    if place and line:
        # protobuf quotes the whole line, which may be a private key.
        said = said.removeprefix("'" + text.split("\n")[line - 1] + "': ")
        wrapper = _wrapper_at(text, line, int(place[2]), types) if said.startswith('Expected "{"') else None
        if wrapper is not None:
            return TextError(line, f"{wrapper.name} is no plain value", f"`{wrapper.name} {{ value: ... }}`")
    return TextError(line, said)


def _types_below(root: Any) -> dict[str, Any]:
    """The message's type, and those of its fields at any depth, by full name."""
    found, open_ = {root.full_name: root}, [root]
    while open_:
        for field in open_.pop().fields:
            kind = field.message_type
            if kind is not None and kind.full_name not in found:
                found[kind.full_name] = kind
                open_.append(kind)
    return found


def _wrapper_at(text: str, line: int, column: int, types: dict[str, Any]) -> Any:
    """The field before this place, where its type wraps a plain value and must be written so."""
    lines = text.split("\n")[:line]
    before = "\n".join([*lines[:-1], lines[-1][: column - 1]]) if lines else ""
    names = _NAME.findall(before)
    for kind in types.values():
        field = kind.fields_by_name.get(names[-1]) if names else None
        if field is not None and field.message_type is not None and set(field.message_type.fields_by_name) == {"value"}:
            return field
    return None


def _nearest(name: str, known: list[str]) -> str:
    found = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return (f"did you mean {found[0]!r}? " if found else "") + f"known: {', '.join(known)}"
