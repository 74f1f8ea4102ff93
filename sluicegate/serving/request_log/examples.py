"""Serialized tf.Examples among the texts that clients send."""

from __future__ import annotations

from functools import cache
from typing import Any

#: Of an Example that says nothing: no bytes, or an empty Features.
EMPTY = (b"", b"\n\x00")
# tf.Example has field 1 only, tf.SequenceExample 1 and 2, all length-delimited.
_TAGS = (0x0A, 0x12)


#: tensorflow/core/example/{example,feature}.proto, because to import them is to import TensorFlow: 400 MB for the writer.
_PROTO = """
name: "sluicegate/example.proto" package: "sluicegate" syntax: "proto3"
message_type {
  name: "Example"
  field { name: "features" number: 1 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".sluicegate.Features" }
}
message_type {
  name: "Features"
  field {
    name: "feature" number: 1 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: ".sluicegate.Features.FeatureEntry"
  }
  nested_type {
    name: "FeatureEntry" options { map_entry: true }
    field { name: "key" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING }
    field { name: "value" number: 2 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".sluicegate.Feature" }
  }
}
message_type {
  name: "Feature" oneof_decl { name: "kind" }
  field {
    name: "bytes_list" number: 1 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".sluicegate.BytesList" oneof_index: 0
  }
  field {
    name: "float_list" number: 2 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".sluicegate.FloatList" oneof_index: 0
  }
  field {
    name: "int64_list" number: 3 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".sluicegate.Int64List" oneof_index: 0
  }
}
message_type { name: "BytesList" field { name: "value" number: 1 label: LABEL_REPEATED type: TYPE_BYTES } }
message_type { name: "FloatList" field { name: "value" number: 1 label: LABEL_REPEATED type: TYPE_FLOAT } }
message_type { name: "Int64List" field { name: "value" number: 1 label: LABEL_REPEATED type: TYPE_INT64 } }
"""


@cache
def _example_type() -> Any:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

    pool = descriptor_pool.DescriptorPool()
    pool.Add(text_format.Parse(_PROTO, descriptor_pb2.FileDescriptorProto()))
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("sluicegate.Example"))


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
