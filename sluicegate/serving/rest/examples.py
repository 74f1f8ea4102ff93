"""Classify and regress requests, which bring tf.train.Examples written as JSON, and their answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sluicegate.serving.rest.body import Document
from sluicegate.serving.rest.decimals import decimals
from sluicegate.serving.rest.leaves import decode_base64, is_base64
from sluicegate.serving.rest.long_answer import gathered
from sluicegate.serving.rest.quoting import quoted, quoted_string, type_name
from sluicegate.serving.status import ServingError, invalid

#: The field of an Example's feature, by what messages call it.
_LISTS = {"bytes": "bytes_list", "float": "float_list", "int64": "int64_list"}
#: Numbers that are printed together.
_TOGETHER = 4096
_KINDS: dict[type, str] = {bool: "int64", int: "int64", float: "float", str: "bytes"}


def decode_examples(document: Document) -> list[bytes]:
    """The examples of a classify or regress request, each a serialized tf.train.Example.

    The request's "context" stands before each of them: whoever parses the bytes gets its features too, and where
    both have a feature, the example's.

    Raises
    ------
    ServingError
        INVALID_ARGUMENT: no or wrong examples, or values that no feature takes.
    """
    context = _example(document["context"]) if "context" in document else b""
    if "examples" not in document:
        raise _refused(document, "When method is classify, key 'examples' is expected and was not found")
    examples = document["examples"]
    if not isinstance(examples, list):
        raise _refused(document, "Expecting 'examples' value to be an list/array")
    if not examples:
        raise _refused(document, "'examples' value is an empty array")
    return [context + _example(example) for example in examples]


def encode_classifications(classifications: Sequence[Sequence[tuple[str, float]]]) -> bytes:
    """The answer to a classify request.

    classifications : for each example its classes, (label, score as float32); a label may be "".

    Raises
    ------
    ServingError
        INVALID_ARGUMENT: there are none.
    """
    if not classifications:
        raise invalid("Cannot convert empty ClassificationResults to JSON")
    rows = (f"[{', '.join(_classes(classes))}]" for classes in classifications)
    return b"".join(gathered(_results(rows, "\n    ")))


def encode_regressions(regressions: Sequence[float]) -> bytes:
    """The answer to a regress request.

    regressions : for each example its value, as float32.

    Raises
    ------
    ServingError
        INVALID_ARGUMENT: there are none.
    """
    if not len(regressions):
        raise invalid("Cannot convert empty RegressionResults to JSON")
    return b"".join(gathered(_results(_decimals(regressions), "")))


def _decimals(values: Sequence[float]) -> Iterator[str]:
    for first in range(0, len(values), _TOGETHER):
        yield ", ".join(decimals(values[first : first + _TOGETHER]))


def _results(rows: Iterable[str], before_end: str) -> Iterator[str]:
    yield '{\n    "results": ['
    for position, row in enumerate(rows):
        yield ", " + row if position else row
    yield before_end + "]\n}"


def _classes(classes: Sequence[tuple[str, float]]) -> list[str]:
    scores = decimals([score for _, score in classes])
    return [f"[{quoted_string(label)}, {score}]" for (label, _), score in zip(classes, scores, strict=True)]


def _example(features: Any) -> bytes:
    from tensorflow.core.example.example_pb2 import Example

    if not isinstance(features, dict):
        raise invalid(f"Example must be JSON object but got JSON {type_name(features)}")
    example = Example()
    for name, content in features.items():
        feature = example.features.feature[_utf8(name)]
        kind, values = _feature(name, content if isinstance(content, list) else [content])
        if kind:
            getattr(feature, _LISTS[kind]).value.extend(values)
    return bytes(example.SerializeToString(deterministic=True))


def _utf8(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise invalid(f"Feature name is not UTF-8: {name}") from None
    return name


def _feature(name: str, content: list[Any]) -> tuple[str | None, list[Any]]:
    """The values of a feature and their kind, which the first one sets; an empty list has none."""
    first = None
    values = []
    for element in content:
        kind = _kind(name, element)
        first = first or kind
        if kind != first:
            raise invalid(f"Unexpected element type in feature: {name} expecting type: {first}")
        values.append(_value(name, element))
    return first, values


def _kind(name: str, element: Any) -> str:
    if is_base64(element):
        return "bytes"
    kind = _KINDS.get(type(element))
    if kind is None:
        raise invalid(f"Feature: {name} has element with unexpected JSON type: {type_name(element)}")
    return kind


def _value(name: str, element: Any) -> Any:
    if isinstance(element, dict):
        return decode_base64(element)
    if isinstance(element, str):
        return element.encode("utf-8", "surrogateescape")
    if isinstance(element, int) and element >= 2**63:
        raise invalid(f"Feature: {name} has uint64_t element. Only int64_t is supported.")
    return int(element) if isinstance(element, bool) else element


def _refused(document: Document, why: str) -> ServingError:
    return invalid(f"JSON Value: {quoted(document)} {why}")
