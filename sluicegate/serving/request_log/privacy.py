"""What must not reach the disk is taken out before a format sees it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sluicegate.serving.exchange import Exchange, Part, Tensors, Together
from sluicegate.serving.request_log import examples
from sluicegate.serving.request_log.settings import RequestLogSettings


@dataclass(frozen=True)
class Privacy:
    """leave_out, hashed : names of inputs, outputs and features.  key : of the hash, at most 64 bytes."""

    leave_out: frozenset[str]
    hashed: frozenset[str]
    key: bytes

    @classmethod
    def of(cls, settings: RequestLogSettings) -> Privacy:
        raw = settings.hash_secret.encode("utf-8", "surrogatepass")
        key = raw if len(raw) <= 64 else hashlib.sha256(raw).digest()
        return cls(frozenset(settings.leave_out), frozenset(settings.hash_columns), key)

    def __bool__(self) -> bool:
        return bool(self.leave_out or self.hashed)


def redact(exchange: Exchange, privacy: Privacy) -> Exchange:
    """The exchange without what is private."""
    if not privacy:
        return exchange
    kept = Together(_tensors(exchange.part.inputs, privacy), _tensors(exchange.part.outputs, privacy))
    return exchange._replace(part=Part(kept))


def _tensors(tensors: Tensors, privacy: Privacy) -> Tensors:
    kept: dict[str, npt.NDArray[Any]] = {}
    for name, array in tensors.items():
        if name in privacy.leave_out:
            continue
        if name in privacy.hashed:
            kept[name] = _mapped(array, [digest(value, privacy.key) for value in array.ravel().tolist()])
        elif array.dtype.kind in "OSU":
            kept[name] = _texts(array, privacy)
        else:
            kept[name] = array
    return kept


def _mapped(array: npt.NDArray[Any], values: list[bytes]) -> npt.NDArray[Any]:
    result = np.empty(array.size, object)
    result[:] = values
    return result.reshape(array.shape)


def _texts(array: npt.NDArray[Any], privacy: Privacy) -> npt.NDArray[Any]:
    """Texts as they are; among tf.Examples only what can be read for sure is kept, and rewritten."""
    values = [as_bytes(value) for value in array.ravel().tolist()]
    if not any(examples.looks_like_message(value) for value in values):
        return array
    return _mapped(array, [_rewritten(value, privacy) for value in values])


def _rewritten(value: bytes, privacy: Privacy) -> bytes:
    example = examples.parse(value)
    if example is None:
        return b""
    features = example.features.feature
    for name in list(features):
        if name in privacy.leave_out:
            del features[name]
        elif name in privacy.hashed:
            hashes = [digest(item, privacy.key) for item in examples.values_of(features[name])[1]]
            features[name].Clear()
            features[name].bytes_list.value.extend(hashes)
    return bytes(example.SerializeToString())


def digest(value: Any, key: bytes) -> bytes:
    """32 hexadecimal characters. A number is hashed as Python writes it, so 5 is 5 in a column and in a tf.Example."""
    text = value if isinstance(value, bytes) else as_bytes(str(value))
    return hashlib.blake2b(text, digest_size=16, key=key).hexdigest().encode()


def as_bytes(value: Any) -> bytes:
    """A text as it goes over the wire."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
