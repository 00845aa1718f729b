"""How a server answers for one task."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from headstart.artifacts import Manifest, TaskPredictor
from headstart.serving.schemas import Answers, Entry, Metadata, Question


@dataclass(frozen=True)
class Kind:
    """The part of a task that the server uses; its functions take what the task gives.

    What an entry says is what `headstart.prediction` records of the image.

    Attributes:
        summary: what the model does, in one sentence.
        question: what a request may ask, from the predictor: its values hold where a request does not say.
        entry: schema of the entry of one image.
        answers: schema of the response, with the values of the question that it depends on.
        metadata: schema of the facts about the model.
        facts: those of the metadata that other tasks lack, from the artifact and the predictor.
        result: what became of an answered image, for the counters.
        in_picture_size: function from a prediction to the part of an entry that is as large as its image; a thread
            computes it, so that other requests do not wait. None: there is no such part.
    """

    summary: str
    question: Callable[[TaskPredictor], type[Question]]
    entry: type[Entry]
    answers: type[Answers]
    metadata: type[Metadata]
    facts: Callable[[Manifest, TaskPredictor], Mapping[str, object]]
    result: Callable[[Entry], str] = lambda _: "answered"
    in_picture_size: Callable[[object], Mapping[str, object]] | None = None
