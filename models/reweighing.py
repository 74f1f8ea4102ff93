"""Reweighing: weights that make the label independent of the group, before anything is fitted.

Source: Kamiran and Calders, "Data preprocessing techniques for classification without discrimination", Knowledge and
Information Systems 33, 2012, section 5.3 (reweighing): w(g, y) = P(g) P(y) / P(g, y).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from models.rows import ModelRows


def factors(train: ModelRows, strength: float) -> Mapping[tuple[bytes, int], float]:
    """Group and class to the factor of a row's weight.

    strength : share of the dependence that is taken out: between group and class the weighted covariance that remains
        is 1 - strength of what it was. 0 leaves every weight as it is.
    Every group counts, however small; a combination without train rows has no factor.
    """
    keys, group = np.unique(train.group_keys, return_inverse=True)
    joint = np.zeros((len(keys), int(train.label.max()) + 1))
    np.add.at(joint, (group, train.label), train.weight.astype(np.float64))
    independent = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True) / joint.sum()
    return {
        (keys[g], int(y)): float(1 - strength + strength * independent[g, y] / joint[g, y])
        for g, y in zip(*np.nonzero(joint), strict=True)
    }


def reweighed(rows: ModelRows, factor: Mapping[tuple[bytes, int], float]) -> ModelRows:
    """The same rows with their own weights times the factors; a combination that has none keeps its weight."""
    keys, group = np.unique(rows.group_keys, return_inverse=True)
    table = np.array([[factor.get((key, y), 1.0) for y in range(int(rows.label.max()) + 1)] for key in keys])
    return replace(rows, weight=(rows.weight * table[group, rows.label]).astype(np.float32))
