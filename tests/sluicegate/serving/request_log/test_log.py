"""The queue, the counters, and what the server must never feel."""

import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from schemas.errors import MachineError
from sluicegate.serving.exchange import Part, Together
from sluicegate.serving.request_log import reading
from sluicegate.serving.request_log.complaints import Complaints
from sluicegate.serving.request_log.log import RequestLog, is_sampled, threshold_of
from sluicegate.serving.request_log.settings import RequestLogSettings
from tests.sluicegate.serving.request_log.exchanges import Hands, call_of, exchange, frame_of, offer

NEVER = 1e6


def process_of(log):
    log.await_writer()
    return log._child._process


def until(is_so, seconds=60):
    stop = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < stop
        time.sleep(0.005)


def test_a_full_queue_drops_and_counts(tmp_path):
    log = RequestLog(RequestLogSettings(tmp_path, queue_records=10), interval=NEVER)
    log._wake.set = lambda: None  # the sender sleeps until close
    accepted = [offer(log, exchange(str(n))) for n in range(25)]
    assert (accepted.count(True), log.dropped, log.queued) == (10, 15, 10)
    del log._wake.set
    assert log.close(60)
    assert (log.written, log.failed, log.queued) == (10, 0, 0)
    written = reading.requests(reading.read(tmp_path, "census"))["request_id"].to_pylist()
    assert written == [str(n) for n in range(10)]


def test_large_requests_fill_the_queue_by_their_bytes(tmp_path):
    big = exchange(inputs={"image": np.zeros((1, 1000), np.float64)}, outputs={})
    log = RequestLog(RequestLogSettings(tmp_path, queue_bytes=3 * len(frame_of(big))), interval=NEVER)
    assert [offer(log, big) for _ in range(5)] == [True, True, True, False, False]
    assert log.dropped == 2
    assert log.close(60)
    assert log.written == 3


def test_what_was_written_no_longer_fills_the_queue(tmp_path):
    log = RequestLog(
        RequestLogSettings(tmp_path, queue_records=4, queue_bytes=10 * len(frame_of(exchange()))), interval=0.001
    )
    for n in range(200):
        while not offer(log, exchange(str(n))):
            pass
    assert log.close(60)
    assert log.written == 200


def test_offers_of_many_threads_are_all_counted(tmp_path):
    log = RequestLog(RequestLogSettings(tmp_path, queue_records=200), interval=0.01)
    accepted = [0] * 4

    def many(me):
        accepted[me] = sum(offer(log, exchange(f"{me}-{n}")) for n in range(2000))

    threads = [threading.Thread(target=many, args=(me,)) for me in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.close(60)
    assert (log.written, log.written + log.dropped, log.failed) == (sum(accepted), 8000, 0)
    assert reading.requests(reading.read(tmp_path, "census")).num_rows == sum(accepted)


def test_after_close_offers_are_dropped(tmp_path):
    log = RequestLog(RequestLogSettings(tmp_path))
    log.close()
    assert not offer(log, exchange())
    assert log.dropped == 1
    assert log.close(60)


def test_every_copy_of_a_request_is_sampled_alike(tmp_path):
    log = RequestLog(RequestLogSettings(tmp_path, sampling_rate=0.3))
    for n in range(1000):
        copies = {offer(log, exchange(f"id-{n}", arm=arm, api=api)) for arm in ("stable", "shadow") for api in "ab"}
        assert len(copies) == 1
        assert copies == {is_sampled(f"id-{n}", threshold_of(0.3))}
    assert log.close(60)
    assert 2 * 2 * 250 < log.written < 2 * 2 * 350
    assert log.dropped == 0


def test_a_higher_rate_logs_the_same_requests_and_more():
    ids = [f"id-{n}" for n in range(2000)]
    low, high = ({i for i in ids if is_sampled(i, threshold_of(rate))} for rate in (0.1, 0.5))
    assert low < high
    assert not any(is_sampled(i, threshold_of(0.0)) for i in ids)
    assert threshold_of(1.0) is None


def test_sampling_says_nothing_about_the_arm():
    from sluicegate.serving.router import place_of

    ids = [f"id-{n}" for n in range(4000)]
    canary = [i for i in ids if place_of(i, "") < 0.1]
    sampled = [i for i in canary if is_sampled(i, threshold_of(0.1))]
    assert 0.05 < len(sampled) / len(canary) < 0.15


def test_whatever_is_offered_the_server_lives(tmp_path, caplog):
    log = RequestLog(RequestLogSettings(tmp_path, sampling_rate=0.999999), interval=0.01)
    assert log.offer("raw", [None]) == 0
    assert not offer(log, exchange(request_id=7))
    assert not offer(log, exchange("unpackable", inputs={"z": np.array([object()])}))
    assert not offer(log, exchange("unknown", inputs={"z": np.zeros(2, "V3")}))
    assert log.dropped == 4
    offer(log, exchange("\ud800"))
    offer(log, exchange("odd", inputs={"z": np.array([np.timedelta64(1)])}))
    offer(log, exchange("fine"))
    assert log.close(60)
    assert (log.written, log.failed) == (2, 1)
    assert set(reading.read(tmp_path, "census")["request_id"].to_pylist()) == {"\\ud800", "fine"}
    assert "fine" not in caplog.text


def test_trouble_is_said_once_a_minute_and_quotes_no_value():
    clock, said = Hands(), []
    complaints = Complaints(clock, said.append)
    for clock.now in (0, 1, 59.9):
        complaints.say(ValueError("could not convert 'secret'"))
    assert len(said) == 1
    clock.now = 60
    complaints.say(OSError(28, "No space left on device"))
    assert "secret" not in said[0]
    assert said[1].endswith("No space left on device (3 since the last message)")


def test_half_a_queue_wakes_the_writer(tmp_path):
    log = RequestLog(RequestLogSettings(tmp_path, queue_records=10), interval=NEVER)
    for n in range(5):
        assert offer(log, exchange(str(n)))
    until(lambda: log.written == 5)
    log.close()


def test_a_writer_that_hangs_does_not_hold_the_server_and_goes_on_after_it(tmp_path):
    log = RequestLog(RequestLogSettings(tmp_path, queue_records=20_000), interval=0.001)
    writer = process_of(log)
    writer.send_signal(signal.SIGSTOP)
    accepted = sum(offer(log, exchange(str(n))) for n in range(20_000))
    assert log.close(timeout=0.2) is False
    writer.send_signal(signal.SIGCONT)
    assert log.close(60)
    assert log.written == accepted > 10_000


def test_a_writer_that_dies_is_replaced_and_its_records_are_counted(tmp_path, caplog):
    log = RequestLog(RequestLogSettings(tmp_path), interval=0.001)
    assert offer(log, exchange("first"))
    until(lambda: log.written == 1)
    process_of(log).kill()
    assert offer(log, exchange("lost"))
    until(lambda: log.failed == 1)
    assert offer(log, exchange("last"))
    assert log.close(60)
    assert (log.written, log.failed, log.dropped) == (2, 1, 0)
    assert reading.read(tmp_path, "census")["request_id"].unique().to_pylist() == ["first", "last"]
    assert "BrokenPipeError" in caplog.text


def test_signals_for_the_server_do_not_end_the_writer(tmp_path):
    log = RequestLog(RequestLogSettings(tmp_path), interval=0.001)
    for number in (signal.SIGTERM, signal.SIGINT):
        process_of(log).send_signal(number)
    assert offer(log, exchange())
    assert log.close(60)
    assert (log.written, log.failed) == (1, 0)


def test_requests_that_ran_together_come_as_one_and_only_the_sampled_are_written(tmp_path):
    ids = [f"id-{n}" for n in range(40)]
    sampled = [i for i in ids if is_sampled(i, threshold_of(0.5))]
    together = Together({"x": np.arange(40)}, {"y": np.arange(40) * 2.0})
    answered = [(call_of(exchange(i), 0.0), Part(together, n, 1)) for n, i in enumerate(ids)]
    log = RequestLog(RequestLogSettings(tmp_path, sampling_rate=0.5), clock=lambda: 0.25)
    assert log.offer("raw", answered) == len(sampled)
    assert log.close(60)
    lines = reading.read(tmp_path, "census").to_pylist()
    assert [(e["request_id"], e["input_x"], e["output_y"]) for e in lines] == [
        (i, n, n * 2.0) for n, i in enumerate(ids) if i in sampled
    ]
    assert {e["latency_ms"] for e in lines} == {250.0}


def test_a_format_without_its_library_is_found_out_at_once(tmp_path, monkeypatch):
    (tmp_path / "pyarrow.py").write_text("raise ImportError('no pyarrow here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    log = RequestLog(RequestLogSettings(tmp_path / "log"))
    with pytest.raises(MachineError, match="no pyarrow here"):
        log.await_writer()
    assert log.close()


def test_neither_tensorflow_nor_pyarrow_is_imported_before_it_is_needed():
    program = (
        "import sys, sluicegate.serving.request_log.log, sluicegate.serving.request_log.process, sluicegate.serving.request_log.tfrecord;"
        "print(sorted({'tensorflow', 'pyarrow', 'tfx', 'apache_beam'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"


def test_streams_and_models_have_files_of_their_own(tmp_path):
    log = RequestLog(RequestLogSettings(tmp_path, queue_records=4000))
    count = 3001
    for n in range(count):
        offer(log, exchange(str(n), model=f"m{n % 3}"))
    assert log.close(60)
    tables = [reading.requests(reading.read(tmp_path, f"m{k}")) for k in range(3)]
    assert sum(table.num_rows for table in tables) == log.written == count
