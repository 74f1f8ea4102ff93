"""Is the traffic split as it should be? A broken split (lost requests, double counting) makes every comparison worthless."""

from __future__ import annotations

import math

import numpy as np

from sluicegate.stats.arrays import Floats
from sluicegate.stats.sequential.event_rates import log_e_fixed_weight

#: So rarely is a split called broken that is not.
ALPHA = 0.001


def log_e(weight: Floats, canary: Floats, stable: Floats) -> float:
    """Against "each unit went to the canary with the weight of its time": the product over distinct weights.

    weight, canary, stable : (weights,) units (keys or requests) that were routed.
    """
    parts = [log_e_fixed_weight(c, s, float(w), strength=200.0) for w, c, s in zip(weight, canary, stable, strict=True)]
    return float(np.sum(parts))


def is_broken(weight: Floats, canary: Floats, stable: Floats) -> bool:
    """Whether the comparison is invalid (sample-ratio mismatch)."""
    return log_e(weight, canary, stable) >= -math.log(ALPHA)
