"""TFDV's statistics as a data profile: per column and split, with the distances that DataGate measures too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.data_gate.distance import of_every_column
from schemas.evidence import ColumnInSplit, ColumnProfile, DataEvidence, Drift
from schemas.pbtxt import read_pbtxt
from schemas.records import ArtifactRecord
from schemas.roles import SPLITS
from schemas.split_statistics import columns_of, read_split
from schemas.table import TableProfile

TOP_VALUES = 12
_NUMERIC = (statistics_pb2.FeatureNameStatistics.INT, statistics_pb2.FeatureNameStatistics.FLOAT)


def read(
    statistics: Path, profile: TableProfile, schema: Path | None, source: str, released: ArtifactRecord | None
) -> DataEvidence:
    """The profile of every column that ingest kept.

    statistics, schema : folders of TFX's artifacts.  released : ReleasedStatistics' output.
    """
    lists = {split: read_split(statistics, split) for split in SPLITS}
    by_split = {split: columns_of(one) for split, one in lists.items()}
    distances = _distances(lists, read_pbtxt(schema / "schema.pbtxt") if schema else schema_pb2.Schema(), released)
    columns = []
    for column in profile.columns:
        seen = {split: features[column.name] for split, features in by_split.items() if column.name in features}
        splits = {split: _in_split(feature, profile.rows[split]) for split, feature in seen.items()}
        drift = tuple(distance for name, distance in distances if name == column.name)
        columns.append(ColumnProfile(column.name, column.kind, column.role, splits, drift))
    version = int(released.properties["version"]) if released else 0
    return DataEvidence(dict(profile.rows), tuple(columns), source, profile.digest, profile.notes, version or None)


def _distances(lists: dict[str, Any], schema: Any, released: ArtifactRecord | None) -> list[tuple[str, Drift]]:
    """(column, distance): of each split from train, then of train from the released model's train data."""
    train, found = lists["train"], []
    if not train.datasets:
        return []
    for split, other in lists.items():
        if split != "train" and other.datasets:
            measured = of_every_column(train, schema, other=other)
            found += [(d.column, Drift(split, "train", d.measure, d.value, d.limit)) for d in measured]
    if released and not released.properties["empty"]:
        before, version = read_split(released.uri, "train"), int(released.properties["version"])
        against = f"released version {version}"
        measured = of_every_column(train, schema, before=before)
        found += [(d.column, Drift("train", against, d.measure, d.value, d.limit, version)) for d in measured]
    return found


def _in_split(feature: statistics_pb2.FeatureNameStatistics, rows: int) -> ColumnInSplit:
    if feature.type in _NUMERIC:
        return _numbers(feature.num_stats, rows)
    texts = feature.string_stats
    top = tuple((entry.value, entry.frequency) for entry in list(texts.top_values)[:TOP_VALUES])
    return ColumnInSplit(rows, rows - int(texts.common_stats.num_non_missing), int(texts.unique), top=top)


def _numbers(stats: statistics_pb2.NumericStatistics, rows: int) -> ColumnInSplit:
    missing = rows - int(stats.common_stats.num_non_missing)
    return ColumnInSplit(
        rows, missing, None, stats.mean, stats.std_dev, stats.min, stats.median, stats.max, _histogram(stats)
    )


def _histogram(stats: statistics_pb2.NumericStatistics) -> tuple[tuple[float, float, float], ...]:
    standard = [h for h in stats.histograms if h.type == statistics_pb2.Histogram.STANDARD]
    buckets = standard[0].buckets if standard else []
    return tuple(
        (b.low_value, b.high_value, b.sample_count) for b in buckets if np.isfinite([b.low_value, b.high_value]).all()
    )
