"""Serialized tf.Examples among the texts that clients send."""

from __future__ import annotations

from functools import cache
from typing import Any

#: Of an Example that says nothing: no bytes, or an empty Features.
EMPTY = (b"", b"\n\x00")
# tf.Example has field 1 only, tf.SequenceExample 1 and 2, all length-delimited.
_TAGS = (0x0A, 0x12)


@cache
def _example_type() -> Any:
    from tensorflow.core.example import example_pb2

    return example_pb2.Example


def parse(value: bytes) -> Any | None:
    """The tf.Example, if these bytes are one with features and nothing that this program does not know."""
    if value[:1] != b"\n" or not looks_like_message(value):
        return None
    from google.protobuf.message import DecodeError

    try:
        example = _example_type().FromString(value)
    except DecodeError:
        return None
    size = example.ByteSize()
    example.DiscardUnknownFields()
    return example if example.features.feature and example.ByteSize() == size else None


def looks_like_message(value: bytes) -> bool:
    r"""Whether the outermost frame is that of a tf.Example or tf.SequenceExample, whatever is inside.

    >>> looks_like_message(b"\n\x03abc"), looks_like_message(b"Private"), looks_like_message(b"")
    (True, False, False)
    """
    at, end = 0, len(value)
    while at < end:
        if value[at] not in _TAGS:
            return False
        length, at = _varint(value, at + 1)
        at += length
    return at == end > 0


def _varint(value: bytes, at: int) -> tuple[int, int]:
    """A protobuf length and where it ends; a length that never ends reaches behind the value."""
    length = shift = 0
    while at < len(value) and shift < 64:
        length |= (value[at] & 0x7F) << shift
        at += 1
        if value[at - 1] < 0x80:
            return length, at
        shift += 7
    return len(value) + 1, at


def values_of(feature: Any) -> tuple[str, Any]:
    """Kind ("int64_list", "float_list", "bytes_list" or "" where none is set) and values of a feature."""
    kind = feature.WhichOneof("kind")
    return (kind, getattr(feature, kind).value) if kind else ("", ())
