"""What a version's metrics were when it was released: `release_metrics/<version>.json` beside release.json.

QualityGate leaves the file beside its verdict, DirectRelease keeps it for the version, ReleasedModel hands it on with the released model:
so that a later run can say that the same model has become worse on newer rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.document import Document

FILE_NAME = "release_metrics.json"
#: No integer, so that no model server takes the folder for a version.
FOLDER = "release_metrics"


@dataclass(frozen=True)
class MetricThen:
    """A metric on a group of test rows.

    error, freedom : standard error of the value and its degrees of freedom.  units : rows, or groups of rows, that it comes from.
    """

    name: str
    slice: str
    value: float
    rows: int
    error: float
    freedom: float
    units: int


@dataclass(frozen=True)
class ReleaseMetrics:
    """constant : what predicting the same for every row reached in the metric that has to beat it."""

    task: str
    metrics: tuple[MetricThen, ...]
    constant: float | None = None

    def of(self, name: str, slice_: str) -> MetricThen | None:
        return next((one for one in self.metrics if (one.name, one.slice) == (name, slice_)), None)


FILE = Document(ReleaseMetrics, FILE_NAME, indent=1)
write, read_if_there = FILE.write, FILE.read_if_there


def name_of(version: int) -> str:
    """Name below the serving folder of the metrics of a version, if they were recorded."""
    return f"{FOLDER}/{version}.json"
