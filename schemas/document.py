"""A frozen dataclass as a JSON file: with a version, without NaN or infinity, and read back by its type hints."""

from __future__ import annotations

import enum
import json
import math
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class RecordError(ValueError):
    """A record that cannot be read: no JSON, of another version, or without what it must hold."""


def finite(value: float) -> float | None:
    """The number; None for NaN and infinity, which JSON does not have."""
    return value if math.isfinite(value) else None


@dataclass(frozen=True)
class Document(Generic[T]):
    """How one kind of dataclass is written and read.

    version : another one is refused.  version_key : under which it stands in the file.
    derived : properties that are written for readers that do not know the class, and are worked out anew when read.
    number : what is written for a float.  indent : spaces per level, None for one line.
    """

    kind: type[T]
    file_name: str
    version: int = 1
    version_key: str = "format_version"
    derived: tuple[str, ...] = ()
    number: Callable[[float], float | None] = finite
    indent: int | None = None

    def to_json(self, value: T) -> str:
        """What is not finite is written as null."""
        content = {self.version_key: self.version, **asdict(value)}  # type: ignore[call-overload]
        content |= {name: getattr(value, name) for name in self.derived}
        return json.dumps(self._plain(content), indent=self.indent, ensure_ascii=False, allow_nan=False) + "\n"

    def from_json(self, text: str) -> T:
        """Reads what `to_json` wrote. Raises RecordError."""
        content = _parsed(text)
        if not isinstance(content, dict) or content.pop(self.version_key, None) != self.version:
            raise RecordError(f"{self.file_name} is not of {self.version_key.replace('_', ' ')} {self.version}")
        return build(self.kind, {key: found for key, found in content.items() if key not in self.derived})

    def write(self, value: T, folder: str | Path) -> Path:
        """Writes the file into `folder` (made if missing) and returns its path."""
        path = Path(folder) / self.file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        # A table may hold half a surrogate pair, which UTF-8 cannot carry; "?" stands for it, as in the reports.
        path.write_text(self.to_json(value), encoding="utf-8", errors="replace")
        return path

    def read(self, folder: str | Path) -> T:
        """What the file in `folder` says. Raises FileNotFoundError, RecordError."""
        return self.from_json(text_of(Path(folder) / self.file_name))

    def read_if_there(self, folder: str | Path) -> T | None:
        """None where there is no file. Raises RecordError."""
        return self.read(folder) if (Path(folder) / self.file_name).exists() else None

    def _plain(self, value: Any) -> Any:
        if isinstance(value, float):
            return self.number(value)
        if isinstance(value, Mapping):
            return {str(key): self._plain(inner) for key, inner in value.items()}
        return [self._plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def to_text(value: Any) -> str:
    """A dataclass as a step's parameter: JSON on one line, its keys sorted, so that equal values are equal texts."""
    return json.dumps(asdict(value), sort_keys=True, ensure_ascii=False)


def from_text(kind: type[T], text: str) -> T:
    """Reads what `to_text` wrote. Raises RecordError."""
    return build(kind, _parsed(text))


def build(kind: type[T], content: Any) -> T:
    """Parsed JSON as the dataclass that it was; fields that are not in it keep their defaults.

    Null is NaN in a field of type float, and None in one of float | None. Raises RecordError.
    """
    try:
        return typing.cast(T, _build(kind, content))
    except RecordError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RecordError(f"{getattr(kind, '__name__', kind)}: {_told(error)}") from error


def text_of(file: Path) -> str:
    """What a file of ours holds. Raises FileNotFoundError where there is none, RecordError where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(str(error)) from error


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"no JSON: {error}") from error


def _told(error: Exception) -> str:
    return f"there is no key {error}" if isinstance(error, KeyError) else str(error)


def _build(hint: Any, value: Any) -> Any:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if value is None:
        # Null stands for what was not finite, where the field always is a number.
        return math.nan if hint is float else None
    if origin in (types.UnionType, typing.Union):
        return _build(args[0], value)
    if isinstance(hint, type) and not args:
        return _build_class(hint, value)
    if origin is tuple:
        inner = [args[0]] * len(value) if args[-1] is Ellipsis else list(args)
        return tuple(_build(one, part) for one, part in zip(inner, value, strict=True))
    return {key: _build(args[1], part) for key, part in value.items()} if isinstance(value, dict) else value


def _build_class(kind: type, value: Any) -> Any:
    if hasattr(kind, "__dataclass_fields__"):
        hints = typing.get_type_hints(kind)
        return kind(**{key: _build(hints[key], part) for key, part in value.items()})
    return kind(value) if issubclass(kind, enum.Enum) else value
