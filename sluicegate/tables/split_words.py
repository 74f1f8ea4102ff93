"""The words by which people name splits."""

from __future__ import annotations

SPLIT_WORDS = {
    "train": "train",
    "training": "train",
    "eval": "eval",
    "evaluation": "eval",
    "validation": "eval",
    "valid": "eval",
    "val": "eval",
    "dev": "eval",
    "test": "test",
    "testing": "test",
    "holdout": "test",
}
