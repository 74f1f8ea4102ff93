"""Small tables, trained once per session."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from tfx.components.trainer.fn_args_utils import FnArgs

from schemas.roles import Roles
from tests.models import table

QUICK = {"epochs": 12, "layers": [32, 32], "members": 2, "max_knots": 16, "patience": 12, "seed": 3}


@dataclass(frozen=True)
class Trained:
    """A trained model on disk and the rows it came from."""

    roles: Roles
    splits: dict[str, pd.DataFrame]
    prepared: table.Prepared
    folder: Path

    @property
    def loaded(self) -> Any:
        return tf.saved_model.load(str(self.folder / "model"))

    @property
    def description(self) -> dict[str, Any]:
        return json.loads((self.folder / "model" / "assets.extra" / "model.json").read_text())

    @property
    def notes(self) -> dict[str, Any]:
        return json.loads((self.folder / "run" / "training.json").read_text())


def fn_args(prepared: table.Prepared, folder: Path, **more: Any) -> FnArgs:
    return FnArgs(
        train_files=prepared.train_files,
        eval_files=prepared.eval_files,
        transform_graph_path=prepared.transform_graph,
        serving_model_dir=str(folder / "model"),
        model_run_dir=str(folder / "run"),
        working_dir=str(folder / "working"),
        custom_config=prepared.custom_config,
        **more,
    )


def train(
    splits: dict[str, pd.DataFrame], roles: Roles, folder: Path, training: dict[str, Any] = QUICK, sensitive: Any = ()
) -> Trained:
    from models import training as trainer

    prepared = table.prepare(splits, roles, training, folder, sensitive)
    trainer.run_fn(fn_args(prepared, folder))
    return Trained(roles, splits, prepared, folder)


def odd_rows(rows: int, seed: int) -> pd.DataFrame:
    """Column names that TensorFlow refuses, every dtype, missing cells, and a label that needs an interaction."""
    draw = np.random.default_rng(seed)
    x, y = draw.uniform(-1, 1, rows), draw.integers(0, 2, rows)
    day = pd.Timestamp("2014-05-16") + pd.to_timedelta(draw.integers(0, 400, rows), unit="D")
    frame = pd.DataFrame(
        {
            "Größe in m": x,
            "2nd/flag": np.where(y == 1, "yes", "no"),
            "a-b": draw.integers(0, 50, rows),
            "a b": draw.normal(size=rows),
            "日付": day.strftime("%Y-%m-%d"),
            "always the same": np.full(rows, 7),
            "code": draw.integers(1, 4, rows),
            "customer id": [f"c{i}" for i in range(rows)],
            "row weight": np.where(draw.uniform(size=rows) < 0.5, 1.0, 2.0),
            "label/text": np.where((x > 0) == (y == 1), "ja", "nein"),
        }
    )
    frame.loc[draw.uniform(size=rows) < 0.1, "a b"] = np.nan
    frame.loc[draw.uniform(size=rows) < 0.1, "日付"] = None
    return frame


ODD_ROLES = Roles(
    label="label/text",
    task="binary",
    classes=("nein", "ja"),
    weight="row weight",
    ids=("customer id",),
    kinds={"日付": "date", "code": "category"},
)


@pytest.fixture(scope="session")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A binary model on a table with odd column names, trained with weights."""
    splits = {"train": odd_rows(1200, 1), "eval": odd_rows(300, 2), "test": odd_rows(400, 3)}
    return train(splits, ODD_ROLES, tmp_path_factory.mktemp("odd"))


@pytest.fixture(scope="session")
def penguins(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Three classes, 344 rows, missing cells: every fourth row is held out for testing, every fifth for eval."""
    frame = pd.read_csv(Path(__file__).parents[2] / "data" / "penguins" / "penguins.csv").sample(frac=1, random_state=0)
    place = np.arange(len(frame))
    is_test, is_eval = place % 4 == 0, place % 5 == 1
    splits = {"train": frame[~is_test & ~is_eval], "eval": frame[is_eval & ~is_test], "test": frame[is_test]}
    roles = Roles(label="species", task="multiclass", classes=("Adelie", "Chinstrap", "Gentoo"))
    return train(splits, roles, tmp_path_factory.mktemp("penguins"), {"seed": 1, "members": 2})


@pytest.fixture(scope="session")
def late(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Regression of Unix seconds within a few hours, which 32-bit floats round to 128 s."""
    draw = np.random.default_rng(0)
    x = draw.uniform(-2, 2, 1500)
    seconds = 1_700_000_000 + np.round(4000 * np.sin(3 * x) + 30 * draw.normal(size=1500)).astype(np.int64)
    frame = pd.DataFrame({"x": x, "y": seconds})
    splits = {"train": frame[:1000], "eval": frame[1000:1200], "test": frame[1200:]}
    roles = Roles(label="y", task="regression", label_offset=1_700_000_123.0)
    return train(splits, roles, tmp_path_factory.mktemp("late"))


@pytest.fixture(scope="session")
def wave(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Regression on y = 100 + 20 sin(3 x), far from zero, with noise of 1."""
    draw = np.random.default_rng(0)
    x = draw.uniform(-2, 2, 1500)
    frame = pd.DataFrame({"x": x, "y": 100 + 20 * np.sin(3 * x) + draw.normal(size=1500)})
    splits = {"train": frame[:1000], "eval": frame[1000:1200], "test": frame[1200:]}
    return train(splits, Roles(label="y", task="regression"), tmp_path_factory.mktemp("wave"))
