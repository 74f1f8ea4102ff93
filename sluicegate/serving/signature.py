"""What a model version takes and gives: the SavedModel's signatures in plain terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import ml_dtypes
import numpy as np

#: Our models' signature of one input per column (models/signatures.py).
RAW_SIGNATURE = "serving_raw"
#: TensorFlow's name of a type to NumPy's; strings are arrays of bytes objects.
NUMPY_TYPES: Mapping[str, np.dtype] = {
    "DT_FLOAT": np.dtype(np.float32),
    "DT_DOUBLE": np.dtype(np.float64),
    "DT_INT8": np.dtype(np.int8),
    "DT_INT16": np.dtype(np.int16),
    "DT_INT32": np.dtype(np.int32),
    "DT_INT64": np.dtype(np.int64),
    "DT_UINT8": np.dtype(np.uint8),
    "DT_UINT16": np.dtype(np.uint16),
    "DT_UINT32": np.dtype(np.uint32),
    "DT_UINT64": np.dtype(np.uint64),
    "DT_HALF": np.dtype(np.float16),
    "DT_BFLOAT16": np.dtype(ml_dtypes.bfloat16),
    "DT_COMPLEX64": np.dtype(np.complex64),
    "DT_COMPLEX128": np.dtype(np.complex128),
    "DT_BOOL": np.dtype(np.bool_),
    "DT_STRING": np.dtype(object),
}
#: Types of numbers with a scale: TensorFlow is fed structures of one field, and gives plain numbers.
QUANTIZED: Mapping[str, np.dtype] = {
    f"DT_{name.upper()}": np.dtype([(name, kind)])
    for name, kind in (
        ("qint8", np.int8),
        ("quint8", np.uint8),
        ("qint16", np.int16),
        ("quint16", np.uint16),
        ("qint32", np.int32),
    )
}


@dataclass(frozen=True)
class TensorSpec:
    """One input or output.

    tensor : its name in the graph.
    dtype : TensorFlow's name, such as "DT_FLOAT".
    shape : -1 for a dimension of any size; None for any rank.
    """

    tensor: str
    dtype: str
    shape: tuple[int, ...] | None

    @property
    def is_batched(self) -> bool:
        """Whether its first dimension takes any number of rows."""
        return self.shape is not None and self.shape[:1] == (-1,)


@dataclass(frozen=True)
class Signature:
    """inputs, outputs : by the name that clients use, sorted.  method : such as "tensorflow/serving/predict"."""

    name: str
    method: str
    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]

    @cached_property
    def is_batched(self) -> bool:
        """Whether requests may be put together row by row."""
        specs = [*self.inputs.values(), *self.outputs.values()]
        return bool(self.inputs) and all(spec.is_batched for spec in specs)

    @cached_property
    def has_rows(self) -> bool:
        """Whether the first dimension of its inputs counts rows, and is not the height of an image or the length of a signal.

        An output of unknown rank may have as many.
        """
        if not self.inputs or not all(spec.is_batched for spec in self.inputs.values()):
            return False
        return any(spec.shape is None or spec.is_batched for spec in self.outputs.values())
