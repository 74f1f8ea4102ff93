"""True and predicted values of single test rows, from the served model: TFMA keeps no row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

#: More would neither be seen in a plot nor fit a report.
MOST_ROWS = 5000

Pairs = tuple[tuple[float, float], ...]


def read(examples: Path, model: Path, most_rows: int = MOST_ROWS) -> Pairs:
    """(true, predicted) of the test rows with a known label, at most `most_rows` of them, taken evenly.

    `examples` and `model` are folders of TFX's Examples and Model artifacts.
    """
    files = sorted(str(path) for path in (examples / "Split-test").glob("*.gz"))
    rows = np.array(list(tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator()), dtype=object)
    if not len(rows):
        return ()
    picked = rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), most_rows)).astype(int))]
    loaded = tf.saved_model.load(str(model / "Format-Serving"))
    batch = tf.constant(picked.tolist())
    true = loaded.signatures["transform_features"](examples=batch)["label"].numpy()[:, 0].astype(float)
    predicted = loaded.signatures["serving_default"](examples=batch)["scores"].numpy()[:, 0].astype(float)
    known = np.isfinite(true)
    return tuple(zip(true[known].tolist(), predicted[known].tolist(), strict=True))
