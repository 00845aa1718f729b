"""Everything that can go wrong and that a person can mend, one class a cause.

Each error says what was expected, what came and what to do next. The command line gives every class an exit code of its
own (`headstart.cli.exit_codes`).
"""


class HeadstartError(Exception):
    """A mistake in the input or the surroundings that the person who typed can mend.

    Args:
        problem: what is wrong, in one sentence, naming the thing as it was typed.
        expected: what would have been right.
        received: what came instead.
        hint: what to do next.
    """

    def __init__(self, problem: str, *, expected: str, received: str, hint: str) -> None:
        self.problem = problem
        self.expected = expected
        self.received = received
        self.hint = hint
        super().__init__(f"{problem} Expected {expected}; received {received}. {hint}")

    @property
    def line(self) -> str:
        """Everything but the hint on one line, for a table with a row for each file."""
        return " ".join(f"{self.problem} Expected {self.expected}; received {self.received}.".split())


class DataError(HeadstartError):
    """Something is wrong with the pictures or their labels."""


class DataNotFoundError(DataError):
    """The folder, table or picture does not exist."""


class NoClassFoldersError(DataError):
    """The folder has no class folders with pictures inside."""


class OneClassError(DataError):
    """All examples have the same class: there is nothing to tell apart."""


class ClassTooSmallError(DataError):
    """A class has too few pictures to stand in training, validation and test."""


class NoReadableImagesError(DataError):
    """No picture can be decoded."""


class UnreadableImageError(DataError):
    """One file is no picture, or a damaged one."""


class TableColumnsError(DataError):
    """A table of labels lacks a column, or a column holds something unusable."""


class TablePathMissingError(DataError):
    """A table of labels names pictures that do not exist."""


class TablePathOutsideError(DataError):
    """A table of labels names pictures outside its own folder."""


class SeenImagesError(DataError):
    """All pictures to test on are copies of pictures that the run learned from."""


class FolderOccupiedError(DataError):
    """The folder for new pictures already holds something else."""


class SplitError(DataError):
    """The parts asked for cannot be made, or the given parts lack one."""


class DataFormatError(DataError):
    """The task or the format asked for does not go with the data."""


class AnnotationsError(DataError):
    """Annotations are missing, unreadable, or mark nothing."""


class ClassNamesError(DataError):
    """Labelled data has other classes than the model."""


class BackboneError(HeadstartError):
    """Something is wrong with the pretrained network that was asked for."""


class UnknownBackboneError(BackboneError):
    """No backbone has this name."""


class UnknownStageError(BackboneError):
    """The backbone has no stage of this name."""


class ImageSizeError(BackboneError):
    """The image size is too small for the backbone, or no size at all."""


class WeightsError(BackboneError):
    """Weights cannot be used with this backbone."""


class WeightsNotFoundError(WeightsError):
    """The weights file does not exist, or this backbone has no weights of that kind."""


class WeightsMismatchError(WeightsError):
    """The weights belong to another architecture, or the file is damaged."""


class WeightsDownloadError(WeightsError):
    """The weights could not be downloaded."""


class PredictionsError(HeadstartError):
    """Predictions cannot be scored: they are no probabilities, or do not fit the targets."""


class RecipeError(HeadstartError):
    """A setting is unknown or outside its range."""


class RunError(HeadstartError):
    """Something is wrong with a run directory."""


class RunNotFoundError(RunError):
    """There is no run in this folder."""


class RunExistsError(RunError):
    """The folder for a new run already holds something."""


class RunIncompleteError(RunError):
    """The run was stopped before it had what is asked of it."""


class RunDamagedError(RunError):
    """A file of the run does not hold what the run wrote."""


class ArtifactError(HeadstartError):
    """Something is wrong with exported files."""


class ArtifactNotFoundError(ArtifactError):
    """There is no artifact in this folder, or it lacks the format asked for."""


class ArtifactDamagedError(ArtifactError):
    """An exported file, or artifact.json, does not hold what was exported."""


class ArtifactNewerError(ArtifactError):
    """A newer version of this package wrote the artifact."""


class ParityError(ArtifactError):
    """An exported file answers otherwise than the model."""


class UnknownFormatError(ArtifactError):
    """There is no export format of this name."""


class SimilarityIndexError(HeadstartError):
    """Something is wrong with an index of pictures."""


class IndexNotFoundError(SimilarityIndexError):
    """There is no index in this folder."""


class IndexDamagedError(SimilarityIndexError):
    """A file of the index does not hold what was written."""


class IndexNewerError(SimilarityIndexError):
    """A newer version of this package wrote the index."""


class IndexMismatchError(SimilarityIndexError):
    """The index was made with another model than the one at hand."""


class AnswersExistError(HeadstartError):
    """The file for the answers of a prediction exists already."""


class AnswersMismatchError(HeadstartError):
    """A prediction cannot go on: its model, its pictures or a setting changed since it was stopped."""


class AddressError(HeadstartError):
    """A server cannot listen at the address asked for."""


class StorageFullError(HeadstartError):
    """The disk has no room left."""


class StoragePermissionError(HeadstartError):
    """A folder cannot be written to."""


class ExtraMissingError(HeadstartError):
    """What was asked for needs packages that are not installed."""


class BankNotFoundError(HeadstartError):
    """There is no feature bank of this name."""


class InUseError(HeadstartError):
    """Another process works on the same folder or file."""


class OutputError(HeadstartError):
    """Standard output is closed or cannot be written to."""


class WorkingDirectoryError(HeadstartError):
    """The working directory does not exist any more."""
