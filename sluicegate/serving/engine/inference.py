"""Predict, Classify and Regress in arrays: what is checked before a run and what is made of its outputs.

Texts and codes are TensorFlow Serving's (docs/serving.md); gRPC, REST and warm-up share them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from sluicegate.serving.signature import Signature
from sluicegate.serving.status import Code, ServingError, invalid

DEFAULT_SIGNATURE = "serving_default"
CLASSIFY, REGRESS = "tensorflow/serving/classify", "tensorflow/serving/regress"
_INPUTS, _CLASSES, _SCORES, _OUTPUTS = "inputs", "classes", "scores", "outputs"

Array = npt.NDArray[Any]
Tensors = Mapping[str, Array]
#: Label and score per class, per row; either may be empty.
Classified = list[list[tuple[str, float]]]


class SessionRuns(Protocol):
    """A loaded model."""

    @property
    def signatures(self) -> Mapping[str, Signature]: ...

    def run(self, signature: Signature, inputs: Tensors, outputs: Sequence[str]) -> Mapping[str, Array]: ...


def predict_signature(signatures: Mapping[str, Signature], name: str) -> Signature:
    """The signature of a Predict request. Raises ServingError FAILED_PRECONDITION."""
    name = name or DEFAULT_SIGNATURE
    if name not in signatures:
        raise ServingError(Code.FAILED_PRECONDITION, f'Serving signature key "{name}" not found.')
    return signatures[name]


def check_names(signature: Signature, given: Collection[str]) -> None:
    """Raises ServingError unless exactly the signature's inputs are given."""
    wanted = signature.inputs.keys()
    if len(given) != len(wanted):
        extra, missing = sorted(set(given) - wanted), sorted(wanted - set(given))
        raise invalid(
            f"input size does not match signature: {len(given)}!={len(wanted)} len({{{','.join(sorted(given))}}}) != "
            f"len({{{','.join(sorted(wanted))}}}). Sent extra: {{{','.join(extra)}}}. "
            f"Missing but required: {{{','.join(missing)}}}."
        )
    for name in given:
        if name not in wanted:
            raise invalid(
                f"input tensor alias not found in signature: {name}. Inputs expected to be in the set "
                f"{{{','.join(sorted(wanted))}}}."
            )


def chosen_outputs(signature: Signature, output_filter: Sequence[str]) -> tuple[str, ...]:
    """Names of the outputs to compute: those asked for, else all."""
    seen: set[str] = set()
    for name in output_filter:
        if name not in signature.outputs:
            raise invalid(
                f"output tensor alias not found in signature: {name} Outputs expected to be in the set "
                f"{{{','.join(signature.outputs)}}}."
            )
        if name in seen:
            raise invalid(f"duplicate output tensor alias: {name}")
        seen.add(name)
    return tuple(output_filter) or tuple(signature.outputs)


def examples_input(examples: Sequence[bytes]) -> dict[str, Array]:
    """Serialized tf.Examples as the one input of a classify or regress signature."""
    if not examples:
        raise invalid("Input is empty.")
    array = np.empty(len(examples), object)
    array[:] = examples
    return {_INPUTS: array}


def classify_signature(signatures: Mapping[str, Signature], name: str) -> tuple[Signature, tuple[str, ...]]:
    """The signature and the outputs of a Classify request."""
    signature = _by_name(signatures, name)
    if len(signature.outputs) not in (1, 2):
        raise invalid(f"Expected one or two output Tensors, found {len(signature.outputs)}")
    if _INPUTS not in signature.inputs:
        raise invalid(f"No classification inputs found in SignatureDef: {_described(signature)}")
    outputs = tuple(name for name in (_CLASSES, _SCORES) if name in signature.outputs)
    if not outputs:
        raise invalid(
            f'Expected classification signature outputs to contain at least one of "{_CLASSES}" or "{_SCORES}". '
            f"Signature was: {_described(signature)}"
        )
    return signature, outputs


def regress_signature(signatures: Mapping[str, Signature], name: str) -> tuple[Signature, tuple[str, ...]]:
    """The signature and the output of a Regress request."""
    signature = _by_name(signatures, name)
    if len(signature.outputs) != 1:
        raise invalid("Expected one output Tensor.")
    if _INPUTS not in signature.inputs:
        raise invalid(f"No regression inputs found in SignatureDef: {_described(signature)}")
    if _OUTPUTS not in signature.outputs:
        raise invalid(f"No regression outputs found in SignatureDef: {_described(signature)}")
    return signature, (_OUTPUTS,)


def _by_name(signatures: Mapping[str, Signature], name: str) -> Signature:
    signature = signatures.get(name or DEFAULT_SIGNATURE)
    if signature is None:
        raise invalid(f"No signature was found with the name: {name or DEFAULT_SIGNATURE}")
    if len(signature.inputs) != 1:
        raise invalid("Expected one input Tensor.")
    return signature


def _described(signature: Signature) -> str:
    return f"{signature.name}({', '.join(signature.inputs)}) -> ({', '.join(signature.outputs)})"


def classifications(outputs: Tensors, rows: int) -> Classified:
    """One list of classes per row. Raises ServingError for outputs of another shape or type."""
    classes, scores = outputs.get(_CLASSES), outputs.get(_SCORES)
    for name, array, kind in ((_CLASSES, classes, np.dtype(object)), (_SCORES, scores, np.dtype(np.float32))):
        if array is not None:
            _check_matrix(name, array, kind, rows)
    if classes is not None and scores is not None and classes.shape[1] != scores.shape[1]:
        raise invalid(
            f"Tensors class and score should match in dim_size(1). Got {classes.shape[1]} vs. {scores.shape[1]}"
        )
    width = (scores if classes is None else classes).shape[1]  # type: ignore[union-attr]
    labels = [[""] * width] * rows if classes is None else [[_text(v) for v in row] for row in classes]
    values = [[0.0] * width] * rows if scores is None else scores.tolist()
    return [list(zip(*row, strict=True)) for row in zip(labels, values, strict=True)]


def _check_matrix(name: str, array: Array, kind: np.dtype[Any], rows: int) -> None:
    if array.ndim != 2:
        raise invalid(f"Expected Tensor shape: [batch_size num_classes] but got {_shape(array)}")
    if array.dtype != kind:
        wanted = "DT_STRING" if kind.hasobject else "DT_FLOAT"
        raise invalid(f"Expected {name} Tensor of {wanted}. Got: {array.dtype}")
    if array.shape[0] != rows:
        raise invalid(f"Expected {name} output batch size of {rows}. Got: {array.shape[0]}")


def regressions(outputs: Tensors, rows: int) -> list[float]:
    """One value per row. Raises ServingError for an output of another shape or type."""
    [array] = outputs.values()
    if not (array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1)):
        raise invalid(
            f"Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got {_shape(array)}"
        )
    if array.shape[0] != rows:
        raise invalid(f"Input batch size did not match output batch size: {rows} vs. {array.shape[0]}")
    if array.dtype != np.float32:
        raise invalid(f"Expected output Tensor of DT_FLOAT.  Got: {array.dtype}")
    return [float(value) for value in array.ravel().tolist()]


def _shape(array: Array) -> str:
    return f"[{','.join(map(str, array.shape))}]"


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def replay(model: SessionRuns, record: Any) -> None:
    """Runs the request of a PredictionLog. Raises ServingError when it fails."""
    from sluicegate.serving.tensors import examples_of, to_array

    kind = record.WhichOneof("log_type")
    if kind == "predict_log":
        request = record.predict_log.request
        signature = predict_signature(model.signatures, request.model_spec.signature_name)
        check_names(signature, request.inputs.keys())
        inputs = {name: to_array(proto) for name, proto in request.inputs.items()}
        model.run(signature, inputs, chosen_outputs(signature, tuple(request.output_filter)))
    elif kind in ("classify_log", "regress_log"):
        request = getattr(record, kind).request
        plan = classify_signature if kind == "classify_log" else regress_signature
        signature, outputs = plan(model.signatures, request.model_spec.signature_name)
        given = examples_input(examples_of(request.input))
        model.run(signature, dict.fromkeys(signature.inputs, given[_INPUTS]), outputs)
    elif kind == "multi_inference_log":
        request = record.multi_inference_log.request
        given = examples_input(examples_of(request.input))
        for task in request.tasks:
            plan = classify_signature if task.method_name == CLASSIFY else regress_signature
            signature, outputs = plan(model.signatures, task.model_spec.signature_name)
            model.run(signature, given, outputs)
    else:
        raise ServingError(Code.UNIMPLEMENTED, f"Unsupported log_type for warmup: {kind}")
