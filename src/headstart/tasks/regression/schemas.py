"""What may stand in the files of a regressor."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from headstart.stored import Number, Schema


class NumberPromises(Schema):
    """promises.json of a regressor: a row a validation picture."""

    format_version: Literal[1] = 1
    residuals: Annotated[list[list[Annotated[Number, Field(ge=0)]]], Field(max_length=10_000_000)]

    @model_validator(mode="after")
    def _is_ascending(self) -> "NumberPromises":
        if len({len(row) for row in self.residuals}) > 1:
            raise ValueError("should have rows of one length")
        if any(
            low > high for before, after in pairwise(self.residuals) for low, high in zip(before, after, strict=True)
        ):
            raise ValueError("should be in ascending order")
        return self


class ExportedNumberPromises(Schema):
    """What answers of a regressor follow from: a row a validation picture."""

    residuals: Annotated[list[list[Annotated[Number, Field(ge=0)]]], Field(max_length=10_000_000)]
