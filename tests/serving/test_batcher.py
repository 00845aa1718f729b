"""Pictures of many requests become batches, and every request gets its own row."""

import asyncio
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.serving.batcher import BATCHES_AT_ONCE, Batcher


class Numbers:
    """A runtime whose answer is the picture's first number, and that remembers the sizes of its batches."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.gate = threading.Event()
        self.gate.set()

    def run(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.gate.wait(10)
        self.sizes.append(len(images))
        first = images[:, 0, 0, 0].astype("float32")
        return np.stack([first, 255 - first], axis=1), first


def picture(number: int) -> np.ndarray:
    return np.full((2, 2, 3), number, "uint8")


def run_with(runtime, work, *, batch_size=4, wait_seconds=0.0, num_coming=lambda: 0):
    """What `work` gives, with a batcher that runs meanwhile."""

    async def main():
        batcher = Batcher(
            runtime,
            batch_size=batch_size,
            wait_seconds=wait_seconds,
            num_coming=num_coming,
            observe=lambda size, seconds: None,
        )
        batcher.start()
        try:
            async with asyncio.timeout(10):
                return await work(batcher)
        finally:
            await batcher.stop()

    return asyncio.run(main())


@settings(max_examples=25, deadline=None)
@given(
    numbers=st.lists(st.integers(0, 255), min_size=1, max_size=40),
    batch_size=st.integers(1, 9),
    wait_seconds=st.sampled_from([0.0, 0.001]),
)
def test_every_picture_gets_its_own_row(numbers, batch_size, wait_seconds):
    runtime = Numbers()

    async def work(batcher):
        return await asyncio.gather(*(batcher.row(picture(number)) for number in numbers))

    rows = run_with(runtime, work, batch_size=batch_size, wait_seconds=wait_seconds)
    assert [float(first) for _, first in rows] == numbers
    assert [both.tolist() for both, _ in rows] == [[number, 255 - number] for number in numbers]
    assert sum(runtime.sizes) == len(numbers)
    assert max(runtime.sizes) <= batch_size


async def keep_busy(batcher, runtime) -> list[asyncio.Future]:
    """Pictures that hold all threads until the gate of the runtime opens."""
    runtime.gate.clear()
    held = []
    for _ in range(BATCHES_AT_ONCE):
        held.append(asyncio.ensure_future(batcher.row(picture(0))))
        await asyncio.sleep(0.05)
    return held


def test_a_second_batch_does_not_wait_for_the_first():
    class Meeting(Numbers):
        """Goes on only when two batches are inside at once."""

        both = threading.Barrier(2, timeout=10)

        def run(self, images):
            self.both.wait()
            return super().run(images)

    async def work(batcher):
        first = asyncio.ensure_future(batcher.row(picture(1)))
        await asyncio.sleep(0.05)
        return await asyncio.gather(first, batcher.row(picture(2)))

    assert [float(first) for _, first in run_with(Meeting(), work)] == [1, 2]


def test_pictures_that_come_while_both_threads_are_busy_share_a_batch():
    runtime = Numbers()

    async def work(batcher):
        held = await keep_busy(batcher, runtime)
        others = [asyncio.ensure_future(batcher.row(picture(number))) for number in range(1, 5)]
        await asyncio.sleep(0.05)
        runtime.gate.set()
        await asyncio.gather(*held, *others)

    run_with(runtime, work)
    assert sorted(runtime.sizes) == [*[1] * BATCHES_AT_ONCE, 4]


def test_a_picture_waits_for_those_that_are_being_decoded():
    runtime, coming = Numbers(), [1]

    async def work(batcher):
        async def later():
            await asyncio.sleep(0.05)
            coming[0] = 0
            return await batcher.row(picture(2))

        await asyncio.gather(batcher.row(picture(1)), later())

    run_with(runtime, work, wait_seconds=5.0, num_coming=lambda: coming[0])
    assert runtime.sizes == [2]


def test_a_picture_waits_no_longer_than_it_was_told():
    runtime = Numbers()

    async def work(batcher):
        await batcher.row(picture(1))  # somebody is always on the way and never comes

    run_with(runtime, work, wait_seconds=0.02, num_coming=lambda: 1)
    assert runtime.sizes == [1]


def test_a_picture_alone_does_not_wait():
    async def work(batcher):
        async with asyncio.timeout(1):
            await batcher.row(picture(1))

    run_with(Numbers(), work, wait_seconds=60.0)


def test_pictures_that_nobody_waits_for_any_more_are_not_looked_at():
    runtime = Numbers()

    async def work(batcher):
        held = await keep_busy(batcher, runtime)
        given_up = asyncio.ensure_future(batcher.row(picture(9)))
        await asyncio.sleep(0.05)
        given_up.cancel()
        runtime.gate.set()
        await asyncio.gather(*held)
        await asyncio.sleep(0.05)

    run_with(runtime, work)
    assert sum(runtime.sizes) == BATCHES_AT_ONCE


def test_an_error_reaches_those_whose_batch_it_was_and_no_other():
    class Failing(Numbers):
        def run(self, images):
            if images.max() == 13:
                raise RuntimeError("13")
            return super().run(images)

    async def work(batcher):
        with pytest.raises(RuntimeError, match="13"):
            await batcher.row(picture(13))
        return await batcher.row(picture(12))

    assert float(run_with(Failing(), work)[1]) == 12
