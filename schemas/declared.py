"""How a setting is declared where it is used: the range, unit and reason of a value stand beside its default, once.

The class is a plain frozen dataclass that needs no pydantic. The settings file (pipeline/settings) composes such classes: pydantic reads the
ranges off the fields' metadata, and the docs their units and reasons. What reaches a step as JSON is checked by `refuse_wrong`.
"""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Literal

from schemas.contradiction import Contradiction, Contradictions
from schemas.errors import Problem, SettingsError
from schemas.names import OF_MANY, did_you_mean

#: No metric comes near it; a bound beyond is a slip of the keyboard.
FAR = 1e12


def limit(  # noqa: PLR0913 - each word is said once per setting
    default: Any, *, low: float, high: float, unit: str, why: str, above: bool = False, below: bool = False
) -> Any:
    """A number with its range, unit and reason.  above, below : that end itself is not allowed."""
    ends: dict[str, Any] = {"gt" if above else "ge": low, "lt" if below else "le": high}
    return said(default, why, strict=True, json_schema_extra={"unit": unit}, **ends)


def switch(default: bool, why: str) -> Any:
    """True or false, and nothing that merely looks like it."""
    return said(default, why, strict=True)


def said(default: Any = dataclasses.MISSING, why: str = "", *, words: str = "", **rules: Any) -> Any:
    """Any other value, with its reason.

    words : what may stand there, where the type does not say it.  rules : by their names in pydantic.Field.
    """
    metadata = {"description": why, **({"json_schema_extra": {"words": words}} if words else {}), **rules}
    if isinstance(default, Mapping):
        return dataclasses.field(default_factory=lambda: dict(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


class Before:
    """In Annotated: changes what the settings file says before it is checked."""

    def __init__(self, change: Callable[[Any], Any]) -> None:
        self.change = change

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_before_validator_function(self.change, handler(source))


@dataclasses.dataclass(frozen=True)
class Whole:
    """In Annotated: a whole number of a list, from `ge` to `le`."""

    ge: int
    le: int

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.int_schema(strict=True, ge=self.ge, le=self.le)


class Declared:
    """A section of the settings. Frozen; in the settings file unknown keys are errors, and defaults are checked like everything else."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = {"extra": "forbid", "validate_default": True}

    def contradictions(self) -> Iterator[Contradiction]:
        """Values that are right one by one and make no sense together; the settings file is refused for them."""
        return iter(())

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(_consistent, handler(source))


def _consistent(section: Declared) -> Declared:
    found = tuple(section.contradictions())
    if found:
        raise Contradictions(*found)
    return section


def refuse_wrong(kind: type[Declared], values: Mapping[str, Any], section: str, headline: str) -> None:
    """Checks values that came as JSON, without pydantic.

    section : the settings section that they belong to.

    Raises
    ------
    SettingsError : unknown keys and values out of range, all of them together.
    """
    hints = typing.get_type_hints(kind)
    known = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    problems = []
    for key, value in values.items():
        if key not in known:
            remedy = did_you_mean(key, known, "remove it", OF_MANY)
            problems.append(Problem(f"key {section}.{key}", "an unknown key", ", ".join(sorted(known)), remedy))
        elif allowed := _violated(hints[key], known[key].metadata, value):
            problems.append(Problem(f"key {section}.{key}", repr(value), allowed, "correct the value"))
    if problems:
        raise SettingsError(headline, *problems)


def _violated(hint: Any, rules: Mapping[str, Any], value: Any) -> str:
    """What may stand there, where the value is not that; "" where it is."""
    if typing.get_origin(hint) is Literal:
        words = typing.get_args(hint)
        return "" if value in words else f"one of {', '.join(words)}"
    if hint not in (int, float):
        return ""
    is_kind = isinstance(value, int if hint is int else (int, float)) and not isinstance(value, bool)
    low, high = rules.get("ge", rules.get("gt", -math.inf)), rules.get("le", rules.get("lt", math.inf))
    if is_kind and low <= value <= high and value != rules.get("gt") and value != rules.get("lt"):
        return ""
    ends = f"{'above ' if 'gt' in rules else ''}{low:g} to {'below ' if 'lt' in rules else ''}{high:g}"
    return f"a {'whole ' if hint is int else ''}number, {ends}"
