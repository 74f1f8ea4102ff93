"""TFDV's statistics as a data profile: per column and split, with the distance of each split from train."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from schemas.evidence import ColumnInSplit, ColumnProfile, DataEvidence, Drift
from schemas.pbtxt import read_pbtxt
from schemas.roles import SPLITS
from schemas.table import TableProfile

TOP_VALUES = 12
_NUMERIC = (statistics_pb2.FeatureNameStatistics.INT, statistics_pb2.FeatureNameStatistics.FLOAT)
Features = dict[str, statistics_pb2.FeatureNameStatistics]


def read(statistics: Path, profile: TableProfile, schema: Path | None, source: str) -> DataEvidence:
    """The profile of every column that ingest kept. `statistics` and `schema` are folders of TFX's artifacts."""
    by_split = {split: _load(statistics / f"Split-{split}" / "FeatureStats.pb") for split in SPLITS}
    limits = _limits(read_pbtxt(schema / "schema.pbtxt")) if schema else {}
    columns = []
    for column in profile.columns:
        seen = {split: features[column.name] for split, features in by_split.items() if column.name in features}
        splits = {split: _in_split(feature, profile.rows[split]) for split, feature in seen.items()}
        drift = tuple(
            _drift(seen["train"], feature, split, limits.get(column.name))
            for split, feature in seen.items()
            if split != "train" and "train" in seen
        )
        columns.append(ColumnProfile(column.name, column.kind, column.role, splits, drift))
    return DataEvidence(dict(profile.rows), tuple(columns), source, profile.digest, profile.notes)


def _load(path: Path) -> Features:
    content = statistics_pb2.DatasetFeatureStatisticsList()
    if path.exists():
        content.ParseFromString(path.read_bytes())
    return {f.path.step[0] if f.path.step else f.name: f for data in content.datasets for f in data.features}


def _limits(schema: schema_pb2.Schema) -> dict[str, float]:
    """The skew limit of each column that has one."""
    found = {}
    for feature in schema.feature:
        comparator = feature.skew_comparator
        for kind in ("infinity_norm", "jensen_shannon_divergence"):
            if comparator.HasField(kind):
                found[feature.name] = getattr(comparator, kind).threshold
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


def _drift(train: Any, other: Any, split: str, limit: float | None) -> Drift:
    if train.type in _NUMERIC:
        value = jensen_shannon(_histogram(train.num_stats), _histogram(other.num_stats))
        return Drift(split, "train", "jensen_shannon", value, limit)
    return Drift(split, "train", "l_infinity", l_infinity(_shares(train), _shares(other)), limit)


def _shares(feature: statistics_pb2.FeatureNameStatistics) -> dict[str, float]:
    buckets = feature.string_stats.rank_histogram.buckets
    total = sum(b.sample_count for b in buckets) or 1.0
    return {b.label: b.sample_count / total for b in buckets}


def l_infinity(a: dict[str, float], b: dict[str, float]) -> float:
    """Largest difference of a value's share, 0 to 1.

    >>> l_infinity({"x": 0.5, "y": 0.5}, {"x": 0.75, "y": 0.25})
    0.25
    """
    return max((abs(a.get(value, 0.0) - b.get(value, 0.0)) for value in {*a, *b}), default=0.0)


def jensen_shannon(a: tuple[tuple[float, float, float], ...], b: tuple[tuple[float, float, float], ...]) -> float:
    """Jensen-Shannon divergence (base 2, 0 to 1) of two histograms of (low, high, count), on their common edges.

    Lin 1991. Counts spread evenly within a bin, as in TFDV.

    >>> jensen_shannon(((0.0, 1.0, 4.0),), ((0.0, 1.0, 9.0),))
    0.0
    """
    if not a or not b:
        return 0.0
    edges = np.unique([edge for low, high, _ in (*a, *b) for edge in (low, high)])
    if len(edges) < 2:
        return 0.0
    p, q = _mass(a, edges), _mass(b, edges)
    middle = (p + q) / 2
    return float(max(0.0, (_entropy(middle) - (_entropy(p) + _entropy(q)) / 2)))


def _mass(histogram: tuple[tuple[float, float, float], ...], edges: np.ndarray) -> np.ndarray:
    low, high, count = (np.array(column, dtype=float) for column in zip(*histogram, strict=True))
    width = np.where(high > low, high - low, 1.0)
    below = np.clip((edges[:, None] - low) / width, 0, 1)
    below = np.where(high > low, below, edges[:, None] >= high)
    mass = np.diff((below * count).sum(axis=1), prepend=0.0)
    return mass / (mass.sum() or 1.0)


def _entropy(p: np.ndarray) -> float:
    some = p[p > 0]
    return float(-(some * np.log2(some)).sum())
