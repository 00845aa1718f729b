"""`headstart predict`."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from headstart.cli.answers_table import table_lines
from headstart.cli.exit_codes import ExitCode
from headstart.cli.parameters import OUTPUT, examples, with_default
from headstart.cli.progress import RemarksOnly, shown_progress
from headstart.cli.surroundings import Surroundings
from headstart.cli.tensorflow_noise import load_keras
from headstart.files import csv_line

if TYPE_CHECKING:
    from headstart.prediction import ConsoleTable, ModelPlace, Records, Settings, Tallied
    from headstart.progress import Progress

EXAMPLES = examples(
    ("headstart predict runs/photos-vgg19-1 cat.jpg holiday/", "an image and a folder; prints a table"),
    (
        "headstart predict model.onnx photos --abstain --out new.csv",
        'predictions of an exported file, "not sure" in doubtful cases; continues if it was interrupted',
    ),
)
ANSWERS = "Answers"

Value = TypeVar("Value")


def _one_format(context: typer.Context, value: Value) -> Value:
    if value and any(context.params.get(name) for name in ("as_json", "as_csv", "out")):
        raise typer.BadParameter("--json, --csv and --out exclude each other.")
    return value


def _a_share(value: float | None) -> float | None:
    if value is not None and not 0 < value < 1:
        raise typer.BadParameter(f"{value:g} is not a probability. Expected more than 0 and less than 1, such as 0.9.")
    return value


def _a_score(value: float | None) -> float | None:
    if value is not None and not 0 <= value <= 1:
        raise typer.BadParameter(f"{value:g} is not a score. Expected a number from 0 to 1.")
    return value


def _a_known_ending(context: typer.Context, value: Path | None) -> Path | None:
    if value is not None and value.suffix.lower() not in (".csv", ".jsonl", ".parquet", ".json"):
        raise typer.BadParameter(
            f"'{value}' must end in .csv, .jsonl or .parquet, or for boxes in .json: the ending selects the format."
        )
    return _one_format(context, value)


ModelArgument = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL",
        help="Folder written by `headstart train` or `headstart export`, or an exported file.",
        show_default=False,
    ),
]
PathsArgument = Annotated[
    list[str],
    typer.Argument(metavar="PATH", help="Images, folders (with all subfolders) and patterns.", show_default=False),
]
CoverageOption = Annotated[
    float | None,
    typer.Option(
        callback=_a_share,
        metavar="SHARE",
        help=with_default(
            "Probability with which the set of classes, or the interval of a number, contains the true value. A higher "
            "probability gives larger sets and wider intervals.",
            "0.9",
        ),
        show_default=False,
        rich_help_panel=ANSWERS,
    ),
]
AbstainOption = Annotated[
    bool,
    typer.Option(
        "--abstain",
        help='Predict "not sure" if the set does not hold exactly one class, or if the image is out-of-distribution '
        "(unlike the training images).",
        rich_help_panel=ANSWERS,
    ),
]
MinScoreOption = Annotated[
    float | None,
    typer.Option(
        callback=_a_score,
        metavar="SCORE",
        help=with_default("Lowest score of a box that is returned.", "the best value on the validation images"),
        show_default=False,
        rich_help_panel=ANSWERS,
    ),
]
FalseAlarmsOption = Annotated[
    float | None,
    typer.Option(
        callback=_a_share,
        metavar="SHARE",
        help=with_default(
            "For anomaly detection, the promised share of good images that are reported as defects.", "as in the run"
        ),
        show_default=False,
        rich_help_panel=ANSWERS,
    ),
]
MasksOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Write the class of every pixel: one PNG file of class numbers per image, in the size of the image.",
        show_default=False,
        rich_help_panel=OUTPUT,
    ),
]
DrawOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Write the images with boxes, masks or heat maps drawn on them.",
        show_default=False,
        rich_help_panel=OUTPUT,
    ),
]
JsonLinesOption = Annotated[
    bool, typer.Option("--json", help="Print one line of JSON per image.", callback=_one_format, rich_help_panel=OUTPUT)
]
CsvOption = Annotated[bool, typer.Option("--csv", help="Print CSV.", callback=_one_format, rich_help_panel=OUTPUT)]
OutOption = Annotated[
    Path | None,
    typer.Option(
        callback=_a_known_ending,
        metavar="FILE",
        help=with_default(
            "Write to a file that ends in .csv, .jsonl or .parquet, or in .json for boxes in the COCO format. "
            "If the command is interrupted, the same command continues.",
            "a table on the screen",
        ),
        show_default=False,
        rich_help_panel=OUTPUT,
    ),
]


def predict(  # noqa: PLR0913, PLR0917  one parameter an option
    context: typer.Context,
    model: ModelArgument,
    paths: PathsArgument,
    coverage: CoverageOption = None,
    abstain: AbstainOption = False,
    min_score: MinScoreOption = None,
    false_alarms: FalseAlarmsOption = None,
    out: OutOption = None,
    masks: MasksOption = None,
    draw: DrawOption = None,
    as_json: JsonLinesOption = False,
    as_csv: CsvOption = False,
) -> ExitCode | None:
    """Predict classes, boxes, masks, numbers or defects of images, with a measure of confidence.

    Prints one row per file as soon as it is known: classes, boxes, shares of pixels per class, or numbers, depending on
    the task of the model. A file that is not an image gets a row with the error; the others are processed, and the exit
    code is 3.
    """
    surroundings: Surroundings = context.obj
    from headstart.prediction import Settings, answers_of, find_model, predict_records  # noqa: PLC0415  heavy

    place = find_model(model)
    settings = Settings(coverage, abstain, min_score, masks, draw, false_alarms)
    settings.check(place.kind)
    if place.needs_tensorflow:
        load_keras(surroundings)
    if out is not None:
        return _write(surroundings, place, paths, out, settings)
    with _progress(surroundings) as progress:
        records = predict_records(place, paths, settings, progress=progress)
        tally = _print(surroundings, records, answers_of(place.kind).console, as_json=as_json, as_csv=as_csv)
    return ExitCode.PARTIAL if tally.num_unreadable else None


def _progress(surroundings: Surroundings) -> "AbstractContextManager[Progress]":
    if surroundings.stdout.is_terminal:
        return nullcontext(RemarksOnly(surroundings.stderr))
    return shown_progress(surroundings)


def _write(
    surroundings: Surroundings, place: "ModelPlace", paths: list[str], out: Path, settings: "Settings"
) -> ExitCode | None:
    from headstart.prediction import write_predictions  # noqa: PLC0415  heavy

    with shown_progress(surroundings) as progress:
        tally = write_predictions(place, paths, out, progress=progress, **vars(settings))
        progress.say(tally.sentence)
    surroundings.print_text(str(out))
    return ExitCode.PARTIAL if tally.num_unreadable else None


def _print(
    surroundings: Surroundings, records: "Records", table: "ConsoleTable", *, as_json: bool, as_csv: bool
) -> "Tallied":
    from headstart.prediction import csv_cells  # noqa: PLC0415  heavy

    tally: Tallied = records.form.tally()
    counted = (tally.counted(record) for record in records)
    if as_json:
        for record in counted:
            surroundings.print_json(record)
    elif as_csv:
        surroundings.print_text(csv_line(records.form.columns).removesuffix("\n"))
        for record in counted:
            surroundings.print_text(csv_line(csv_cells(record, records.form)).removesuffix("\n"))
    else:
        for line in table_lines(counted, table):
            surroundings.stdout.print(line, soft_wrap=True)
    return tally
