from pathlib import Path

import pytest

from sluicegate.serving.request_log.settings import RequestLogSettings


def test_the_defaults_are_fine_and_the_secret_is_not_shown():
    settings = RequestLogSettings(Path("log"), hash_columns=("ssn",), hash_secret="0123456789abcdef")
    assert "0123456789abcdef" not in repr(settings)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"format": "csv"}, "format is 'csv', it must be one of parquet, tfrecord"),
        ({"sampling_rate": -0.01}, "sampling_rate is -0.01"),
        ({"sampling_rate": 1.01}, "sampling_rate is 1.01, it must lie between 0 and 1"),
        ({"sampling_rate": float("nan")}, "sampling_rate is nan"),
        ({"rotate_seconds": 0}, "rotate_seconds is 0, it must be above 0"),
        ({"rotate_seconds": float("inf")}, "rotate_seconds is inf"),
        ({"rotate_bytes": 0}, "rotate_bytes is 0, it must be at least 1"),
        ({"queue_records": 0}, "queue_records is 0"),
        ({"queue_bytes": 0}, "queue_bytes is 0"),
        ({"max_files": -1}, "max_files is -1"),
        ({"leave_out": "age"}, "leave_out must be a tuple of column names"),
        ({"leave_out": ("",)}, "leave_out must be a tuple of column names"),
        ({"leave_out": ("request_id",)}, "request_id is what labels are joined by"),
        ({"hash_columns": ("age",)}, "hash_columns need a hash_secret of at least 16 characters"),
        ({"hash_columns": ("age",), "hash_secret": "x" * 15}, "at least 16 characters"),
        (
            {"leave_out": ("age",), "hash_columns": ("age",), "hash_secret": "x" * 16},
            "age cannot be both left out and hashed",
        ),
    ],
)
def test_what_cannot_be_used_is_refused(wrong, message):
    with pytest.raises(ValueError, match="settings cannot be used") as caught:
        RequestLogSettings(Path("log"), **wrong)
    assert message in str(caught.value)


def test_all_problems_are_named_at_once():
    with pytest.raises(ValueError, match=r"sampling_rate is 2.*; .*max_files is -1"):
        RequestLogSettings(Path("log"), sampling_rate=2, max_files=-1)


def test_the_limits_themselves_are_allowed():
    for rate in (0.0, 1.0):
        RequestLogSettings(Path("log"), sampling_rate=rate, queue_records=1, rotate_bytes=1, max_files=0)
