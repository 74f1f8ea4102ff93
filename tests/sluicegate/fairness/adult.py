"""A real model's answers on Adult's own test rows: gradient boosting, trained once per session."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pandas as pd

from sluicegate.fairness import groups
from sluicegate.fairness.rows import Rows

TABLE = Path(__file__).resolve().parents[3] / "data" / "census" / "adult.csv"
CLASSES = ("<=50K", ">50K")


@functools.cache
def test_rows() -> pd.DataFrame:
    """The test split with `label` and `decision` (0 or 1), `score`, and another model's as `baseline_...`."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    table = pd.read_csv(TABLE, skipinitialspace=True)
    texts = table.select_dtypes("object").columns.difference(["income", "split"])
    inputs = table.drop(columns=["income", "split", "fnlwgt"])
    for name in texts:
        inputs[name] = table[name].astype("category").cat.codes
    is_train, label = table["split"] == "train", (table["income"].str.strip(".") == ">50K").to_numpy().astype(int)
    found = table[~is_train].reset_index(drop=True)
    found["label"] = label[~is_train]
    for prefix, leaves in (("", 31), ("baseline_", 4)):
        model = HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=leaves, random_state=0)
        model.fit(inputs[is_train], label[is_train])
        found[f"{prefix}score"] = model.predict_proba(inputs[~is_train])[:, 1].astype(np.float32).astype(float)
        found[f"{prefix}decision"] = (found[f"{prefix}score"] >= 0.5).astype(int)
    return found


def of_text(table: pd.DataFrame, column: str) -> groups.Groups:
    codes, values = pd.factorize(table[column])
    return groups.of_texts(column, codes, list(values))


def rows(weighted: bool = False, baseline: bool = False, table: pd.DataFrame | None = None) -> Rows:
    """The same as what the step reads, with sex, race and age in bins."""
    table = test_rows() if table is None else table
    score = table["score"].to_numpy()
    before = table["baseline_score"].to_numpy()
    return Rows(
        "binary", CLASSES, table["label"].to_numpy(), table["decision"].to_numpy(), np.stack([1 - score, score], 1),
        (of_text(table, "sex"), of_text(table, "race"), groups.of_numbers("age", table["age"].to_numpy(float), (25, 40, 60))),
        table["fnlwgt"].to_numpy(float) if weighted else None,
        table["baseline_decision"].to_numpy() if baseline else None,
        np.stack([1 - before, before], 1) if baseline else None,
        3 if baseline else None,
    )  # fmt: skip
