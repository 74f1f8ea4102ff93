"""What a setting may be, in plain words, read off the types in settings.py: for errors, `--plan` and the docs."""

from __future__ import annotations

import dataclasses
import functools
import operator
import types
import typing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import annotated_types as bounds
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from pipeline.settings.declaration import Section
from pipeline.settings.types import Settings
from schemas.declared import Declared


@dataclass(frozen=True)
class Shape:
    """The type at one key.

    hint : the type without None; optional : whether None may stand there.  constraints : its bounds.
    key : dotted, as far as it was found.  info : the pydantic field, absent for items of lists and mappings.
    """

    key: str
    hint: Any
    constraints: tuple[Any, ...] = ()
    optional: bool = False
    info: FieldInfo | None = None

    @property
    def default(self) -> Any:
        """The default, or PydanticUndefined where there is none."""
        return self.info.get_default(call_default_factory=True, validated_data={}) if self.info else PydanticUndefined

    @property
    def required(self) -> bool:
        return self.info is not None and self.info.is_required()

    @property
    def extra(self) -> dict[str, Any]:
        return dict(self.info.json_schema_extra) if self.info and isinstance(self.info.json_schema_extra, dict) else {}

    @property
    def unit(self) -> str:
        return str(self.extra.get("unit", ""))

    @property
    def why(self) -> str:
        return (self.info.description if self.info else None) or ""


@dataclass(frozen=True)
class Range:
    """Lowest and highest value.  above, below : the end itself is not allowed."""

    low: float | None = None
    high: float | None = None
    above: bool = False
    below: bool = False


ROOT = Shape("", Settings)


def shape_at(path: Sequence[str | int]) -> Shape:
    """The shape at `path`; where the path leaves the known keys (or enters a union's branch), the last known one."""
    shape = ROOT
    for part in path:
        inner = _inside(shape, part)
        if inner is None:
            break
        shape = inner
    return shape


def section_keys(shape: Shape) -> dict[str, Shape]:
    """The keys of a section, as the user writes them; empty for anything else."""
    if not _is_section(shape.hint):
        return {}
    found = {}
    for name, info in _fields(shape.hint).items():
        key = info.alias or name
        hint, constraints, optional = _plain(info.annotation, tuple(info.metadata))
        found[key] = Shape(f"{shape.key}.{key}" if shape.key else key, hint, constraints, optional, info)
    return found


def leaves(shape: Shape = ROOT) -> Iterator[Shape]:
    """Every setting that is not itself a section, in the order of settings.py; list items are not entered."""
    for inner in section_keys(shape).values():
        if _is_section(inner.hint):
            yield from leaves(inner)
        else:
            yield inner


def item_of(shape: Shape) -> Shape | None:
    """The shape of a list's items, or None."""
    return _inside(shape, 0) if typing.get_origin(shape.hint) is tuple else None


def allowed(shape: Shape) -> str:
    """What may stand at this key, such as "a whole number from 1 to 10000 (epochs)"."""
    if "words" in shape.extra:
        return str(shape.extra["words"])
    unit = shape.unit
    words = _words(shape.hint, shape.constraints)
    return f"{words} ({unit})" if unit and unit not in words else words


def range_of(shape: Shape) -> Range:
    """The bounds of a number, also of one that stands in a union."""
    return _range(_constraints(shape.hint, shape.constraints))


def is_number(hint: Any) -> bool:
    """Whether a number may stand there."""
    if hint in (int, float):
        return True
    parts = typing.get_args(hint) if _is_union(hint) or typing.get_origin(hint) is Annotated else ()
    return any(is_number(part) for part in parts if isinstance(part, type) or typing.get_origin(part))


def choices(hint: Any) -> tuple[str, ...]:
    """The words of a Literal, also within a union."""
    if typing.get_origin(hint) is Literal:
        return tuple(str(value) for value in typing.get_args(hint))
    return tuple(c for part in (typing.get_args(hint) if _is_union(hint) else ()) for c in choices(part))


def _inside(shape: Shape, part: str | int) -> Shape | None:
    if _is_section(shape.hint):
        return section_keys(shape).get(str(part))
    origin, args = typing.get_origin(shape.hint), typing.get_args(shape.hint)
    key = f"{shape.key}.{part}" if shape.key else str(part)
    if origin is tuple and str(part).isdecimal():
        return Shape(key, *_plain(args[0], ()))
    if origin is dict and part != "[key]":
        return Shape(key, *_plain(args[1], ()))
    return None


def _plain(hint: Any, constraints: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...], bool]:
    """The type without None and Annotated, its constraints, and whether None is allowed."""
    if typing.get_origin(hint) is Annotated:
        inner, *notes = typing.get_args(hint)
        return _plain(inner, (*constraints, *_flat(notes)))
    if _is_union(hint) and type(None) in typing.get_args(hint):
        without = functools.reduce(operator.or_, (arg for arg in typing.get_args(hint) if arg is not type(None)))
        return (*_plain(without, constraints)[:2], True)
    return hint, constraints, False


def _flat(notes: Sequence[Any]) -> list[Any]:
    return [one for note in notes for one in (note.metadata if isinstance(note, FieldInfo) else [note])]


def _constraints(hint: Any, constraints: tuple[Any, ...]) -> tuple[Any, ...]:
    """Those of the type itself and of the branches of a union."""
    inner = [c for part in (typing.get_args(hint) if _is_union(hint) else ()) for c in _plain(part, ())[1]]
    return (*constraints, *inner)


def _words(hint: Any, constraints: tuple[Any, ...]) -> str:
    hint, constraints, _ = _plain(hint, constraints)
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return str(args[0]) if len(args) == 1 else f"one of {', '.join(map(str, args))}"
    if _is_union(hint):
        return ", or ".join(_words(arg, ()) for arg in args)
    if origin is tuple:
        return f"a list of {_many(args[0])}{_length(constraints)}"
    if origin is dict:
        return f"lines of the form `{_name(args[0])}: value`, where value is {_words(args[1], ())}"
    return _one(hint, constraints)


def _one(hint: Any, constraints: tuple[Any, ...]) -> str:
    if hint in (int, float):
        return f"{'a whole number' if hint is int else 'a number'}{_bounds(constraints)}"
    if _is_section(hint):
        return f"a section with the keys {', '.join(section_keys(Shape('', hint)))}"
    one_character = any(isinstance(c, bounds.MaxLen) and c.max_length == 1 for c in constraints)
    return {bool: "true or false", str: "one character" if one_character else "text"}.get(hint, "a value")


def _many(hint: Any) -> str:
    inner, constraints, _ = _plain(hint, ())
    if inner is str:
        return "texts"
    if inner in (int, float):
        return f"{'whole ' if inner is int else ''}numbers{_bounds(constraints)}"
    if typing.get_origin(inner) is tuple:
        return f"lists of {_many(typing.get_args(inner)[0])}"
    return f"sections with the keys {', '.join(section_keys(Shape('', inner)))}" if _is_section(inner) else "values"


def _name(hint: Any) -> str:
    return "/".join(choices(hint)) or "name"


def _range(constraints: Sequence[Any]) -> Range:
    found: dict[str, Any] = {}
    for one in constraints:
        for name in ("ge", "gt", "le", "lt"):
            if getattr(one, name, None) is not None:
                found[name] = getattr(one, name)
    low, high = found.get("ge", found.get("gt")), found.get("le", found.get("lt"))
    return Range(low, high, above="gt" in found, below="lt" in found)


def _bounds(constraints: Sequence[Any]) -> str:
    bound = _range(constraints)
    if bound.low is None or bound.high is None:
        return ""
    low, high = show_number(bound.low), show_number(bound.high)
    if bound.above:
        return f" above {low} and {'below' if bound.below else 'up to'} {high}"
    return f" from {low} to {'below ' if bound.below else ''}{high}"


def _length(constraints: Sequence[Any]) -> str:
    low = next((c.min_length for c in constraints if isinstance(c, bounds.MinLen)), None)
    high = next((c.max_length for c in constraints if isinstance(c, bounds.MaxLen)), None)
    return f", {low} to {high} of them" if low is not None and high is not None else ""


def show_number(value: float) -> str:
    """A bound as people write it: 10000, 0.95, 1e12."""
    return f"{value:.0e}".replace("+", "") if abs(value) >= 1e10 else f"{value:.12g}"


def _is_union(hint: Any) -> bool:
    return typing.get_origin(hint) in (typing.Union, types.UnionType)


def _is_section(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Section | Declared)


@functools.cache
def _fields(section: Any) -> dict[str, FieldInfo]:
    if issubclass(section, Section):
        return section.model_fields
    hints = typing.get_type_hints(section, include_extras=True)
    return {
        field.name: FieldInfo.from_annotated_attribute(hints[field.name], field)
        for field in sorted(dataclasses.fields(section), key=lambda one: one.name not in section.__annotations__)
    }
