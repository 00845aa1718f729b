"""What may stand in the program's own files: strict types with ranges, of which each file's schema is made."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, FailFast, Field

# Of the height and width that a model takes. A larger model input fits into no memory; nothing may ask for it.
MAX_IMAGE_SIDE = 4096
MAX_NAMES = 100_000
MAX_NUMBERS = 20_000_000

Item = TypeVar("Item")


class Schema(BaseModel):
    """Values that are checked strictly: no text for a number, no truth value for a number, nothing infinite.

    What a schema does not list is ignored, so that a later version may write more.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", allow_inf_nan=False)


def _unique(values: list[Item]) -> list[Item]:
    if len(set(values)) != len(values):
        raise ValueError("should hold every name once")
    return values


def is_ascending(values: Sequence[float]) -> bool:
    """Whether no number is smaller than the one before it."""
    return all(left <= right for left, right in pairwise(values))


Name = Annotated[str, Field(min_length=1, max_length=10_000)]
Names = Annotated[list[Name], Field(min_length=1, max_length=MAX_NAMES), FailFast(), AfterValidator(_unique)]
# The name of a file, a column or a setting: the operating system takes no zero bytes.
Text = Annotated[str, Field(max_length=4096, pattern=r"^[^\x00]*$")]
Number = Annotated[float, Field(ge=-1e300, le=1e300)]
Numbers = Annotated[list[Number], Field(max_length=MAX_NUMBERS), FailFast()]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Side = Annotated[int, Field(ge=1, le=MAX_IMAGE_SIDE)]
ImageSize = Annotated[list[Side], Field(min_length=2, max_length=2)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Hashes = Annotated[dict[Name, Sha256], Field(min_length=1, max_length=100_000)]
