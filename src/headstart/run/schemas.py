"""What may stand in the JSON files of a run directory, as far as later steps use it."""

from typing import Annotated, Literal, Required, TypedDict

from pydantic import Field, model_validator

from headstart.files import Name, Number, Schema
from headstart.report import PhaseState

Count = Annotated[int, Field(ge=0, le=10**15)]
Seconds = Annotated[float, Field(ge=0, le=1e12)]
State = Literal["started", "interrupted", "failed", "finished"]


class BankPlaceFacts(Schema):
    """Where the bank lies."""

    path: Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^[^\x00]*$")]
    limit_gigabytes: Annotated[float, Field(ge=0, le=1e12)] | None = None


class EngineFacts(Schema):
    """The engine that computed the bank."""

    engine: Name


class BankFacts(Schema):
    """The facts about the feature bank; none for a run without a bank."""

    num_views: Count | None = None
    num_computed: Count | None = None
    stages: dict[Name, list[Count]] | None = None
    engine: EngineFacts | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> "BankFacts":
        missing = [name for name, value in self if value is None]
        if missing and self.model_fields_set:
            raise ValueError(f"should have {', '.join(missing)}")
        return self


class WeightsFacts(Schema):
    """Where the backbone's weights came from."""

    source: str
    sha256: str | None


class PhaseFacts(Schema):
    """One phase of training as the report shows it."""

    name: Name
    epochs: Count
    unfreeze_from: str | None
    learning_rate: Number
    num_trainable: Count
    num_frozen: Count
    num_restarts: Count = 0
    last_learning_rate: Number | None = None


class RunState(Schema):
    """run.json: it grows while the run continues, so that everything but the state may be missing."""

    format_version: Literal[1]
    state: State
    seconds: dict[Name, Seconds] = Field(default_factory=dict)
    is_split: bool = False
    bank_place: BankPlaceFacts | None = None
    bank: BankFacts | None = None
    weights: WeightsFacts | None = None
    phases: list[PhaseFacts] | None = None


class BankPlaceValues(TypedDict):
    """`BankPlaceFacts` as plain values."""

    path: str
    limit_gigabytes: float | None


class EngineValues(TypedDict):
    """`EngineFacts` as plain values."""

    engine: str


class BankValues(TypedDict):
    """`BankFacts` of a run with a bank, as plain values."""

    num_views: int
    num_computed: int
    stages: dict[str, list[int]]
    engine: EngineValues


class WeightsValues(TypedDict):
    """`WeightsFacts` as plain values."""

    source: str
    sha256: str | None


class RunValues(TypedDict, total=False):
    """`RunState` as plain values."""

    format_version: Required[int]
    state: Required[State]
    seconds: dict[str, float]
    is_split: bool
    bank_place: BankPlaceValues
    bank: BankValues
    weights: WeightsValues
    phases: list[PhaseState]


class Finding(Schema):
    """One line of the audit's summary."""

    kind: Name
    severity: Name
    count: Count
    meaning: str


class AuditFacts(Schema):
    """audit.json, as far as reports and cards show it."""

    format_version: Literal[1] = 1
    summary: Annotated[list[Finding], Field(max_length=1000)]


class Environment(Schema):
    """environment.json; what else stands there is shown as it is."""

    format_version: Literal[1]
    python: str
    machine: str
    packages: dict[Name, str]
