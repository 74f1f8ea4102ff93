"""Batches, with a model that the test can hold back."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from sluicegate.serving.engine.batching import QUEUE_FULL, Batcher, Threads
from sluicegate.serving.engine.limits import BatchLimits
from sluicegate.serving.exchange import Call
from sluicegate.serving.signature import Signature, TensorSpec
from sluicegate.serving.status import Code, ServingError

PLUS_ONE = Signature(
    "plus_one", "", {"x": TensorSpec("x", "DT_FLOAT", (-1,))}, {"y": TensorSpec("y", "DT_FLOAT", (-1,))}
)
FIXED = Signature("fixed", "", {"x": TensorSpec("x", "DT_FLOAT", (2,))}, {"y": TensorSpec("y", "DT_FLOAT", ())})


class PlusOne:
    """Notes the rows of every run, and waits while it is held."""

    def __init__(self):
        self.rows, self.free = [], threading.Event()
        self.free.set()

    def __call__(self, signature, inputs, outputs):
        self.free.wait(10)
        x = inputs["x"]
        self.rows.append(len(x))
        if (x < 0).any():
            raise ServingError(Code.INVALID_ARGUMENT, "below zero")
        return {"y": x + 1}


@pytest.fixture
def model():
    return PlusOne()


def told(model, story, **limits):
    async def main():
        with ThreadPoolExecutor(4) as executor:
            batcher = Batcher(model, Threads(executor, 1), BatchLimits(**limits))
            try:
                await asyncio.wait_for(story(batcher), 10)
            finally:
                model.free.set()

    asyncio.run(main())


def ask(batcher, *values, deadline=None, signature=PLUS_ONE, request_id=""):
    x = np.array(values, np.float32)
    rows = len(x) if signature.is_batched else None
    call = Call("Predict", "REST", "m", request_id, "", 0.0, 0.0, deadline)
    return asyncio.ensure_future(batcher.submit(signature, {"x": x}, ("y",), rows, call))


async def held(model, batcher):
    """A request that the model holds back until it is set free: what is asked meanwhile waits."""
    model.free.clear()
    asked = ask(batcher, 0)
    await asyncio.sleep(0.02)
    return asked


async def values(*answers):
    return [answer.outputs["y"].tolist() for answer in await asyncio.gather(*answers)]


def test_what_arrives_while_a_batch_runs_forms_the_next(model):
    async def story(batcher):
        first = await held(model, batcher)
        rest = [ask(batcher, i, i + 0.5) for i in range(1, 5)]
        await asyncio.sleep(0.02)
        model.free.set()
        assert await values(first, *rest) == [[1.0], [2.0, 2.5], [3.0, 3.5], [4.0, 4.5], [5.0, 5.5]]

    told(model, story)
    assert model.rows == [1, 8]


def test_a_batch_is_not_larger_than_allowed_but_a_request_may_be(model):
    async def story(batcher):
        asked = [await held(model, batcher)]
        asked += [ask(batcher, *range(3)) for _ in range(3)] + [ask(batcher, *range(9))]
        await asyncio.sleep(0.02)
        model.free.set()
        await values(*asked)

    told(model, story, max_batch_size=6)
    assert model.rows == [1, 6, 3, 9]


def test_one_bad_request_does_not_fail_its_neighbours(model):
    async def story(batcher):
        first = await held(model, batcher)
        good, bad, other = ask(batcher, 1), ask(batcher, -1), ask(batcher, 2)
        await asyncio.sleep(0.02)
        model.free.set()
        assert await values(first, good, other) == [[1.0], [2.0], [3.0]]
        with pytest.raises(ServingError, match="below zero"):
            await bad

    told(model, story)


def test_a_full_queue_refuses(model):
    async def story(batcher):
        running = await held(model, batcher)
        waiting = [ask(batcher, i) for i in range(4)]
        await asyncio.sleep(0.02)
        with pytest.raises(ServingError) as refused:
            await ask(batcher, 9)
        assert (refused.value.code, refused.value.message) == (Code.RESOURCE_EXHAUSTED, QUEUE_FULL)
        model.free.set()
        await values(running, *waiting)
        assert await values(ask(batcher, 9)) == [[10.0]]
        assert batcher.waiting_rows == 0

    told(model, story, max_batch_size=2, max_enqueued_batches=2)


def test_what_came_too_late_is_not_run(model):
    async def story(batcher):
        running = await held(model, batcher)
        late = ask(batcher, 5, deadline=batcher._clock() + 0.01)
        await asyncio.sleep(0.05)
        model.free.set()
        await running
        with pytest.raises(ServingError) as refused:
            await late
        assert refused.value.code is Code.DEADLINE_EXCEEDED

    told(model, story)
    assert model.rows == [1]


def test_what_was_given_up_is_not_run(model):
    async def story(batcher):
        running = await held(model, batcher)
        ask(batcher, 5).cancel()
        given_up = ask(batcher, 6)
        await asyncio.sleep(0.02)
        given_up.cancel()
        model.free.set()
        await running
        await asyncio.sleep(0.05)
        assert batcher.waiting_rows == 0

    told(model, story)
    assert model.rows == [1]


def test_a_batch_is_padded_to_an_allowed_size(model):
    async def story(batcher):
        assert await values(ask(batcher, 1, 2, 3)) == [[2.0, 3.0, 4.0]]
        assert await values(ask(batcher, *range(9))) == [[float(i + 1) for i in range(9)]]

    told(model, story, max_batch_size=8, allowed_batch_sizes=(1, 4, 8))
    assert model.rows == [4, 9]


def test_a_timeout_waits_for_the_batch_to_fill(model):
    async def story(batcher):
        asked = [ask(batcher, 1)]
        await asyncio.sleep(0.05)
        assert model.rows == []
        asked.append(ask(batcher, 2))
        await values(*asked)
        began = asyncio.get_running_loop().time()
        await values(ask(batcher, 3))
        assert asyncio.get_running_loop().time() - began >= 0.19

    told(model, story, max_batch_size=2, batch_timeout_micros=200_000)
    assert model.rows == [2, 1]


def test_signatures_of_fixed_shape_run_alone(model):
    async def story(batcher):
        model.free.clear()
        asked = [ask(batcher, 1, 2, signature=FIXED) for _ in range(3)]
        await asyncio.sleep(0.02)
        model.free.set()
        await values(*asked)

    told(model, story)
    assert model.rows == [2, 2, 2]


def test_a_model_that_raises_anything_answers_everyone(model):
    async def story(batcher):
        def broken(*_):
            raise RuntimeError("boom")

        batcher._run = broken
        with pytest.raises(RuntimeError, match="boom"):
            await ask(batcher, 1)

    told(model, story)


def test_versions_share_the_threads_and_batch_while_they_wait(model):
    """Two versions, one thread: what arrives for one while the other runs leaves in one batch."""
    other = PlusOne()

    async def main():
        with ThreadPoolExecutor(4) as executor:
            threads = Threads(executor, 1)
            first, second = (Batcher(run, threads, BatchLimits()) for run in (model, other))
            model.free.clear()
            asked = [ask(first, 0)]
            await asyncio.sleep(0.02)
            for i in range(3):
                asked += [ask(first, i), ask(second, i)]
                await asyncio.sleep(0.01)
            model.free.set()
            await asyncio.wait_for(values(*asked), 10)
            assert threads.free == 1

    asyncio.run(main())
    assert (model.rows, other.rows) == ([1, 3], [3])


class Journal:
    """Notes what it is told, and in which thread."""

    def __init__(self):
        self.offered = []

    def offer(self, signature, answered):
        assert threading.current_thread() is threading.main_thread()
        self.offered.append((signature, [(c.request_id, part.outputs["y"].tolist()) for c, part in answered]))


def test_the_journal_hears_once_of_those_who_still_want_their_answer(model):
    journal = Journal()

    async def story(batcher):
        batcher._journal = journal
        model.free.clear()
        given_up = ask(batcher, 0, request_id="0")
        await asyncio.sleep(0.02)
        asked = [ask(batcher, n, request_id=str(n)) for n in (1, 2)]
        given_up.cancel()
        model.free.set()
        await values(*asked)

    told(model, story)
    assert journal.offered == [("plus_one", [("1", [2.0]), ("2", [3.0])])]


def test_the_journal_hears_of_those_that_did_not_fail(model):
    journal = Journal()

    async def story(batcher):
        batcher._journal = journal
        first = await held(model, batcher)
        good, bad = ask(batcher, 1, request_id="1"), ask(batcher, -1, request_id="2")
        model.free.set()
        await values(first, good)
        with pytest.raises(ServingError, match="below zero"):
            await bad

    told(model, story)
    assert journal.offered == [("plus_one", [("", [1.0])]), ("plus_one", [("1", [2.0])])]
