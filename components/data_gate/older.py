"""TFDV's statistics as distributions, for releases that kept nothing else: ten quantiles of numbers, the ranks of texts.

They tell less, and what they do not tell counts for "no difference", so they refuse less.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from tensorflow_metadata.proto.v0 import statistics_pb2

from schemas import distributions
from schemas.distributions import Distribution, Numbers, SplitDistributions, Values
from schemas.split_statistics import columns_of, rows_of

#: TFDV's quantiles come from a sketch that may be wrong by so much of the rows.
SKETCH_ERROR = 0.01
_NUMERIC = (statistics_pb2.FeatureNameStatistics.INT, statistics_pb2.FeatureNameStatistics.FLOAT)


def kept_in(folder: str | Path, split: str) -> SplitDistributions | None:
    """What ExampleGen or a release left in an artifact's folder; None before there was anything."""
    return distributions.read(Path(folder) / distributions.file_name(split))


def distributions_in(statistics: Any) -> SplitDistributions:
    """What there is of a split.  statistics : statistics_pb2.DatasetFeatureStatisticsList of one split."""
    rows = rows_of(statistics)
    columns = {name: _column(feature) for name, feature in columns_of(statistics).items()}
    return SplitDistributions(rows, float(rows), columns={name: one for name, one in columns.items() if one})


def _column(feature: Any) -> Distribution | None:
    if feature.type in _NUMERIC:
        return _numbers(feature.num_stats)
    return _values(feature.string_stats) if feature.type == statistics_pb2.FeatureNameStatistics.STRING else None


def _numbers(stats: Any) -> Numbers | None:
    present = int(stats.common_stats.num_non_missing)
    found = [h for h in stats.histograms if h.type == statistics_pb2.Histogram.QUANTILES]
    if not present or not found:
        return None
    buckets = found[0].buckets
    edges = np.array([buckets[0].low_value, *(bucket.high_value for bucket in buckets)])
    counts = np.array([bucket.sample_count for bucket in buckets])
    share = np.concatenate([[0.0], np.cumsum(counts) / counts.sum()])
    points = np.unique(edges)
    first, last = np.searchsorted(edges, points, side="left"), np.searchsorted(edges, points, side="right") - 1
    upto = np.clip(share[last] - SKETCH_ERROR, 0, 1) * present
    below = np.clip(share[first] + SKETCH_ERROR, 0, 1) * present
    upto[-1], below[0] = present, 0.0
    return Numbers(present, points, upto, below, is_exact=False, mean=stats.mean, std=stats.std_dev)


def _values(stats: Any) -> Values:
    ranks = [(bucket.label, int(bucket.sample_count)) for bucket in stats.rank_histogram.buckets]
    known = ranks or [(entry.value, int(entry.frequency)) for entry in stats.top_values]
    counts = np.array([count for _, count in known], np.int64)
    other = 0 if len(known) >= stats.unique else int(counts.min(initial=0))
    return Values(int(stats.common_stats.num_non_missing), tuple(label for label, _ in known), counts, other)
