"""What may stand in the files of a detector."""

from typing import Annotated, Literal

from pydantic import Field

from headstart.stored import Name, Schema, Share


class BoxPromises(Schema):
    """promises.json of a detector."""

    format_version: Literal[1] = 1
    score_threshold: Share


class FoundBox(Schema):
    """One box of a detector's predictions.csv."""

    name: Name
    score: Share
    sides: Annotated[list[Annotated[float, Field(ge=-1e7, le=1e7)]], Field(min_length=4, max_length=4)]  # pixels


class ExportedBoxPromises(Schema):
    """What answers of a detector follow from."""

    score_threshold: Share
