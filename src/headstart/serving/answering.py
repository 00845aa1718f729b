"""From image files to predictions: decoded in parallel, predicted in batches, returned one by one."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from headstart.artifacts import TaskPredictor
from headstart.errors import UnreadableImageError
from headstart.prediction import Form, Prediction, Settings, form_of
from headstart.serving.batcher import Batcher, Row
from headstart.serving.kind import Kind
from headstart.serving.limits import Limits
from headstart.serving.measures import Measures
from headstart.serving.model import ServedModel
from headstart.serving.pictures import PictureReader, reading_pool
from headstart.serving.refusals import Refusal
from headstart.serving.schemas import Answers, Entry, Question
from headstart.serving.uploads import Upload


class Answering:
    """The way of an image through the server, and the threads on it.

    Args:
        model: answers.
        limits: of pixels, batches and time.
        measures: notified of batches and of the results of images.
    """

    def __init__(self, model: ServedModel, limits: Limits, measures: Measures) -> None:
        self._kind = model.kind
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
        """Whether images are predicted."""
        return self._batcher.is_running

    def start(self) -> None:
        """Starts the threads; needs a running event loop."""
        self._batcher.start()

    async def stop(self) -> None:
        """Ends the threads, when nobody waits for an answer any more."""
        await self._batcher.stop()
        self._pool.shutdown()

    async def answers(self, uploads: Sequence[Upload], question: Question) -> Answers:
        """One entry per image.

        Raises:
            Refusal: it took too long.
        """
        teller = _Teller(self._kind, self._predictor, question)
        try:
            async with asyncio.timeout(self._limits.answer_seconds):
                entries = await asyncio.gather(*(self._entry(upload, teller) for upload in uploads))
        except TimeoutError:
            raise Refusal(
                503, f"There was no prediction within {self._limits.answer_seconds:g} seconds.", retry_seconds=1
            ) from None
        results = Counter("unreadable" if entry.error else self._kind.result(entry) for entry in entries)
        for result, count in results.items():
            self._measures.count_pictures(result, count)
        return self._kind.answers(pictures=entries, **dict(question))

    async def _entry(self, upload: Upload, teller: "_Teller") -> Entry:
        loop = asyncio.get_running_loop()
        self._num_coming += 1
        try:
            picture = await loop.run_in_executor(self._pool, self._reader.read, upload.content)
        except UnreadableImageError as error:
            return self._kind.entry(name=upload.name, error=error.received)
        finally:
            self._num_coming -= 1
        answer = teller.answer(await self._batcher.row(picture.pixels), picture.size)
        if self._kind.in_picture_size is None:
            return teller.entry(upload.name, answer)
        return await loop.run_in_executor(self._pool, teller.entry, upload.name, answer)


class _Teller:
    """From a prediction to the entry of a response.

    Args:
        kind: of the task.
        predictor: of the model.
        question: what the request asks.
    """

    def __init__(self, kind: Kind, predictor: TaskPredictor, question: Question) -> None:
        asked = dict(question)
        self._kind = kind
        self._predictor = _with(predictor, asked)
        self._form: Form = form_of(predictor.kind, predictor.class_names, Settings(**asked))

    def answer(self, row: Row, size: tuple[int, int]) -> object:
        """The predictor's, small as long as it waits."""
        (answer,) = self._predictor.decode([part[None] for part in row], [size])
        return answer

    def entry(self, name: str | None, answer: object) -> Entry:
        """The measures of the server as values for JSON."""
        record = self._form.record(Prediction(path="", answer=answer))
        if self._kind.in_picture_size is not None:
            record |= self._kind.in_picture_size(answer)
        return self._kind.entry(name=name, **record)


def _with(predictor: Any, asked: dict[str, object]) -> TaskPredictor:
    """A predictor with the settings of one request, and the form of its entries."""
    known = {field.name for field in fields(predictor)}
    changed: TaskPredictor = replace(predictor, **{name: value for name, value in asked.items() if name in known})
    return changed
