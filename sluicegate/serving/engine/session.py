"""How a SavedModel's session is made; without TensorFlow, which takes seconds to come."""

from __future__ import annotations

from dataclasses import dataclass

SERVE = "serve"


@dataclass(frozen=True)
class SessionSettings:
    """Of each loaded version.

    intra_op, inter_op : threads within one operation and between operations; 0 leaves it to `config`, else to TensorFlow.
    tags : of the graph in the SavedModel, exactly.
    gpu_memory_fraction : of each GPU, 0 to 1; 0 lets TensorFlow choose.
    config : a serialized ConfigProto, on which the others are put.
    """

    intra_op: int = 0
    inter_op: int = 0
    tags: tuple[str, ...] = (SERVE,)
    gpu_memory_fraction: float = 0.0
    config: bytes = b""


PLAIN = SessionSettings()


def config_of(text: str) -> bytes:
    """A tensorflow_session_config_file (ConfigProto as text), serialized. Raises TextError."""
    from tensorflow.core.protobuf import config_pb2

    from sluicegate.serving import textproto

    return textproto.parse(text, config_pb2.ConfigProto()).SerializeToString()
