"""The settings of a recipe as options of the command line: one alias per setting of `headstart.options.OPTIONS`."""

import re
from typing import Annotated, NamedTuple

import typer

from headstart.cli.parameters import BANK, DATA, NETWORK, TABLES, TRAINING, setting, with_default
from headstart.task_spec import TASK_KINDS


class ImageSize(NamedTuple):
    """Height and width in pixels; a class of its own because Typer reads a plain tuple from two words."""

    height: int
    width: int


def parse_image_size(text: str) -> ImageSize:
    """The size in pixels that a text such as `160x200` stands for.

    Example:
        >>> parse_image_size("160x200")
        ImageSize(height=160, width=200)

    Raises:
        typer.BadParameter: the text is not a size.
    """
    match = re.fullmatch(r"(\d{1,5})(?:[x×X](\d{1,5}))?", text.strip())
    if match is None:
        raise typer.BadParameter(
            f"'{text}' is not an image size. Expected pixels such as 160, or height x width such as 160x200."
        )
    height, width = match.groups()
    return ImageSize(int(height), int(width or height))


TaskOption = Annotated[
    str | None,
    setting(
        f"Task: {', '.join(TASK_KINDS[:-1])} or {TASK_KINDS[-1]}.",
        metavar="TASK",
        default="detected automatically",
        panel=DATA,
    ),
]
FormatOption = Annotated[
    str | None,
    setting(
        "Format of the annotations; see docs/annotations.md.",
        metavar="folders|table|box-table|voc|coco|yolo|labelme|via|masks|defects",
        default="detected automatically",
        panel=DATA,
    ),
]
IgnoreValueOption = Annotated[
    str | None,
    setting(
        "Mask value or colour of pixels that are neither learned nor scored; none: 255 is a class.",
        metavar="N|#RRGGBB|none",
        default="255, and values without a class name",
        panel=DATA,
    ),
]
MinPerClassOption = Annotated[
    int | None,
    setting(
        "Leave out classes with fewer training images; copies and groups count once.",
        metavar="N",
        default="1",
        panel=DATA,
    ),
]
BackboneOption = Annotated[
    str | None,
    setting(
        "Pretrained network; `headstart backbones` lists all.",
        metavar="NAME",
        default="vgg19",
        panel=NETWORK,
    ),
]
WeightsOption = Annotated[
    str | None,
    setting(
        "Weights of the network: imagenet (downloaded once), builtin, none (random) or a file.",
        metavar="imagenet|builtin|none|FILE",
        default="builtin if included in the package, otherwise imagenet",
        panel=NETWORK,
    ),
]
ImageSizeOption = Annotated[
    ImageSize | None,
    typer.Option(
        parser=parse_image_size,
        metavar="SIZE|HEIGHTxWIDTH",
        help=with_default(
            "Input size of the network in pixels; smaller is faster.",
            "that of the pretraining; 320 for masks, 320 to 448 for boxes",
        ),
        show_default=False,
        rich_help_panel=NETWORK,
    ),
]
ResizeModeOption = Annotated[
    str | None,
    setting(
        "How images are resized: stretch distorts, pad adds bars, crop cuts off the edges.",
        metavar="stretch|pad|crop",
        default="stretch",
        panel=NETWORK,
    ),
]
ViewsOption = Annotated[
    int | None,
    setting(
        "Views of each training image in the feature bank; the first is not augmented. 0: no bank.",
        metavar="N",
        default="2 to 8, fewer for more images",
        panel=BANK,
    ),
]
EngineOption = Annotated[
    str | None,
    setting(
        "Library that computes the bank; auto selects the fastest for the processor and the size of the bank. "
        "openvino-bfloat16 requires a processor with AMX; openvino-int8 differs by a few per cent. All except keras "
        "require the extra headstart\\[openvino].",
        metavar="auto|keras|openvino|openvino-bfloat16|openvino-int8",
        default="auto",
        panel=BANK,
    ),
]
FrozenEpochsOption = Annotated[
    int | None,
    setting(
        "Maximum number of epochs in which only the new layers learn.",
        metavar="N",
        default="0, because a linear probe has solved them; 6 to 30 for boxes and masks",
        panel=TRAINING,
    ),
]
EpochsOption = Annotated[
    int | None,
    setting(
        "Maximum number of epochs of fine-tuning; 0: no fine-tuning.",
        metavar="N",
        default="from the number of images",
        panel=TRAINING,
    ),
]
DeepEpochsOption = Annotated[
    int | None,
    setting(
        "Maximum number of epochs in which the whole network learns, from the pixels.",
        metavar="N",
        default="0: this phase is skipped",
        panel=TRAINING,
    ),
]
UnfreezeFromOption = Annotated[
    str | None,
    setting(
        "Lowest stage that fine-tuning changes; `headstart backbones NAME` lists the stages.",
        metavar="STAGE",
        default="the last block, such as block5",
        panel=TRAINING,
    ),
]
LearningRateOption = Annotated[
    float | None,
    setting(
        "Highest learning rate of fine-tuning; lower stages learn at a lower rate.",
        metavar="RATE",
        default="0.0012; 0.001 for boxes and masks, 0.0006 for numbers",
        panel=TRAINING,
    ),
]
BatchSizeOption = Annotated[
    int | None,
    setting("Images per training step.", metavar="N", default="32; 8 for boxes and masks", panel=TRAINING),
]
AugmentOption = Annotated[
    str | None,
    setting(
        "Strength of the random changes of training images (augmentation).",
        metavar="none|light|medium|strong|0-10",
        default="medium",
        panel=TRAINING,
    ),
]
FlipsOption = Annotated[
    str | None,
    setting(
        "Mirroring of training images. Use both if the images have no fixed orientation, as under a microscope; use "
        "none if left and right distinguish classes, as for letters.",
        metavar="none|horizontal|vertical|both",
        default="horizontal; with --augment none: none",
        panel=TRAINING,
    ),
]
CollagesOption = Annotated[
    float | None,
    setting(
        "For boxes only: number of additional training images, composed of objects of other images, per training "
        "image, 0 to 1.",
        metavar="SHARE",
        default="0.6 if few images show several objects, otherwise 0",
        panel=TRAINING,
    ),
]
MethodOption = Annotated[
    str | None,
    setting(
        "For anomaly detection: patchcore compares every place of an image with good places, knn the image as a whole "
        "(faster, without heat maps).",
        metavar="patchcore|knn",
        default="patchcore for anomaly detection",
        panel=TRAINING,
    ),
]
RateOption = Annotated[
    float | None,
    setting(
        "For anomaly detection: promised share of good images that are reported as defects. A share of 0.01 requires "
        "99 good validation images.",
        metavar="SHARE",
        default="0.01, or the lowest share that the validation images can promise",
        panel=TRAINING,
    ),
]
SeedOption = Annotated[
    int | None,
    setting("Random seed; the same seed gives the same result.", metavar="N", default="0", panel=TRAINING),
]
PathColumnOption = Annotated[
    str | None, setting("Column with the image path.", metavar="NAME", default="path", panel=TABLES)
]
LabelColumnOption = Annotated[
    str | None,
    setting(
        "Column with the label; several labels in one cell are separated by ';'. Several columns of numbers can be "
        "given, separated by ','.",
        metavar="NAME",
        default="label",
        panel=TABLES,
    ),
]
SplitColumnOption = Annotated[
    str | None,
    setting(
        "Column with the part: train, validation or test.",
        metavar="NAME",
        default="split, if there is one",
        panel=TABLES,
    ),
]
GroupColumnOption = Annotated[
    str | None,
    setting(
        "Column with the group, such as a patient; images of one group stay in one part.",
        metavar="NAME",
        default="group, if there is one",
        panel=TABLES,
    ),
]
