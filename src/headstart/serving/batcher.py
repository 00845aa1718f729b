"""Images of many requests, looked at together: the processor never waits while there is something to do."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from headstart.artifacts import Runtime

# A core that has finished its part of one batch continues with the other. On two cores, with 32 clients, MobileNetV2
# predicted 13 % more images per second than with one batch after the other.
BATCHES_AT_ONCE = 2
Row = tuple[np.ndarray, ...]  # what a runtime gives of one image: its outputs without the axis of the batch


@dataclass(frozen=True, eq=False)
class _Waiting:
    pixels: np.ndarray
    row: "asyncio.Future[Row]"
    since: float


class Batcher:
    """Fills batches and runs them, two at a time, each in a thread of its own.

    A batch starts as soon as a thread is free and the batch is full, or nobody else is on the way, or its first image
    has waited long enough. While both are busy the next batch fills by itself, so that waiting costs only where it can
    win something.

    Args:
        runtime: runs a batch.
        batch_size: images that it gets at most.
        wait_seconds: how long the first image of a batch waits for others.
        num_coming: how many images are being decoded.
        observe: called with the size of each batch and its seconds.
    """

    def __init__(
        self,
        runtime: Runtime,
        *,
        batch_size: int,
        wait_seconds: float,
        num_coming: Callable[[], int],
        observe: Callable[[int, float], None],
    ) -> None:
        self._runtime = runtime
        self._batch_size = batch_size
        self._wait_seconds = wait_seconds
        self._num_coming = num_coming
        self._observe = observe
        self._waiting: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()
        self._threads = ThreadPoolExecutor(BATCHES_AT_ONCE, thread_name_prefix="model")
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_running(self) -> bool:
        """Whether batches are computed."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    def start(self) -> None:
        """Begins to look at images; needs a running event loop."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._work()) for _ in range(BATCHES_AT_ONCE)]

    async def stop(self) -> None:
        """Ends; images that nobody waits for any more are not looked at."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._threads.shutdown()

    async def row(self, pixels: np.ndarray) -> Row:
        """The outputs of the model for one image, `(height, width, 3)` uint8 of its own size."""
        future: asyncio.Future[Row] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(pixels, future, perf_counter()))
        self._arrived.set()
        return await future

    async def _work(self) -> None:
        while True:
            await self._fill()
            count = min(len(self._waiting), self._batch_size)
            batch = [one for one in (self._waiting.popleft() for _ in range(count)) if not one.row.done()]
            if batch:
                await self._answer(batch)

    async def _fill(self) -> None:
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        deadline = self._waiting[0].since + self._wait_seconds
        while len(self._waiting) < self._batch_size and self._num_coming() > 0:
            seconds = deadline - perf_counter()
            if seconds <= 0:
                return
            self._arrived.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._arrived.wait()
            except TimeoutError:
                return

    async def _answer(self, batch: list[_Waiting]) -> None:
        started = perf_counter()
        try:
            rows = await asyncio.get_running_loop().run_in_executor(
                self._threads, self._run, [one.pixels for one in batch]
            )
        except Exception as error:  # the waiting requests must get the error; the next batch may succeed
            for one in batch:
                if not one.row.done():
                    one.row.set_exception(error)
            return
        self._observe(len(batch), perf_counter() - started)
        for one, row in zip(batch, rows, strict=True):
            if not one.row.done():
                one.row.set_result(row)

    def _run(self, pixels: list[np.ndarray]) -> list[Row]:
        return list(zip(*self._runtime.run(np.stack(pixels)), strict=True))
