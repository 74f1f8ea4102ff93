"""A SavedModel behind the signature that servers answer with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

SIGNATURE, SCORES = "serving_default", "scores"
#: What TensorFlow raises for a folder, a signature or rows that a model cannot do with.
UNUSABLE = (tf.errors.OpError, OSError, ValueError, TypeError, KeyError)


class Served:
    """Answers serialized tf.Examples.

    width : columns of scores that it must answer with.

    Raises one of UNUSABLE for a folder without such a model.
    """

    def __init__(self, folder: str | Path, width: int) -> None:
        # The loaded object owns the variables: without it the signature outlives them.
        self._loaded = tf.saved_model.load(str(folder))
        self._signature = self._loaded.signatures[SIGNATURE]
        [self._input] = self._signature.structured_input_signature[1]
        self._width = width

    def __call__(self, examples: Any) -> npt.NDArray[np.floating]:
        """(n, width) float32; float64 of a regression whose label needs it.  examples : (n,) string tensor."""
        scores = self._signature(**{self._input: examples})[SCORES].numpy()
        if scores.shape != (len(examples), self._width):
            wanted = (len(examples), self._width)
            raise ValueError(f"{SIGNATURE} answers {SCORES} of shape {scores.shape} where {wanted} is due")
        return np.asarray(scores, np.float64 if scores.dtype == np.float64 else np.float32)
