"""What is wrong with a predict request, in TensorFlow Serving's words: the first fault in the order of the request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sluicegate.serving.rest.leaves import LARGEST_RANK, check, is_base64, is_convertible, unimplemented
from sluicegate.serving.rest.quoting import quoted
from sluicegate.serving.signature import TensorSpec
from sluicegate.serving.status import ServingError, invalid


@dataclass(frozen=True, slots=True)
class _Measure:
    size: int
    shape: list[int]


@dataclass(slots=True)
class _First:
    """What the first row set for each input; all others must equal it.

    types_matter : whether a value's type is looked at. Where a version reads cells itself, a text may be a number.
    """

    types_matter: bool = True
    measures: dict[str, _Measure] = field(default_factory=dict)

    def compare(self, name: str, other: _Measure) -> None:
        first = self.measures.setdefault(name, other)
        if first.size != other.size:
            raise invalid(f"Expecting tensor size: {first.size} but got: {other.size}")
        if first.shape != other.shape:
            raise invalid(f"Expecting shape {_shape_text(first.shape)} but got: {_shape_text(other.shape)}")


def of_rows(rows: list[Any], inputs: Mapping[str, TensorSpec], types_matter: bool = True) -> ServingError:
    """The refusal of a list of "instances", not empty.  types_matter : as in `_First`."""
    if not isinstance(rows[0], dict) and len(inputs) > 1:
        return invalid(
            "instances is a plain list, but expecting list of objects as multiple "
            "input tensors required as per tensorinfo_map"
        )
    first = _First(types_matter)
    read = _named if _is_object(rows[0]) else _plain
    try:
        for position, row in enumerate(rows):
            read(position, row, inputs, first)
    except ServingError as refusal:
        return refusal
    return _not_all_inputs(inputs, first) or _no_elements(rows, inputs)


def of_column(value: Any, spec: TensorSpec) -> ServingError:
    """The refusal of one input of "inputs"."""
    try:
        _measure(value, spec.dtype, LARGEST_RANK)
    except ServingError as refusal:
        return refusal
    return _no_elements(value, {"": spec})


def _named(position: int, row: Any, inputs: Mapping[str, TensorSpec], first: _First) -> None:
    if not _is_object(row):
        raise invalid(f"Expecting object but got list at item {position} of input list")
    for name, value in row.items():
        try:
            if name not in inputs:
                raise invalid(f"JSON object: does not have named input: {name}")
            if first.types_matter or isinstance(value, list | dict):
                first.compare(name, _measure(value, inputs[name].dtype, LARGEST_RANK - 1))
            else:
                first.compare(name, _Measure(1, []))
        except ServingError as fault:
            raise _failed(f"{position} key: {name} of 'instances' list. Error: {_status(fault)}") from None
    if row.keys() != inputs.keys():
        keys = ",".join(sorted(inputs))
        raise _failed(f"{position} of 'instances' list. JSON object: {quoted(row)} keys must be equal to: {keys}")


def _plain(position: int, row: Any, inputs: Mapping[str, TensorSpec], first: _First) -> None:
    if _is_object(row):
        raise invalid(f"Expecting value/list but got object at item {position} of input list")
    name, spec = next(iter(inputs.items()))
    try:
        first.compare(name, _measure(row, spec.dtype, LARGEST_RANK - 1))
    except ServingError as fault:
        raise _failed(f"{position} of 'instances' list. Error: {_status(fault)}") from None


def _measure(value: Any, dtype: str, largest_rank: int) -> _Measure:
    """The number of elements, and the shape along the first branch, which all the others must have."""
    shape = _shape(value, largest_rank)
    return _Measure(_count(value, 0, shape, dtype), shape)


def _shape(value: Any, largest_rank: int) -> list[int]:
    shape: list[int] = []
    while isinstance(value, list):
        if len(shape) == largest_rank:
            raise invalid(f"Encountered list nested deeper than {largest_rank} levels")
        shape.append(len(value))
        value = value[0] if value else None
    return shape


def _count(value: Any, level: int, shape: list[int], dtype: str) -> int:
    rank = len(shape)
    if not isinstance(value, list):
        if level != rank:
            raise invalid(
                f"JSON Value: {quoted(value)} found at incorrect level: {level + 1}"
                f" in the JSON DOM. Expected at level: {rank}"
            )
        check(value, dtype)
        return 1
    if level >= rank:
        raise invalid(f"Encountered list at unexpected level: {level} expected < {rank}")
    if len(value) != shape[level]:
        raise invalid(
            f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: {shape[level]}"
        )
    return sum(_count(element, level + 1, shape, dtype) for element in value)


def _not_all_inputs(inputs: Mapping[str, TensorSpec], first: _First) -> ServingError | None:
    """For rows of {"b64": ...} to a signature of several inputs, of which they give only one."""
    given, wanted = sorted(first.measures), sorted(inputs)
    if given == wanted:
        return None
    missing = ",".join(name for name in wanted if name not in given)
    return invalid(
        f"input size does not match signature: {len(given)}!={len(wanted)}"
        f" len({{{','.join(given)}}}) != len({{{','.join(wanted)}}})."
        f" Sent extra: {{}}. Missing but required: {{{missing}}}."
    )


def _no_elements(value: Any, inputs: Mapping[str, TensorSpec]) -> ServingError:
    """For empty lists to an input of a type that JSON cannot give: no element could be refused."""
    dtype = next((spec.dtype for spec in inputs.values() if not is_convertible(spec.dtype)), "DT_INVALID")
    return unimplemented(value, dtype)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and not is_base64(value)


def _failed(what: str) -> ServingError:
    return invalid(f"Failed to process element: {what}")


def _status(fault: ServingError) -> str:
    return f"{fault.code.name}: {fault.message}"


def _shape_text(shape: list[int]) -> str:
    return f"[{','.join(map(str, shape))}]"
