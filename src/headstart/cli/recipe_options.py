"""The settings of a recipe as options, one alias a setting of `headstart.options.OPTIONS`."""

import re
from typing import Annotated, NamedTuple

import typer

from headstart.cli.parameters import BANK, DATA, NETWORK, TABLES, TRAINING, setting, with_default


class ImageSize(NamedTuple):
    """Pixels; a class of its own because Typer would want two words for a plain tuple."""

    height: int
    width: int


def parse_image_size(text: str) -> ImageSize:
    """The size that a text names.

    Example:
        >>> parse_image_size("160x200")
        ImageSize(height=160, width=200)

    Raises:
        typer.BadParameter: the text is no size.
    """
    match = re.fullmatch(r"(\d{1,5})(?:[x×X](\d{1,5}))?", text.strip())
    if match is None:
        raise typer.BadParameter(
            f"'{text}' is no size. Expected pixels such as 160, or height x width such as 160x200."
        )
    height, width = match.groups()
    return ImageSize(int(height), int(width or height))


TaskOption = Annotated[
    str | None,
    setting(
        "What is to be learned: image-classification, object-detection, semantic-segmentation or image-regression.",
        metavar="TASK",
        default="found by looking at the data",
        panel=DATA,
    ),
]
FormatOption = Annotated[
    str | None,
    setting(
        "How pictures are annotated; docs/annotations.md lists all.",
        metavar="folders|table|box-table|voc|coco|yolo|labelme|via|masks",
        default="found by looking at the data",
        panel=DATA,
    ),
]
IgnoreValueOption = Annotated[
    str | None,
    setting(
        "Value or colour in a mask that says nothing of its pixel; none: 255 is a class.",
        metavar="N|#RRGGBB|none",
        default="255, and what the masks leave unnamed",
        panel=DATA,
    ),
]
MinPerClassOption = Annotated[
    int | None,
    setting(
        "Leave out classes with fewer images to learn from; copies and groups count once.",
        metavar="N",
        default="1",
        panel=DATA,
    ),
]
BackboneOption = Annotated[
    str | None,
    setting(
        "Pretrained network to start from; `headstart backbones` lists them.",
        metavar="NAME",
        default="vgg19",
        panel=NETWORK,
    ),
]
WeightsOption = Annotated[
    str | None,
    setting(
        "Where its weights come from. Only imagenet may need a download, once.",
        metavar="imagenet|builtin|none|FILE",
        default="builtin if there are such, else imagenet",
        panel=NETWORK,
    ),
]
ImageSizeOption = Annotated[
    ImageSize | None,
    typer.Option(
        parser=parse_image_size,
        metavar="SIZE|HEIGHTxWIDTH",
        help=with_default(
            "Pixels that the network sees: fewer are faster.", "its own; 320 for masks, to 448 for boxes"
        ),
        show_default=False,
        rich_help_panel=NETWORK,
    ),
]
ResizeModeOption = Annotated[
    str | None,
    setting(
        "How a picture gets that size: distorted, with bars, or without its edges.",
        metavar="stretch|pad|crop",
        default="stretch",
        panel=NETWORK,
    ),
]
ViewsOption = Annotated[
    int | None,
    setting(
        "Views of each training picture in the feature bank, the first one plain; 0 for no bank.",
        metavar="N",
        default="2 to 8, fewer for more pictures",
        panel=BANK,
    ),
]
EngineOption = Annotated[
    str | None,
    setting(
        "What computes the bank; auto takes the fastest that suits the processor and the size of the bank. "
        "openvino-bfloat16 needs a processor with AMX; openvino-int8 is a few per cent off. All but keras need the "
        "extra headstart\\[openvino].",
        metavar="auto|keras|openvino|openvino-bfloat16|openvino-int8",
        default="auto",
        panel=BANK,
    ),
]
FrozenEpochsOption = Annotated[
    int | None,
    setting(
        "Most epochs for the new layers alone, all below frozen.",
        metavar="N",
        default="0: a linear probe has solved them; 6 to 30 for boxes and masks",
        panel=TRAINING,
    ),
]
EpochsOption = Annotated[
    int | None,
    setting(
        "Most epochs of fine-tuning; 0 for none.",
        metavar="N",
        default="chosen from the number of pictures",
        panel=TRAINING,
    ),
]
DeepEpochsOption = Annotated[
    int | None,
    setting("Most epochs of the whole network, from the pixels.", metavar="N", default="0: off", panel=TRAINING),
]
UnfreezeFromOption = Annotated[
    str | None,
    setting(
        "Lowest stage that fine-tuning changes; `headstart backbones NAME` lists them.",
        metavar="STAGE",
        default="the last block, such as block5",
        panel=TRAINING,
    ),
]
LearningRateOption = Annotated[
    float | None,
    setting(
        "Highest learning rate of fine-tuning; lower stages get less.",
        metavar="RATE",
        default="0.0012; 0.001 for boxes and masks, 0.0006 for numbers",
        panel=TRAINING,
    ),
]
BatchSizeOption = Annotated[
    int | None,
    setting("Pictures a training step.", metavar="N", default="32; 8 for boxes and masks", panel=TRAINING),
]
AugmentOption = Annotated[
    str | None,
    setting(
        "How far training pictures are varied at random.",
        metavar="none|light|medium|strong|0-10",
        default="medium",
        panel=TRAINING,
    ),
]
FlipsOption = Annotated[
    str | None,
    setting(
        "How training pictures are mirrored: both where nothing says which way is up, as under a microscope; none "
        "where left and right tell classes apart, as of letters.",
        metavar="none|horizontal|vertical|both",
        default="horizontal, with --augment none not at all",
        panel=TRAINING,
    ),
]
CollagesOption = Annotated[
    float | None,
    setting(
        "Pictures put together from objects of others, for each training picture, 0 to 1. For boxes.",
        metavar="SHARE",
        default="0.6 where few pictures show several objects, else 0",
        panel=TRAINING,
    ),
]
SeedOption = Annotated[
    int | None, setting("The same seed gives the same result.", metavar="N", default="0", panel=TRAINING)
]
PathColumnOption = Annotated[str | None, setting("Column with the path.", metavar="NAME", default="path", panel=TABLES)]
LabelColumnOption = Annotated[
    str | None,
    setting(
        "Column with the label; several labels are joined with ';'. Columns with numbers to learn: joined with ','.",
        metavar="NAME",
        default="label",
        panel=TABLES,
    ),
]
SplitColumnOption = Annotated[
    str | None,
    setting(
        "Column that says train, validation or test.", metavar="NAME", default="split, if there is one", panel=TABLES
    ),
]
GroupColumnOption = Annotated[
    str | None,
    setting(
        "Column naming what must stay in one part, such as a patient.",
        metavar="NAME",
        default="group, if there is one",
        panel=TABLES,
    ),
]
