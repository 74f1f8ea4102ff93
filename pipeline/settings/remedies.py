"""What to do about a value that cannot stand where it stands."""

from __future__ import annotations

from typing import Any

from pipeline.settings.words import Range, Shape, allowed, choices, is_number, range_of, section_keys, show_number
from schemas.names import did_you_mean


def show(value: Any) -> str:
    """A value as the user would recognise it, with the kind of thing it is where that is not plain."""
    if value is None or isinstance(value, bool):
        return {None: "nothing (null)", True: "true (true or false)", False: "false (true or false)"}[value]
    if isinstance(value, str):
        return f"{_short(value)!r} (text)" if value else "an empty text"
    if isinstance(value, dict):
        return f"a section with the keys {_short(', '.join(map(str, value)))}" if value else "an empty section"
    if isinstance(value, list | tuple):
        return f"the list [{_short(', '.join(map(str, value)))}]"
    return repr(value)


def remedy(shape: Shape, value: Any) -> str:
    """An imperative sentence for a value that does not fit its shape."""
    if choices(shape.hint) and not (is_number(shape.hint) and _is_number(value)):
        return _choice_remedy(shape, value)
    return _number_remedy(shape, value) if is_number(shape.hint) else _kind_remedy(shape, value)


def _choice_remedy(shape: Shape, value: Any) -> str:
    words = choices(shape.hint)
    if isinstance(value, str) and (meant := did_you_mean(value, words)):
        return meant
    if is_number(shape.hint):
        return f"write {allowed(shape)}"
    return f"write one of {', '.join(words)}" if len(words) > 1 else f"write {words[0]}"


def _kind_remedy(shape: Shape, value: Any) -> str:
    name = shape.key.rpartition(".")[2]
    hint = getattr(shape.hint, "__origin__", shape.hint)
    if hint is tuple and isinstance(value, str | int | float):
        return f"write a list: [{value}]"
    if hint is bool:
        return f"write {name}: true or {name}: false, without quotes"
    if section_keys(shape):
        return f"write `{name}:` and its keys below it, indented by two spaces"
    if "words" in shape.extra:
        return "write another one that fits"
    return f"write {allowed(shape)}{_example(shape)}"


def _number_remedy(shape: Shape, value: Any) -> str:
    bound = range_of(shape)
    if _is_number(value):
        return _into_range(value, bound) or f"write a whole number, such as {round(value)}"
    if isinstance(value, str) and _is_number_text(value):
        return f"write {value.strip()} without quotes"
    if isinstance(value, list | tuple | dict):
        return f"write one number, no list and no section{_example(shape)}"
    return f"write {'a whole number' if shape.hint is int else 'a number'}{_example(shape)}"


def _into_range(value: float, bound: Range) -> str:
    """Which way to go, or "" when the value is inside."""
    if value != value:  # noqa: PLR0124 - NaN
        return "write a number: nan is none"
    if bound.low is not None and (value < bound.low or (bound.above and value == bound.low)):
        return (
            f"raise it {'above' if bound.above else 'to'} {show_number(bound.low)}{'' if bound.above else ' or more'}"
        )
    if bound.high is not None and (value > bound.high or (bound.below and value == bound.high)):
        return (
            f"lower it {'below' if bound.below else 'to'} {show_number(bound.high)}{'' if bound.below else ' or less'}"
        )
    return ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_number_text(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _example(shape: Shape) -> str:
    default = shape.default
    plain = isinstance(default, int | float | str) and not isinstance(default, bool)
    return f", such as {default}" if plain and default != "" else ""


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
