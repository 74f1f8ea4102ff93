"""Fitting the network in memory: AdamW on a falling step size, averaged weights, early stopping on the eval split."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from models import curves, network, reweighing
from models.network import NetworkAnswer
from models.penalty import Penalty, Terms
from models.plan import TrainingPlan
from models.rows import ModelRows
from models.vocabulary import Vocabulary
from schemas import progress
from schemas.progress import Progress

_ROWS_PER_SCORING = 8192
_LEAST_STEPS_PER_EPOCH = 60
_LEAST_BATCH = 8
_WARM_UP = 0.1
_AVERAGED_EPOCHS = 1.0


@dataclass(frozen=True)
class Fitted:
    """model : with the weights of `best_epoch`, from 1.  history : curve to values per epoch.  seconds : wall."""

    model: keras.Model
    answer: NetworkAnswer
    history: Mapping[str, tuple[float, ...]]
    best_epoch: int
    seconds: float


@dataclass
class _Best:
    objective: float = float("inf")
    epoch: int = 0
    weights: list[npt.NDArray[np.float32]] = field(default_factory=list)


def fit(
    train: ModelRows, held_out: ModelRows, vocabulary: Vocabulary, answer: NetworkAnswer, plan: TrainingPlan
) -> Fitted:
    """Trains on `train`, stops and picks the best epoch on `held_out` by the loss of the served scores.

    Sets Keras's, NumPy's and Python's global seeds to `plan.seed`.
    """
    start = time.monotonic()
    keras.utils.set_random_seed(plan.seed)
    if plan.mitigation == "reweigh":
        factor = reweighing.factors(train, plan.mitigation_strength)
        train, held_out = reweighing.reweighed(train, factor), reweighing.reweighed(held_out, factor)
    terms = Terms.of(train, answer, plan) if plan.mitigation == "constrained" else None
    model = network.build(train, vocabulary, answer, plan.sized(len(train)))
    batch = max(min(plan.batch_size, len(train) // _LEAST_STEPS_PER_EPOCH), min(_LEAST_BATCH, len(train)))
    steps = len(train) // batch
    averages = [tf.Variable(v.value, trainable=False) for v in model.trainable_variables]
    penalty = Penalty(terms, train, answer, batch) if terms else None
    run_epoch = _epoch(model, averages, train, answer, _Pace(batch, steps, plan), penalty)
    shuffle = np.random.default_rng(plan.seed)
    history: dict[str, list[float]] = {}
    ends: list[float] = []
    best = _Best()
    for epoch in range(1, plan.epochs + 1):
        loss = float(run_epoch(tf.constant(shuffle.permutation(len(train)))))
        weights = [a.numpy() for a in averages]
        scores = score(model, held_out, answer, averages)
        curve = {"loss": loss, **curves.of_epoch(scores, held_out, answer)}
        if terms:
            curve["val_penalty"] = terms.of_scores(scores, held_out)
        objective = curve["val_loss"] + curve.get("val_penalty", 0.0)
        for name, value in curve.items():
            history.setdefault(name, []).append(value)
        if objective < best.objective:
            best = _Best(objective, epoch, weights)
        ends.append(time.monotonic() - start)
        left = progress.left(ends, plan.epochs)
        progress.tell(Progress(epoch, plan.epochs, loss, curve["val_loss"], best.epoch, ends[-1], left))
        if epoch - best.epoch >= plan.patience:
            break
    for variable, weight in zip(model.trainable_variables, best.weights, strict=True):
        variable.assign(weight)
    return Fitted(model, answer, {k: tuple(v) for k, v in history.items()}, best.epoch, time.monotonic() - start)


def score(
    model: keras.Model, rows: ModelRows, answer: NetworkAnswer, weights: Sequence[tf.Variable] | None = None
) -> npt.NDArray[np.float32]:
    """(n_rows, units) served scores, with `weights` in place of the model's own where given."""
    trainable = [w.value() for w in weights] if weights is not None else [v.value for v in model.trainable_variables]
    frozen = [v.value for v in model.non_trainable_variables]
    parts = []
    for first in range(0, len(rows), _ROWS_PER_SCORING):
        inputs = [column[first : first + _ROWS_PER_SCORING] for column in _inputs(rows)]
        logits, _ = model.stateless_call(trainable, frozen, inputs, training=False)
        parts.append(network.scores(logits, answer).numpy())
    return np.concatenate(parts)


@dataclass(frozen=True)
class _Pace:
    batch: int
    steps: int
    plan: TrainingPlan

    @property
    def decay(self) -> float:
        """Of the moving average of weights: it looks back over about an epoch."""
        return 1.0 - 1.0 / max(2.0, self.steps * _AVERAGED_EPOCHS)

    def optimizer(self) -> keras.optimizers.Optimizer:
        total = self.steps * self.plan.epochs
        warm_up = max(1, int(_WARM_UP * min(total, self.steps * 10)))
        falling = keras.optimizers.schedules.CosineDecay(
            0.0, total - warm_up, warmup_target=self.plan.learning_rate, warmup_steps=warm_up
        )
        return keras.optimizers.AdamW(falling, weight_decay=self.plan.weight_decay, clipnorm=None)


def _epoch(
    model: keras.Model,
    averages: Sequence[tf.Variable],
    train: ModelRows,
    answer: NetworkAnswer,
    pace: _Pace,
    penalty: Penalty | None,
) -> Callable[[tf.Tensor], tf.Tensor]:
    """A graph that runs one epoch over rows in a given order and answers its mean loss.

    The whole epoch is one graph because a call per step costs more than the step itself on tables of this size.
    """
    optimizer = pace.optimizer()
    optimizer.build(model.trainable_variables)
    inputs = [tf.constant(column) for column in _inputs(train)]
    label = tf.constant(train.label)
    weight = tf.constant(train.weight / train.weight.mean())

    @tf.function
    def run(order: tf.Tensor) -> tf.Tensor:
        total = tf.constant(0.0)
        for step in tf.range(pace.steps):
            picked = order[step * pace.batch : (step + 1) * pace.batch]
            with tf.GradientTape() as tape:
                logits = model([tf.gather(i, picked) for i in inputs], training=True)
                loss = _loss(logits, tf.gather(label, picked), tf.gather(weight, picked), answer)
                if penalty is not None:
                    loss += penalty(logits, picked)
            gradients = tape.gradient(loss, [v.value for v in model.trainable_variables])
            optimizer.apply(gradients, model.trainable_variables)
            for average, variable in zip(averages, model.trainable_variables, strict=True):
                average.assign_sub((1.0 - pace.decay) * (average - variable.value))
            total += loss
        return total / pace.steps

    return run


def _loss(logits: tf.Tensor, label: tf.Tensor, weight: tf.Tensor, answer: NetworkAnswer) -> tf.Tensor:
    """Mean over members of each member's own loss: members that are trained on their average stop differing."""
    if answer.task == "regression":
        target = (tf.cast(label, tf.float32) - answer.location) / answer.scale
        each = tf.square(logits[:, :, 0] - target[:, None])
    else:
        labels = tf.repeat(label[:, None], tf.shape(logits)[1], axis=1)
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    return tf.reduce_mean(tf.reduce_mean(each, axis=1) * weight)


def _inputs(rows: ModelRows) -> list[npt.NDArray[Any]]:
    return [column for column in (rows.numbers, rows.categories) if column.shape[1]]
