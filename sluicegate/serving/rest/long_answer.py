"""The answer to a predict request whose outputs are large: the text of `encode`, a piece at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import prod

from sluicegate.serving.aside import LARGE, breathe
from sluicegate.serving.rest.encode import check_rows, objects, printed
from sluicegate.serving.rest.layout import INDENT, brackets, nest
from sluicegate.serving.rest.leaves import Array
from sluicegate.serving.rest.quoting import quoted_string
from sluicegate.serving.status import invalid

#: Elements that are printed together.
_ELEMENTS = 4096
#: Bytes that are sent together.
_SENT = 2**18


def encode_long(outputs: Mapping[str, Array], row_format: bool, elements: int = _ELEMENTS) -> list[bytes]:
    """As `encode.encode`, in parts that are to be sent one after the other. In a thread aside.

    elements : printed together.

    Raises ServingError.
    """
    if not outputs:
        raise invalid("Cannot convert empty tensor map to JSON")
    return gathered(_predictions(outputs, elements) if row_format else _columns(outputs, elements))


def is_large(outputs: Mapping[str, Array]) -> bool:
    """Whether printing them takes so long that it must not be done in the event loop."""
    return sum(output.nbytes for output in outputs.values()) >= LARGE // 2


def gathered(pieces: Iterable[str]) -> list[bytes]:
    """The pieces as UTF-8, put together to what is worth sending."""
    parts = [bytearray()]
    for text in pieces:
        if len(parts[-1]) >= _SENT:
            parts.append(bytearray())
        parts[-1] += text.encode("utf-8", "surrogateescape")
        breathe()
    return [bytes(part) for part in parts]


def _predictions(outputs: Mapping[str, Array], elements: int) -> Iterator[str]:
    check_rows(outputs)
    yield '{\n    "predictions": '
    if len(outputs) == 1:
        [(name, output)] = outputs.items()
        if not len(output):
            yield "[]"
        else:
            yield "["
            yield from _elements(name, output, 1 + output.ndim, None, elements)
            yield "\n" + INDENT + "]"
    else:
        yield from _objects(outputs, elements)
    yield "\n}"


def _objects(outputs: Mapping[str, Array], elements: int) -> Iterator[str]:
    rows = len(next(iter(outputs.values())))
    if not rows:
        yield "[]"
        return
    start, comma, end = brackets(1)
    together = elements // max(sum(prod(output.shape[1:]) for output in outputs.values()), 1)
    for first in range(0, rows, max(together, 1)):
        yield comma if first else start
        if together:
            yield comma.join(objects({name: output[first : first + together] for name, output in outputs.items()}))
        else:
            yield from _object({name: output[first, ...] for name, output in outputs.items()}, elements)
    yield end


def _object(row: Mapping[str, Array], elements: int) -> Iterator[str]:
    yield "{"
    for position, (name, output) in enumerate(row.items()):
        yield ("," if position else "") + "\n" + INDENT * 3 + quoted_string(name) + ": "
        yield from _nested(name, output, 3 + output.ndim, None, elements)
    yield "\n" + INDENT * 2 + "}"


def _columns(outputs: Mapping[str, Array], elements: int) -> Iterator[str]:
    yield '{\n    "outputs": '
    if len(outputs) == 1:
        [(name, output)] = outputs.items()
        yield from _nested(name, output, 1 + output.ndim, 1, elements)
    else:
        for position, (name, output) in enumerate(outputs.items()):
            yield ("," if position else "{") + f"\n{INDENT * 2}{quoted_string(name)}: "
            yield from _nested(name, output, 2 + output.ndim, 2, elements)
        yield "\n" + INDENT + "}"
    yield "\n}"


def _nested(name: str, output: Array, depth: int, line: int | None, elements: int) -> Iterator[str]:
    """An output's JSON.

    depth : as in `encode.printed`.  line : as in `layout.nest`.
    """
    if output.ndim and not len(output):
        yield "[]"
    elif output.size <= elements:
        whole = output.reshape((1, *output.shape))
        yield nest(printed(name, whole, depth), whole.shape, line)[0]
    else:
        start, _, end = brackets(line)
        yield start
        yield from _elements(name, output, depth, line, elements)
        yield end


def _elements(name: str, output: Array, depth: int, line: int | None, elements: int) -> Iterator[str]:
    """What stands between an output's outer brackets."""
    _, comma, _ = brackets(line)
    inner = None if line is None else line + 1
    each = prod(output.shape[1:])
    together = elements // max(each, 1)
    for first in range(0, len(output), max(together, 1)):
        if first:
            yield comma
        if together:
            part = output[first : first + together]
            yield comma.join(nest(printed(name, part, depth), part.shape, inner))
        else:
            yield from _nested(name, output[first], depth, inner, elements)
