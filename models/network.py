"""The network: encoded columns, then several small multi-layer perceptrons side by side whose answers are averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from models import knots
from models.encoding import NumberVectors, OneHot, OwnIds, Vector
from models.plan import TrainingPlan
from models.rows import ModelRows
from models.vocabulary import Vocabulary

ONE_HOT_SIZE = 64
EMBEDDING_UNITS = 16
NUMBER_UNITS = 8


@dataclass(frozen=True)
class NetworkAnswer:
    """What the network answers.

    units : classes, or 1 for regression.  start : (units,) bias of the last layer before training.
    location, scale : of the regression label; its network learns (label - location) / scale.
    """

    task: str
    units: int
    start: npt.NDArray[np.float32]
    location: float = 0.0
    scale: float = 1.0

    @classmethod
    def fitted(cls, task: str, n_classes: int, rows: ModelRows) -> NetworkAnswer:
        """The answer that, before any training, is the constant predictor of the (weighted) train rows."""
        if task == "regression":
            location = float(np.average(rows.label, weights=rows.weight))
            spread = float(np.sqrt(np.average((rows.label - location) ** 2, weights=rows.weight)))
            return cls(task, 1, np.zeros(1, np.float32), location, spread or 1.0)
        share = np.bincount(rows.label, weights=rows.weight, minlength=n_classes) + 1.0
        return cls(task, n_classes, np.log(share / share.sum()).astype(np.float32))


class Members(keras.layers.Layer):
    """A dense layer of each member: (n, members, inputs) or (n, inputs) to (n, members, units)."""

    def __init__(self, members: int, units: int, start: npt.NDArray[np.float32] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._members, self._units, self._start = members, units, start

    def build(self, shape: Sequence[int | None]) -> None:
        # The output layer starts at its bias alone, so that training starts at the constant predictor.
        limit = (6.0 / float(shape[-1] or 1)) ** 0.5 if self._start is None else 1e-3
        draw = keras.initializers.RandomUniform(-limit, limit)
        self.kernel = self.add_weight(shape=(self._members, shape[-1], self._units), initializer=draw, name="kernel")
        bias = np.zeros(self._units, np.float32) if self._start is None else self._start
        tile = np.tile(bias, (self._members, 1))
        self.bias = self.add_weight(
            shape=tile.shape, initializer=lambda s, dtype=None: tf.constant(tile, dtype), name="bias"
        )

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        equation = "ni,miu->nmu" if inputs.shape.rank == 2 else "nmi,miu->nmu"
        return tf.einsum(equation, inputs, self.kernel) + self.bias

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (shape[0], self._members, self._units)


def build(rows: ModelRows, vocabulary: Vocabulary, answer: NetworkAnswer, plan: TrainingPlan) -> keras.Model:
    """The untrained network: [numbers (n, k), categories (n, m)] to logits (n, members, units).

    rows : the train split; knots, medians and known ids come from it. An input whose width is 0 is left out.
    Weights are drawn from Keras's global seed.
    """
    inputs, encoded = [], []
    if rows.numbers.shape[1]:
        inputs.append(keras.Input((rows.numbers.shape[1],), dtype="float32", name="numbers"))
        table = knots.of_table(rows.numbers, plan.max_knots)
        encoded.append(NumberVectors(table, rows.numbers, NUMBER_UNITS, name="numbers_encoded")(inputs[-1]))
    if rows.categories.shape[1]:
        inputs.append(keras.Input((rows.categories.shape[1],), dtype="int64", name="categories"))
        encoded += _encode_categories(inputs[-1], rows, vocabulary)
    row = keras.layers.Concatenate()(encoded) if len(encoded) > 1 else encoded[0]
    flow = row
    for units in plan.layers or ():
        flow = Members(plan.members, units)(flow)
        flow = keras.layers.Activation("relu")(flow)
        flow = keras.layers.Dropout(plan.dropout)(flow)
    logits = Members(plan.members, answer.units, answer.start, name="logits")(flow)
    if plan.layers:
        # Beside the hidden layers: what each column adds by itself need not pass through them (Cheng et al. 2016, "Wide &
        # Deep Learning for Recommender Systems", arXiv:1606.07792), and dropout does not blur it.
        alone = Members(plan.members, answer.units, np.zeros(answer.units, np.float32), name="sum_of_columns")(row)
        logits = keras.layers.Add()([logits, alone])
    return keras.Model(inputs, logits)


def _encode_categories(transformed: Any, rows: ModelRows, vocabulary: Vocabulary) -> list[Any]:
    """One-hot where a column has few values, a learned vector where it has many."""
    ids, seen, sizes = OwnIds(vocabulary.local)(transformed), vocabulary.local[rows.categories], vocabulary.sizes
    small = {column: size for column, size in enumerate(sizes) if size <= ONE_HOT_SIZE}
    encoded = [OneHot(small, seen, name="one_hot")(ids)] if small else []
    large = [column for column in range(len(sizes)) if column not in small]
    return encoded + [Vector(column, sizes[column], seen, EMBEDDING_UNITS)(ids) for column in large]


def scores(logits: tf.Tensor, answer: NetworkAnswer) -> tf.Tensor:
    """(n, members, units) logits to the (n, units) scores that are served: probabilities, or the label's own unit."""
    if answer.task == "regression":
        return tf.reduce_mean(logits, axis=1) * answer.scale + answer.location
    return tf.reduce_mean(tf.nn.softmax(logits), axis=1)
