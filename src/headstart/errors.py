"""The errors that a user can correct, one class per cause.

Each error states what was expected, what was received and what to do next. The command line has an exit code for every
class (`headstart.cli.exit_codes`).
"""


class HeadstartError(Exception):
    """An error in the input or the environment that the user can correct.

    Args:
        problem: what is wrong, in one sentence, with the name as the user gave it.
        expected: what is accepted.
        received: what was given.
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
    """Something is wrong with the images or their labels."""


class DataNotFoundError(DataError):
    """The folder, table or image does not exist."""


class NoClassFoldersError(DataError):
    """The folder has no class folders with images in them."""


class OneClassError(DataError):
    """All examples have the same class, so that there is nothing to learn."""


class ClassTooSmallError(DataError):
    """A class has too few images for training, validation and test part."""


class NoReadableImagesError(DataError):
    """No image can be decoded."""


class UnreadableImageError(DataError):
    """A file is not an image, or it is damaged."""


class TableColumnsError(DataError):
    """A table of labels lacks a column, or a column has unusable values."""


class TablePathMissingError(DataError):
    """A table of labels refers to images that do not exist."""


class TablePathOutsideError(DataError):
    """A table of labels refers to images outside its own folder."""


class SeenImagesError(DataError):
    """All images to be tested are copies of images of the run's training or validation part."""


class FolderOccupiedError(DataError):
    """The place for new files is inside a folder of images, or other files are already there."""


class SplitError(DataError):
    """The requested parts cannot be made, or the stated parts are incomplete."""


class DataFormatError(DataError):
    """The requested task or format does not match the data."""


class AnnotationsError(DataError):
    """Annotations are missing or unreadable, or they mark no object."""


class ClassNamesError(DataError):
    """Labelled data has other classes than the model."""


class BackboneError(HeadstartError):
    """Something is wrong with the requested pretrained network."""


class UnknownBackboneError(BackboneError):
    """There is no backbone of this name."""


class UnknownStageError(BackboneError):
    """The backbone has no stage of this name."""


class ImageSizeError(BackboneError):
    """The image size is not a size, or it is too small for the backbone."""


class WeightsError(BackboneError):
    """Weights cannot be used with this backbone."""


class WeightsNotFoundError(WeightsError):
    """The weights file does not exist, or this backbone has no such weights."""


class WeightsMismatchError(WeightsError):
    """The weights belong to another architecture, or the file is damaged."""


class WeightsDownloadError(WeightsError):
    """The weights could not be downloaded."""


class PredictionsError(HeadstartError):
    """Predictions cannot be scored: they are not probabilities, or they do not match the targets."""


class RecipeError(HeadstartError):
    """A setting is unknown or out of range."""


class RunError(HeadstartError):
    """Something is wrong with a run directory."""


class RunNotFoundError(RunError):
    """There is no run in this folder."""


class RunExistsError(RunError):
    """The folder for a new run is not empty."""


class RunIncompleteError(RunError):
    """The run was stopped before it had written what the command needs."""


class RunDamagedError(RunError):
    """The content of a file of the run is not what the run wrote."""


class ArtifactError(HeadstartError):
    """Something is wrong with exported files."""


class ArtifactNotFoundError(ArtifactError):
    """There is no artifact in this folder, or it lacks the requested format."""


class ArtifactDamagedError(ArtifactError):
    """The content of an exported file, or of artifact.json, is not what was exported."""


class ArtifactNewerError(ArtifactError):
    """A newer version of this package wrote the artifact."""


class ParityError(ArtifactError):
    """The predictions of an exported file differ from those of the model."""


class UnknownFormatError(ArtifactError):
    """There is no export format of this name."""


class SimilarityIndexError(HeadstartError):
    """Something is wrong with an index of images."""


class IndexNotFoundError(SimilarityIndexError):
    """There is no index in this folder."""


class IndexDamagedError(SimilarityIndexError):
    """The content of a file of the index is not what was written."""


class IndexNewerError(SimilarityIndexError):
    """A newer version of this package wrote the index."""


class IndexMismatchError(SimilarityIndexError):
    """The index was made with another model."""


class AnswersExistError(HeadstartError):
    """The output file of a prediction already exists."""


class AnswersMismatchError(HeadstartError):
    """A prediction cannot be continued: its model, its images or a setting has changed."""


class AddressError(HeadstartError):
    """A server cannot listen at the requested address."""


class StorageFullError(HeadstartError):
    """There is no space left on the disk."""


class StoragePermissionError(HeadstartError):
    """A folder cannot be written to."""


class ExtraMissingError(HeadstartError):
    """The command needs packages that are not installed."""


class BankNotFoundError(HeadstartError):
    """There is no feature bank of this name."""


class InUseError(HeadstartError):
    """Another process is using the same folder or file."""


class OutputError(HeadstartError):
    """Standard output is closed or cannot be written to."""


class WorkingDirectoryError(HeadstartError):
    """The working directory no longer exists."""
