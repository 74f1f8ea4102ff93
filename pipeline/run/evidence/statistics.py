"""TFDV's statistics as a data profile: per column and split, with the distances that DataGate judges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.data_gate import comparing
from components.data_gate.comparing import Compared
from components.data_gate.core import TRAIN, Released
from components.data_gate.older import distributions_in, kept_in
from components.data_gate.policy import CATEGORIES, DRIFT, NUMBERS
from pipeline.run.evidence.moved import moved, outcome
from schemas.evidence import ColumnInSplit, ColumnProfile, DataEvidence, Drift
from schemas.file_names import SCHEMA
from schemas.pbtxt import read_pbtxt
from schemas.records import ArtifactRecord
from schemas.roles import SPLITS
from schemas.split_statistics import columns_of, read_split
from schemas.table import TableProfile
from schemas.verdict import Measurement, Verdict

TOP_VALUES = 12
MEASURES = {True: "cumulative_difference", False: "share_difference"}
_NUMERIC = (statistics_pb2.FeatureNameStatistics.INT, statistics_pb2.FeatureNameStatistics.FLOAT)


@dataclass(frozen=True)
class Left:
    """Folders of what the steps left.

    examples : of ExampleGen, None before it kept distributions.  released : ReleasedStatistics' output.  verdict : DataGate's.
    """

    statistics: Path
    examples: Path | None = None
    schema: Path | None = None
    released: ArtifactRecord | None = None
    verdict: Verdict | None = None


def read(left: Left, profile: TableProfile, source: str) -> DataEvidence:
    """The profile of every column that ingest kept."""
    lists = {split: read_split(left.statistics, split) for split in SPLITS}
    by_split = {split: columns_of(one) for split, one in lists.items()}
    pairs = _pairs(left, lists)
    measurements = left.verdict.measurements if left.verdict else ()
    distances = _distances(left, pairs, measurements)
    columns = []
    for column in profile.columns:
        seen = {split: features[column.name] for split, features in by_split.items() if column.name in features}
        splits = {split: _in_split(feature, profile.rows[split]) for split, feature in seen.items()}
        columns.append(
            ColumnProfile(column.name, column.kind, column.role, splits, tuple(distances.get(column.name, ())))
        )
    version = _version(left)
    found = moved(pairs, measurements)
    return DataEvidence(
        dict(profile.rows), tuple(columns), source, profile.digest, profile.notes, version or None, found
    )


def _version(left: Left) -> int:
    return int(left.released.properties["version"]) if left.released else 0


def _pairs(left: Left, lists: Mapping[str, Any]) -> list[Compared]:
    """Each split with train, then train with the released model's train data."""
    kept = {
        split: (kept_in(left.examples, split) if left.examples else None) or distributions_in(one)
        for split, one in lists.items()
        if one.datasets
    }
    pairs = comparing.skew(kept)
    if left.released and not left.released.properties["empty"] and TRAIN in kept:
        before = kept_in(left.released.uri, TRAIN) or distributions_in(read_split(left.released.uri, TRAIN))
        pairs.append(comparing.drift(kept[TRAIN], before, Released(_version(left), is_comparable=True)))
    return pairs


def _distances(left: Left, pairs: list[Compared], measurements: tuple[Measurement, ...]) -> dict[str, list[Drift]]:
    schema = read_pbtxt(left.schema / SCHEMA) if left.schema else schema_pb2.Schema()
    found: dict[str, list[Drift]] = {}
    distances = [m for m in measurements if m.name.endswith((NUMBERS, CATEGORIES))]
    judged = {(m.name.partition("_")[0], m.slice): m for m in distances}
    for pair in pairs:
        version = _version(left) if pair.side == DRIFT else None
        against = f"released version {version}" if version else TRAIN
        for column, sort, apart, limit in comparing.of_every_column(pair, comparing.limits_of(schema, pair.side)):
            m = judged.get((pair.side, f"{pair.split}: {column}"))
            result = outcome(m) if m else ""
            drift = Drift(pair.split, against, MEASURES[sort == NUMBERS], apart.value, limit, version, result)
            found.setdefault(column, []).append(drift)
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
