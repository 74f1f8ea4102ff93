"""TFDV's statistics of a split, as TFX's StatisticsGen leaves them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from schemas.file_names import SPLIT_STATISTICS, split_folder

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import statistics_pb2


def read_split(folder: str | Path, split: str) -> statistics_pb2.DatasetFeatureStatisticsList:
    """The statistics of one split; without data sets where `folder`, of an ExampleStatistics artifact, has no such split."""
    from tensorflow_metadata.proto.v0 import statistics_pb2

    content = statistics_pb2.DatasetFeatureStatisticsList()
    path = Path(folder) / split_folder(split) / SPLIT_STATISTICS
    if path.exists():
        content.ParseFromString(path.read_bytes())
    return content


def columns_of(
    statistics: statistics_pb2.DatasetFeatureStatisticsList,
) -> dict[str, statistics_pb2.FeatureNameStatistics]:
    """The statistics of each column, by its name."""
    return {f.path.step[0] if f.path.step else f.name: f for data in statistics.datasets for f in data.features}


def rows_of(statistics: statistics_pb2.DatasetFeatureStatisticsList) -> int:
    return sum(int(data.num_examples) for data in statistics.datasets)
