"""The queue, the counters, and what the server must never feel."""

import logging
import subprocess
import sys
import threading

import numpy as np
import pytest

from serving.request_log import log as log_module
from serving.request_log import reading
from serving.request_log.log import Complaints, RequestLog, is_sampled, size_of, threshold_of
from serving.request_log.settings import RequestLogSettings
from tests.serving.request_log.exchanges import Hands, exchange, texts

NEVER = 1e6


def test_a_full_queue_drops_and_counts(tmp_path):
    log = RequestLog(RequestLogSettings(tmp_path, queue_records=10), interval=NEVER)
    log._wake.set = lambda: None  # the writer sleeps until close
    accepted = [log.offer(exchange(str(n))) for n in range(25)]
    assert (accepted.count(True), log.dropped, log.queued) == (10, 15, 10)
    del log._wake.set
    assert log.close()
    assert (log.written, log.failed, log.queued) == (10, 0, 0)
    written = reading.requests(reading.read(tmp_path, "census"))["request_id"].to_pylist()
    assert written == [str(n) for n in range(10)]


def test_large_requests_fill_the_queue_by_their_bytes(tmp_path):
    big = exchange(inputs={"image": np.zeros((1, 1000), np.float64)}, outputs={})
    log = RequestLog(RequestLogSettings(tmp_path, queue_bytes=3 * size_of(big)), interval=NEVER)
    assert [log.offer(big) for _ in range(5)] == [True, True, True, False, False]
    assert log.dropped == 2
    log.close()
    assert log.written == 3


def test_what_was_written_no_longer_fills_the_queue(tmp_path):
    log = RequestLog(
        RequestLogSettings(tmp_path, queue_records=4, queue_bytes=10 * size_of(exchange())), interval=0.001
    )
    for n in range(200):
        while not log.offer(exchange(str(n))):
            pass
    assert log.close()
    assert log.written == 200


def test_offers_of_many_threads_are_all_counted(tmp_path):
    log = RequestLog(RequestLogSettings(tmp_path, queue_records=200), interval=0.01)
    accepted = [0] * 4

    def offer(me):
        accepted[me] = sum(log.offer(exchange(f"{me}-{n}")) for n in range(2000))

    threads = [threading.Thread(target=offer, args=(me,)) for me in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.close()
    assert (log.written, log.written + log.dropped, log.failed) == (sum(accepted), 8000, 0)
    assert reading.requests(reading.read(tmp_path, "census")).num_rows == sum(accepted)


def test_after_close_offers_are_dropped(tmp_path):
    log = RequestLog(RequestLogSettings(tmp_path))
    log.close()
    assert not log.offer(exchange())
    assert log.dropped == 1
    assert log.close()


def test_every_copy_of_a_request_is_sampled_alike(tmp_path):
    log = RequestLog(RequestLogSettings(tmp_path, sampling_rate=0.3))
    for n in range(1000):
        copies = {log.offer(exchange(f"id-{n}", arm=arm, api=api)) for arm in ("stable", "shadow") for api in "ab"}
        assert len(copies) == 1
        assert copies == {is_sampled(f"id-{n}", threshold_of(0.3))}
    assert log.close()
    assert 2 * 2 * 250 < log.written < 2 * 2 * 350
    assert log.dropped == 0


def test_a_higher_rate_logs_the_same_requests_and_more():
    ids = [f"id-{n}" for n in range(2000)]
    low, high = ({i for i in ids if is_sampled(i, threshold_of(rate))} for rate in (0.1, 0.5))
    assert low < high
    assert not any(is_sampled(i, threshold_of(0.0)) for i in ids)
    assert threshold_of(1.0) is None


def test_sampling_says_nothing_about_the_arm():
    from serving.router import place_of

    ids = [f"id-{n}" for n in range(4000)]
    canary = [i for i in ids if place_of(i, "") < 0.1]
    sampled = [i for i in canary if is_sampled(i, threshold_of(0.1))]
    assert 0.05 < len(sampled) / len(canary) < 0.15


def test_whatever_is_offered_the_server_lives(tmp_path, caplog):
    log = RequestLog(RequestLogSettings(tmp_path, sampling_rate=0.999999), interval=0.01)
    assert not log.offer(None)
    assert not log.offer(exchange(request_id=7))
    assert log.dropped == 2
    log.offer(exchange("\ud800"))
    log.offer(exchange("odd", inputs={"z": np.array([1j])}))
    log.offer(exchange("fine"))
    assert log.close()
    assert (log.written, log.failed) == (2, 1)
    assert set(reading.read(tmp_path, "census")["request_id"].to_pylist()) == {"\\ud800", "fine"}


def test_trouble_is_said_once_a_minute_and_quotes_no_value(caplog):
    clock = Hands()
    complaints = Complaints(clock)
    with caplog.at_level(logging.ERROR, "sluicegate.serving"):
        for clock.now in (0, 1, 59.9):
            complaints.say(ValueError("could not convert 'secret'"))
        assert len(caplog.records) == 1
        clock.now = 60
        complaints.say(OSError(28, "No space left on device"))
    assert "secret" not in caplog.text
    assert "No space left on device (3 since the last message)" in caplog.records[1].getMessage()


def test_half_a_queue_wakes_the_writer(tmp_path):
    log = RequestLog(RequestLogSettings(tmp_path, queue_records=10), interval=NEVER)
    for n in range(5):
        assert log.offer(exchange(str(n)))
    log._thread.join(0.0)
    for _ in range(1000):
        if log.written == 5:
            break
        threading.Event().wait(0.01)
    assert log.written == 5
    log.close()


def test_a_disk_that_hangs_does_not_hold_the_server(tmp_path, monkeypatch):
    released = threading.Event()
    log = RequestLog(RequestLogSettings(tmp_path), interval=0.01)
    monkeypatch.setattr(log._files, "write", lambda exchanges: released.wait(30))
    log.offer(exchange())
    assert log.close(timeout=0.2) is False
    released.set()
    assert log.close()


def test_a_format_without_its_library_is_found_out_at_once(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "serving.request_log.parquet", raising=False)
    with pytest.raises(ImportError):
        RequestLog(RequestLogSettings(tmp_path))


def test_neither_tensorflow_nor_pyarrow_is_imported_before_it_is_needed():
    program = (
        "import sys, serving.request_log.log, serving.request_log.tfrecord;"
        "print(sorted({'tensorflow', 'pyarrow', 'tfx', 'apache_beam'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"


def test_sizes_count_texts():
    small, large = (exchange(inputs={"t": texts(b"x" * n)}, outputs={}) for n in (10, 10_000))
    assert size_of(large) - size_of(small) == 9_990


def test_chunks_of_several_streams_and_models(tmp_path):
    log = RequestLog(RequestLogSettings(tmp_path), interval=NEVER)
    count = 3 * log_module.CHUNK + 1
    for n in range(count):
        log.offer(exchange(str(n), model=f"m{n % 3}"))
    assert log.close()
    tables = [reading.requests(reading.read(tmp_path, f"m{k}")) for k in range(3)]
    assert sum(table.num_rows for table in tables) == log.written == count
