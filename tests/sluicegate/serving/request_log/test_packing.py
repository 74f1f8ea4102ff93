"""What comes out of a frame is what went in."""

import numpy as np
import pytest

from sluicegate.serving.exchange import Part, Together
from sluicegate.serving.request_log.packing import unpack
from sluicegate.serving.request_log.process import LENGTH, Frames
from tests.sluicegate.serving.request_log.exchanges import exchange, frame_of, texts


def rows_of(e):
    return {name: array.tolist() for name, array in (*e.part.inputs.items(), *e.part.outputs.items())}


def test_a_request_comes_back_with_all_that_is_said_of_it():
    one = exchange("r1", arm="canary", weight=0.1, inputs={"x": np.array([[1, 2]], np.int8), "t": texts(b"a\xff")})
    [got] = unpack([frame_of(one)])
    assert got._replace(part=None) == one._replace(part=None)
    assert got.part.inputs["x"].dtype == np.int8
    assert rows_of(got) == rows_of(one)


def test_calls_that_follow_each_other_share_their_arrays():
    first, second = (Together({"x": np.arange(4) + n, "t": texts(*"abcd")}, {"y": np.ones((4, 2))}) for n in (0, 10))
    ran = [exchange("a")._replace(part=Part(first, 0, 1)), exchange("b")._replace(part=Part(first, 1, 2))]
    later = [exchange("c")._replace(part=Part(second, 0, 1)), exchange("d")._replace(part=Part(second, 3, 1))]
    alone = exchange("e", inputs={"x": np.array([99]), "t": texts("z")}, outputs={"y": np.zeros((1, 2))})
    got = unpack([frame_of(*ran), frame_of(*later), frame_of(alone)])
    assert [rows_of(e) for e in got] == [rows_of(e) for e in (*ran, *later, alone)]
    assert len({id(e.part.of) for e in got}) == 1


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"version": 8}, id="another version"),
        pytest.param({"signature": "s"}, id="another signature"),
        pytest.param({"inputs": {"x": np.array([1.5])}}, id="another type"),
        pytest.param({"inputs": {"x": np.array([[1]])}}, id="another shape"),
        pytest.param({"inputs": {"z": np.array([1])}}, id="another name"),
        pytest.param({"inputs": {"x": np.array(1)}}, id="no rows"),
        pytest.param({"inputs": {}}, id="nothing"),
    ],
)
def test_what_does_not_fit_together_stays_apart(other):
    known = {"inputs": {"x": np.array([7])}, "outputs": {}}
    one, two = exchange("a", **known), exchange("b", **known | other)
    got = unpack([frame_of(one), frame_of(two), frame_of(one)])
    assert [rows_of(e) for e in got] == [rows_of(e) for e in (one, two, one)]
    assert len({id(e.part.of) for e in got}) == 3


def test_a_request_of_no_rows_takes_none_of_its_neighbours():
    some, none = (exchange(str(n), inputs={"x": np.arange(n)}, outputs={}) for n in (2, 0))
    got = unpack([frame_of(some), frame_of(none), frame_of(some)])
    assert [rows_of(e)["x"] for e in got] == [[0, 1], [], [0, 1]]


def test_types_that_numpy_learns_from_another_package():
    import ml_dtypes

    one = exchange(inputs={"x": np.array([1.5], ml_dtypes.bfloat16)}, outputs={})
    [got] = unpack([frame_of(one)])
    assert got.part.inputs["x"].dtype == ml_dtypes.bfloat16
    assert rows_of(got) == {"x": [1.5]}


@pytest.mark.parametrize("step", [1, 3, 7, 1000])
def test_frames_are_found_wherever_a_stream_is_cut(step):
    sent = [b"a", b"", b"x" * 300, b"last"]
    stream = b"".join(LENGTH.pack(len(one)) + one for one in sent)
    frames = Frames()
    got = [one for at in range(0, len(stream), step) for one in frames.feed(stream[at : at + step])]
    assert got == sent
    assert frames.feed(b"\x01\x00\x00\x00") == []
