"""The tables that quality is measured on: those that are shipped, and small ones that scikit-learn ships.

The defaults of training were chosen on other tables than these (docs/model.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from benchmarks.arrays import Dealt

PROJECT = Path(__file__).resolve().parents[1]
SHIPPED = ("census", "penguins", "taxi", "taxi_tips")
SMALL = ("breast_cancer", "wine", "digits", "diabetes")
#: Shares of train and of what training is stopped by; the rest is the test.
SHARES = (0.64, 0.16)


@dataclass(frozen=True)
class Named:
    """One table with its label."""

    name: str
    frame: pd.DataFrame
    label: str
    task: str

    @property
    def classes(self) -> tuple[str, ...]:
        return () if self.task == "regression" else tuple(sorted(set(self.frame[self.label])))

    def dealt(self, seed: int) -> Dealt:
        """A split by chance."""
        order = np.random.default_rng(seed).permutation(len(self.frame))
        ends = [round(len(order) * share) for share in np.cumsum(SHARES)]
        parts = [self.frame.iloc[places] for places in np.split(order, ends)]
        train, held_out, test = parts
        return Dealt(train, held_out, test, self.label, self.task, self.classes)


def load(name: str) -> Named:
    """By its name in SHIPPED or SMALL."""
    return shipped(name) if name in SHIPPED else small(name)


def shipped(name: str) -> Named:
    """As its configs/*.yaml says: label, task, columns left out, numbers that are names."""
    said = yaml.safe_load((PROJECT / "configs" / f"{name}.yaml").read_text(encoding="utf-8"))
    frame, label = pd.read_csv(PROJECT / said["data"]["path"]), said["label"]["column"]
    columns, split = said.get("columns", {}), said.get("split", {})
    frame = frame.drop(columns=[*columns.get("leave_out", ()), *([split["column"]] if "column" in split else [])])
    for column, kind in columns.get("kinds", {}).items():
        if kind == "category":
            frame[column] = frame[column].astype(object).where(frame[column].notna(), None)
    frame = frame[frame[label].notna()]
    task = said.get("task") or ("binary" if frame[label].nunique() == 2 else "multiclass")
    return Named(name, frame if task == "regression" else frame.astype({label: str}), label, task)


def small(name: str) -> Named:
    """One of scikit-learn's."""
    from sklearn import datasets

    found = getattr(datasets, f"load_{name}")(as_frame=True)
    frame, label = found.frame.rename(columns={"target": "the target"}), "the target"
    if name == "diabetes":
        return Named(name, frame, label, "regression")
    task = "binary" if frame[label].nunique() == 2 else "multiclass"
    return Named(name, frame.astype({label: str}), label, task)
