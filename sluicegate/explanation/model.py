"""The SavedModel in this process: its raw columns in, its scores out; and the same with its weights shuffled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from schemas.errors import ModelError, Problem
from schemas.file_names import MODEL_DESCRIPTION

SIGNATURE = "serving_raw"
#: Where models/signatures.py says which input of `serving_raw` is which column.


@dataclass(frozen=True)
class ModelInput:
    """One raw column of the model.

    name : in the table.  key : in the signature.  is_text : '' is its missing value, else NaN.
    example_dtype : "string", "int64" or "float32", as the examples hold it.  kind : "number", "category" or "date".
    """

    name: str
    key: str
    is_text: bool
    example_dtype: str
    kind: str


class RawModel:
    """A SavedModel asked by raw columns.

    Raises ModelError for a folder whose model cannot be asked so.
    """

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)
        self._copy: RawModel | None = None
        self.inputs = _inputs(self._folder)
        self._loaded = tf.saved_model.load(str(folder))
        if SIGNATURE not in self._loaded.signatures:
            raise _cannot_be_asked(folder, f"the signatures {', '.join(self._loaded.signatures)}")
        self._signature = self._loaded.signatures[SIGNATURE]
        self._dtypes = {name: spec.dtype for name, spec in self._signature.structured_input_signature[1].items()}

    def __call__(self, columns: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.float32]:
        """Columns by their name in the table, (n,) each, to (n, width) scores."""
        given = {one.key: tf.constant(columns[one.name], self._dtypes[one.key]) for one in self.inputs}
        scores: npt.NDArray[np.float32] = self._signature(**given)["scores"].numpy()
        return scores

    def shuffled(self, seed: int) -> RawModel:
        """A copy with the entries of every float variable in random order (Adebayo et al. 2018, NeurIPS 31, sec. 3).

        There is one copy: it is shuffled anew by the next call.
        """
        if self._copy is None:
            self._copy = RawModel(self._folder)
        rng = np.random.default_rng([seed, 1])
        for true, variable in zip(self._weights, self._copy._weights, strict=True):
            values = true.numpy()
            variable.assign(rng.permutation(values.ravel()).reshape(values.shape))
        return self._copy

    @property
    def has_weights(self) -> bool:
        """Whether there is anything to shuffle."""
        return bool(self._weights)

    @property
    def _weights(self) -> list[Any]:
        return [v for v in self._signature.variables if v.dtype.is_floating and v.shape.num_elements() > 1]


def _inputs(folder: Path) -> tuple[ModelInput, ...]:
    path = folder / MODEL_DESCRIPTION
    content = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if "inputs" not in content:
        raise _cannot_be_asked(folder, f"no {MODEL_DESCRIPTION} that names its inputs")
    return tuple(
        ModelInput(name, one["input"], one["dtype"] == "string", one["example_dtype"], one["kind"])
        for name, one in content["inputs"].items()
    )


def _cannot_be_asked(folder: str | Path, got: str) -> ModelError:
    return ModelError(
        "The model cannot be explained.",
        Problem(str(folder), got, f"the signature {SIGNATURE}, and {MODEL_DESCRIPTION} that names its inputs",
                "train it with this project's Trainer, or write `explanation: off`"),
    )  # fmt: skip
