"""The Transform step's graph: raw columns to a few tensors per row, the same graph in training and in serving.

    numbers     float32 (n, k)  z-scores; NaN = missing
    categories  int64   (n, m)  0 = missing, 1 = rare or unseen, 2 and up = line of the one vocabulary of all columns
    label       int64   (n, 1)  index in roles.classes, -1 = unseen or missing; of a regression float32 less
                            roles.label_offset, NaN = missing
    weight      float32 (n, 1)  only where roles.weight is set; missing = 1
    group       string  (n, 1)  only with a mitigation: the row's group (group_keys.py)

Each analyzer costs Beam about 0.7 s whatever the rows, so there are two in all: the moments of every number column, and
one vocabulary of every category column, whose lines read column, separator, value (vocabulary.py takes it apart).

How a cell is read (raw_columns.py, by the readings in roles) is part of this graph, so that whoever asks the model by
whatever signature is read as the training rows were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from models import dates, group_keys, raw_columns, sensitive
from models.features import DATE_PARTS, Feature, from_dtypes, with_columns
from models.plan import TrainingPlan
from models.raw_columns import as_number, as_text, first_values
from models.vocabulary import ESCAPES, FIRST_ID, MISSING_ID, RARE_ID, SEPARATOR, VOCABULARY
from schemas.reading import ISO
from schemas.roles import Roles
from schemas.sensitive import SensitiveColumn


def preprocessing_fn(inputs: Mapping[str, Any], custom_config: Mapping[str, Any]) -> dict[str, tf.Tensor]:
    """The transformed tensors named in the module's docstring; `numbers` or `categories` is absent where unfed.

    inputs : column name to SparseTensor (n, any) or dense (n,) or (n, 1); of several values in a row the first counts.
    custom_config : "roles" (JSON of Roles), "training" (JSON of TrainingPlan) and, only with a mitigation, "sensitive"
        (JSON of the columns it is about, sensitive.py).
    """
    roles = Roles.from_json(custom_config["roles"])
    plan = TrainingPlan.from_json(custom_config.get("training", "{}"))
    about = sensitive.from_json(custom_config.get("sensitive", "[]"))
    dtypes = {name: tensor.dtype.name for name, tensor in inputs.items()}
    features = from_dtypes(dtypes, roles)
    columns = raw_columns.read(inputs, with_columns(features, dtypes, _present(about, inputs), roles))
    parts = _dates(features, columns)
    numbers = [as_number(columns[f.name]) for f in features if f.kind == "number"] + [p.day for p in parts.values()]
    texts = {f.key: as_text(columns[f.name]) for f in features if f.kind == "category"}
    texts |= {f"{key}.{part}": _code(getattr(p, part)) for key, p in parts.items() for part in DATE_PARTS}
    outputs = {"numbers": _standardise(tf.stack(numbers, axis=1))} if numbers else {}
    if texts:
        outputs["categories"] = _category_ids(texts, plan)
    if roles.label in inputs:
        outputs["label"] = _label(first_values(inputs[roles.label]), roles)[:, None]
    if roles.weight is not None and roles.weight in inputs:
        outputs["weight"] = _weight(first_values(inputs[roles.weight]))[:, None]
    if "sensitive" in custom_config:
        outputs["group"] = group_keys.of_columns(columns, about)[:, None]
    return outputs


def _present(about: Sequence[SensitiveColumn], inputs: Mapping[str, Any]) -> list[str]:
    return [one.column for one in about if one.column in inputs]


def _dates(features: Sequence[Feature], columns: Mapping[str, tf.Tensor]) -> dict[str, dates.DateParts]:
    """The parts of each date column by its key, in the features' order; columns of one order are read together."""
    wanted = [f for f in features if f.kind == "date"]
    found: dict[str, dates.DateParts] = {}
    for order in dict.fromkeys(f.reading.date or ISO for f in wanted):
        alike = [f for f in wanted if (f.reading.date or ISO) == order]
        parts = dates.parse(tf.stack([columns[f.name] for f in alike], axis=1), order)
        found |= {f.key: dates.DateParts(*(part[:, place] for part in parts)) for place, f in enumerate(alike)}
    return {f.key: found[f.key] for f in wanted}


def _standardise(numbers: tf.Tensor) -> tf.Tensor:
    """z-scores per column; a constant column becomes 0. In float64, because a timestamp does not fit float32."""
    return tf.cast(tft.scale_to_z_score(numbers, elementwise=True), tf.float32)


def _category_ids(texts: Mapping[str, tf.Tensor], plan: TrainingPlan) -> tf.Tensor:
    """(n, m) ids of the columns' texts, '' = missing."""
    text = tf.stack(list(texts.values()), axis=1)
    is_present = tf.strings.length(text) > 0
    line = tf.constant([[key + SEPARATOR for key in texts]]) + _in_one_line(text)
    found = tft.vocabulary(
        tf.boolean_mask(line, is_present), frequency_threshold=plan.min_category_rows, vocab_filename=VOCABULARY
    )
    index = tft.apply_vocabulary(line, found, default_value=RARE_ID - FIRST_ID)
    return tf.where(is_present, index + FIRST_ID, MISSING_ID)


def _in_one_line(text: tf.Tensor) -> tf.Tensor:
    """Transform's vocabulary is a file of lines, and drops a value that has several."""
    for pattern, escaped in ESCAPES:
        text = tf.strings.regex_replace(text, pattern, escaped)
    return text


def _code(part: tf.Tensor) -> tf.Tensor:
    """A date part as text; 0, which stands for no date, as ''."""
    return tf.where(part > 0, tf.strings.as_string(part), "")


def _label(column: tf.Tensor, roles: Roles) -> tf.Tensor:
    if roles.task == "regression":
        return tf.cast(as_number(column) - roles.label_offset, tf.float32)
    is_class = as_text(column)[:, None] == tf.constant(roles.classes)[None, :]
    return tf.where(tf.reduce_any(is_class, axis=1), tf.argmax(is_class, axis=1), -1)


def _weight(column: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.where(tf.math.is_nan(column), tf.ones_like(column), column), tf.float32)
