"""The writer's process from within: what it reads, and what it replies. Its life beside a server is in test_log and test_files."""

import os

import pytest

from sluicegate.serving.request_log import reading
from sluicegate.serving.request_log.process import LENGTH, _settings, run, settings_as_json
from sluicegate.serving.request_log.settings import RequestLogSettings
from tests.sluicegate.serving.request_log.exchanges import exchange, frame_of


def replies(*frames, rest=b""):
    """What the process replies to a stream that ends after these frames."""
    source, sink = os.pipe()
    os.write(sink, b"".join(LENGTH.pack(len(one)) + one for one in frames) + rest)
    os.close(sink)
    said = []
    try:
        run(source, said.append)
    finally:
        os.close(source)
    return said


def test_frames_are_written_and_told(tmp_path):
    settings = RequestLogSettings(tmp_path / "log", leave_out=("job",), hash_columns=("age",), hash_secret="s" * 16)
    said = replies(settings_as_json(settings), frame_of(exchange("a"), exchange("a2")), frame_of(exchange("b")))
    assert said == [{"ready": True}, {"written": 3, "failed": 0}]
    table = reading.read(tmp_path / "log", "census")
    assert table["request_id"].unique().to_pylist() == ["a", "a2", "b"]
    assert reading.inputs_of(table) == ["age"]
    assert all(len(value) == 32 for value in table["input_age"].to_pylist())


def test_a_stream_that_ends_within_a_frame_keeps_what_was_whole(tmp_path):
    torn = LENGTH.pack(1000) + b"half"
    said = replies(settings_as_json(RequestLogSettings(tmp_path)), frame_of(exchange("a")), rest=torn)
    assert said[-1] == {"written": 1, "failed": 0}
    assert reading.read(tmp_path, "census")["request_id"].unique().to_pylist() == ["a"]


def test_a_server_that_ends_before_it_has_said_anything():
    assert replies() == []


def test_trouble_is_told_and_counted(tmp_path):
    blocked = tmp_path / "log"
    blocked.touch()
    ready, trouble, counts = replies(settings_as_json(RequestLogSettings(blocked)), frame_of(exchange("a")))
    assert (ready, counts) == ({"ready": True}, {"written": 0, "failed": 1})
    assert "FileExistsError" in trouble["trouble"] or "NotADirectoryError" in trouble["trouble"]


def test_a_missing_library_is_told(tmp_path, monkeypatch):
    def missing(name):
        raise ImportError("no pyarrow here")

    monkeypatch.setattr("sluicegate.serving.request_log.writer.format_of", missing)
    assert replies(settings_as_json(RequestLogSettings(tmp_path))) == [{"cannot": "no pyarrow here"}]


def test_settings_survive_the_way(tmp_path):
    settings = RequestLogSettings(tmp_path, "tfrecord", 0.5, 60.0, 1000, 3, 10, 99, ("a",), ("b",), "s" * 16)
    assert _settings(settings_as_json(settings)) == settings
    with pytest.raises(TypeError):
        _settings(b'{"folder": "x", "leave_out": [], "hash_columns": [], "unknown": 1}')
