"""Columns of any name are transformed, trained on, exported and asked, by both signatures."""

import numpy as np
import pandas as pd
import tensorflow as tf

from schemas.roles import Roles
from tests.models import table
from tests.models.conftest import train
from tests.models.hostile_names import HOSTILE

LEAST = {"epochs": 1, "layers": [4], "members": 1, "max_knots": 4, "seed": 1}


def test_a_table_of_hostile_names(tmp_path):
    draw, rows = np.random.default_rng(0), 80
    columns = {n: draw.normal(size=rows) if i % 2 else draw.choice(["p", "q"], rows) for i, n in enumerate(HOSTILE)}
    frame = pd.DataFrame({**columns, "the label": draw.choice(["no", "yes"], rows)})
    roles = Roles(label="the label", task="binary", classes=("no", "yes"))
    trained = train({"train": frame, "eval": frame}, roles, tmp_path, LEAST)
    inputs = trained.description["inputs"]
    assert set(inputs) == set(HOSTILE)
    raw = {
        one["input"]: tf.constant(frame[name].tolist(), tf.string if one["dtype"] == "string" else tf.float64)
        for name, one in inputs.items()
    }
    loaded = trained.loaded.signatures
    scores = loaded["serving_raw"](**raw)["scores"].numpy()
    examples = table.examples(frame.drop(columns="the label"))
    np.testing.assert_allclose(
        loaded["serving_default"](examples=tf.constant(examples))["scores"].numpy(), scores, atol=1e-6
    )
    # Each column reaches the network under its own name.
    assert len(np.unique(scores[:, 0])) > rows / 2
