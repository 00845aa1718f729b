"""The exit code of every command: one for each type of failure."""

from enum import IntEnum

from headstart import errors
from headstart.errors import HeadstartError


class ExitCode(IntEnum):
    """Exit codes, as a shell shows them in `$?`.

    Tens group causes: 10 data, 30 backbone, 40 settings, 50 runs and artifacts, 60 surroundings, 80 indexes,
    90 processes. 64 to 78 are left to sysexits.h and 126 upwards to the shell, apart from the two that shells
    themselves use for Ctrl-C and a closed pipe.
    """

    SUCCESS = 0
    BUG = 1
    USAGE = 2
    PARTIAL = 3
    FINDINGS = 4

    DATA_NOT_FOUND = 10
    NO_CLASS_FOLDERS = 11
    ONE_CLASS = 12
    CLASS_TOO_SMALL = 13
    NO_READABLE_IMAGES = 14
    UNREADABLE_IMAGE = 15
    TABLE_COLUMNS = 16
    TABLE_PATH_MISSING = 17
    TABLE_PATH_OUTSIDE = 18
    SPLIT = 19
    CLASS_NAMES = 20
    PREDICTIONS = 21
    FOLDER_OCCUPIED = 22
    SEEN_IMAGES = 23
    ANSWERS_EXIST = 24
    ANSWERS_MISMATCH = 25
    DATA_FORMAT = 26
    ANNOTATIONS = 27

    UNKNOWN_BACKBONE = 30
    UNKNOWN_STAGE = 31
    IMAGE_SIZE = 32
    WEIGHTS_NOT_FOUND = 33
    WEIGHTS_MISMATCH = 34
    WEIGHTS_DOWNLOAD = 35

    RECIPE = 40
    ADDRESS = 41

    RUN_NOT_FOUND = 50
    RUN_EXISTS = 51
    RUN_INCOMPLETE = 52
    RUN_DAMAGED = 53
    ARTIFACT_NOT_FOUND = 54
    ARTIFACT_DAMAGED = 55
    ARTIFACT_NEWER = 56
    PARITY = 57
    UNKNOWN_FORMAT = 58

    STORAGE_FULL = 60
    STORAGE_PERMISSION = 61
    EXTRA_MISSING = 62
    BANK_NOT_FOUND = 63

    INDEX_NOT_FOUND = 80
    INDEX_DAMAGED = 81
    INDEX_NEWER = 82
    INDEX_MISMATCH = 83

    OUTPUT = 90
    WORKING_DIRECTORY = 91
    IN_USE = 92
    SYSTEM = 93

    INTERRUPTED = 130
    BROKEN_PIPE = 141


# Codes without an error class.
MEANINGS: dict[ExitCode, str] = {
    ExitCode.SUCCESS: "Done.",
    ExitCode.BUG: "An error in Headstart itself.",
    ExitCode.USAGE: "The command line is not valid.",
    ExitCode.PARTIAL: "`predict` and `search`: some files are not images; the others were processed.",
    ExitCode.FINDINGS: "`audit`: some files cannot be used.",
    ExitCode.SYSTEM: "The operating system refused to read or write something.",
    ExitCode.INTERRUPTED: "Stopped with Ctrl-C.",
    ExitCode.BROKEN_PIPE: "The program that reads the output has stopped reading.",
}

# Classes that have subclasses only group causes and are never raised.
EXIT_CODES: dict[type[HeadstartError], ExitCode] = {
    errors.DataNotFoundError: ExitCode.DATA_NOT_FOUND,
    errors.NoClassFoldersError: ExitCode.NO_CLASS_FOLDERS,
    errors.OneClassError: ExitCode.ONE_CLASS,
    errors.ClassTooSmallError: ExitCode.CLASS_TOO_SMALL,
    errors.NoReadableImagesError: ExitCode.NO_READABLE_IMAGES,
    errors.UnreadableImageError: ExitCode.UNREADABLE_IMAGE,
    errors.TableColumnsError: ExitCode.TABLE_COLUMNS,
    errors.TablePathMissingError: ExitCode.TABLE_PATH_MISSING,
    errors.TablePathOutsideError: ExitCode.TABLE_PATH_OUTSIDE,
    errors.SplitError: ExitCode.SPLIT,
    errors.DataFormatError: ExitCode.DATA_FORMAT,
    errors.AnnotationsError: ExitCode.ANNOTATIONS,
    errors.ClassNamesError: ExitCode.CLASS_NAMES,
    errors.PredictionsError: ExitCode.PREDICTIONS,
    errors.FolderOccupiedError: ExitCode.FOLDER_OCCUPIED,
    errors.SeenImagesError: ExitCode.SEEN_IMAGES,
    errors.UnknownBackboneError: ExitCode.UNKNOWN_BACKBONE,
    errors.UnknownStageError: ExitCode.UNKNOWN_STAGE,
    errors.ImageSizeError: ExitCode.IMAGE_SIZE,
    errors.WeightsNotFoundError: ExitCode.WEIGHTS_NOT_FOUND,
    errors.WeightsMismatchError: ExitCode.WEIGHTS_MISMATCH,
    errors.WeightsDownloadError: ExitCode.WEIGHTS_DOWNLOAD,
    errors.RecipeError: ExitCode.RECIPE,
    errors.AddressError: ExitCode.ADDRESS,
    errors.RunNotFoundError: ExitCode.RUN_NOT_FOUND,
    errors.RunExistsError: ExitCode.RUN_EXISTS,
    errors.RunIncompleteError: ExitCode.RUN_INCOMPLETE,
    errors.RunDamagedError: ExitCode.RUN_DAMAGED,
    errors.ArtifactNotFoundError: ExitCode.ARTIFACT_NOT_FOUND,
    errors.ArtifactDamagedError: ExitCode.ARTIFACT_DAMAGED,
    errors.ArtifactNewerError: ExitCode.ARTIFACT_NEWER,
    errors.ParityError: ExitCode.PARITY,
    errors.UnknownFormatError: ExitCode.UNKNOWN_FORMAT,
    errors.AnswersExistError: ExitCode.ANSWERS_EXIST,
    errors.AnswersMismatchError: ExitCode.ANSWERS_MISMATCH,
    errors.StorageFullError: ExitCode.STORAGE_FULL,
    errors.StoragePermissionError: ExitCode.STORAGE_PERMISSION,
    errors.ExtraMissingError: ExitCode.EXTRA_MISSING,
    errors.BankNotFoundError: ExitCode.BANK_NOT_FOUND,
    errors.IndexNotFoundError: ExitCode.INDEX_NOT_FOUND,
    errors.IndexDamagedError: ExitCode.INDEX_DAMAGED,
    errors.IndexNewerError: ExitCode.INDEX_NEWER,
    errors.IndexMismatchError: ExitCode.INDEX_MISMATCH,
    errors.OutputError: ExitCode.OUTPUT,
    errors.WorkingDirectoryError: ExitCode.WORKING_DIRECTORY,
    errors.InUseError: ExitCode.IN_USE,
}


def is_refusal(error: BaseException) -> bool:
    """Whether the operating system (or Python) refused a path. A program cannot check for all of these before."""
    if isinstance(error, OSError):
        return error.errno is not None
    is_nul = isinstance(error, ValueError) and "null byte" in str(error)
    return is_nul or (isinstance(error, RuntimeError) and "home directory" in str(error))


def exit_code_of(error: BaseException) -> ExitCode:
    """The exit code of an error; an error without one is a bug of this program."""
    if isinstance(error, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    if isinstance(error, BrokenPipeError):
        return ExitCode.BROKEN_PIPE
    if is_refusal(error):
        return ExitCode.SYSTEM
    return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), ExitCode.BUG)
