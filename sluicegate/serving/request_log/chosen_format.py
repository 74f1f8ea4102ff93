"""Which format the settings of a request log ask for."""

from __future__ import annotations

from sluicegate.serving.request_log.formats import Format
from sluicegate.serving.request_log.settings import PARQUET, RequestLogSettings


def format_of(settings: RequestLogSettings) -> Format:
    """A format's libraries are imported here and nowhere before."""
    if settings.format == PARQUET:
        from sluicegate.serving.request_log.parquet import ParquetFormat

        return ParquetFormat()
    from sluicegate.serving.request_log.tfrecord import TFRecordFormat

    return TFRecordFormat(settings.sampling_rate)
