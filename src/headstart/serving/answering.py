"""From picture files to answers: decoded side by side, looked at together, told one by one."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from headstart.artifacts import Answer
from headstart.errors import UnreadableImageError
from headstart.serving.batcher import Batcher, Row
from headstart.serving.limits import Limits
from headstart.serving.measures import Measures
from headstart.serving.model import ServedModel
from headstart.serving.pictures import PictureReader, reading_pool
from headstart.serving.refusals import Refusal
from headstart.serving.schemas import PictureAnswer
from headstart.serving.uploads import Upload


class Answering:
    """The way of a picture through the server, and the threads on it.

    Args:
        model: answers.
        limits: of pixels, batches and time.
        measures: told of batches and of what became of pictures.
    """

    def __init__(self, model: ServedModel, limits: Limits, measures: Measures) -> None:
        self._predictor = model.predictor
        self._limits = limits
        self._measures = measures
        self._reader = PictureReader.for_predictor(model.predictor, limits.pixels)
        self._pool = reading_pool()
        self._num_coming = 0
        self._batcher = Batcher(
            model.predictor.runtime,
            batch_size=limits.batch_size,
            wait_seconds=limits.batch_wait_seconds,
            num_coming=lambda: self._num_coming,
            observe=measures.count_batch,
        )

    @property
    def is_ready(self) -> bool:
        """Whether pictures are answered."""
        return self._batcher.is_running

    def start(self) -> None:
        """Begins, after a first look at nothing, which takes runtimes longest; needs a running event loop."""
        self._predictor.runtime.run(np.zeros((1, *self._predictor.image_size, 3), np.uint8))
        self._batcher.start()

    async def stop(self) -> None:
        """Ends the threads, when nobody waits for an answer any more."""
        await self._batcher.stop()
        self._pool.shutdown()

    async def answers(self, uploads: Sequence[Upload], *, coverage: float, abstain: bool) -> list[PictureAnswer]:
        """One entry a picture.

        Raises:
            Refusal: it took too long.
        """
        try:
            async with asyncio.timeout(self._limits.answer_seconds):
                rows = await asyncio.gather(*(self._row(upload.content) for upload in uploads))
        except TimeoutError:
            raise Refusal(
                503, f"There was no answer within {self._limits.answer_seconds:g} seconds.", retry_seconds=1
            ) from None
        predictor = replace(self._predictor, coverage=coverage)
        entries, results = [], Counter[str]()
        for upload, row in zip(uploads, rows, strict=True):
            if isinstance(row, UnreadableImageError):
                entries.append(PictureAnswer(name=upload.name, error=row.received))
                results["unreadable"] += 1
                continue
            (answer,) = predictor.decode(row.probabilities[None], row.foreign_score[None])
            entries.append(_entry(upload.name, answer, predictor.class_names, abstain=abstain))
            results[_result(answer)] += 1
        for result, count in results.items():
            self._measures.count_pictures(result, count)
        return entries

    async def _row(self, content: bytes) -> Row | UnreadableImageError:
        self._num_coming += 1
        try:
            pixels = await asyncio.get_running_loop().run_in_executor(self._pool, self._reader.read, content)
        except UnreadableImageError as error:
            return error
        finally:
            self._num_coming -= 1
        return await self._batcher.row(pixels)


def _entry(name: str | None, answer: Answer, class_names: Sequence[str], *, abstain: bool) -> PictureAnswer:
    prediction, probability = answer.told(abstain=abstain)
    return PictureAnswer(
        name=name,
        prediction=prediction,
        probability=probability,
        probabilities=dict(zip(class_names, answer.probabilities.tolist(), strict=True)),
        prediction_set=list(answer.prediction_set),
        foreign_score=answer.foreign_score,
        is_foreign=answer.is_foreign,
        is_sure=answer.is_sure,
    )


def _result(answer: Answer) -> str:
    if answer.is_foreign:
        return "foreign"
    return "sure" if answer.is_sure else "unsure"
