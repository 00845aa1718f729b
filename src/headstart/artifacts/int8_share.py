"""How much of a file that is called int8 really is, counted in the file itself."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from headstart.features import import_quietly

if TYPE_CHECKING:
    import openvino

LITERT_KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
OPENVINO_KINDS = ("Convolution", "GroupConvolution", "MatMul")
# What may stand between the constant that holds weights and the operation, and between a rounded number and it.
UNPACKING = ("Convert", "Multiply", "Subtract", "Reshape", "Transpose")
_MOVING = ("MaxPool", "Pad", "Reshape", "Squeeze", "StridedSlice", "Transpose", "Unsqueeze")


@dataclass(frozen=True)
class Int8Share:
    """Shares of a file's weights, 0 to 1.

    Attributes:
        stored: those that are eight-bit integers: what makes the file small.
        computed: those that are also multiplied with eight-bit integers: what makes it fast.
    """

    stored: float
    computed: float

    def summary(self) -> str:
        """The shares in words."""
        return f"{self.stored:.0%} of weights stored, {self.computed:.0%} computed"


def litert_int8_share(path: Path) -> Int8Share:
    """The share of int8 in a `.tflite` file."""
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415  of an extra

    interpreter = Interpreter(model_path=str(path))
    operations = interpreter._get_ops_details()
    unpacked = {each["outputs"][0]: each["inputs"][0] for each in operations if each["op_name"] == "DEQUANTIZE"}

    def type_of(tensor: int) -> type[np.generic]:
        dtype: type[np.generic] = interpreter._get_tensor_details(tensor, 0)["dtype"]
        return dtype

    def weights() -> Iterator[tuple[int, bool, bool]]:
        for operation in operations:
            if operation["op_name"] in LITERT_KINDS:
                pictures, kernel = operation["inputs"][:2]
                count = math.prod(interpreter._get_tensor_details(kernel, 0)["shape"].tolist())
                yield count, type_of(unpacked.get(kernel, kernel)) == np.int8, type_of(pictures) == np.int8

    return _shares(weights())


def openvino_int8_share(path: Path) -> Int8Share:
    """The share of int8 in an `.xml` file and its `.bin` file."""
    core = import_quietly("openvino").Core()
    core.set_property({"ENABLE_MMAP": False})
    model = core.read_model(str(path))

    def weights() -> Iterator[tuple[int, bool, bool]]:
        for operation in model.get_ordered_ops():
            if operation.get_type_name() in OPENVINO_KINDS:
                constant = behind(UNPACKING, operation, 1)
                if constant.get_type_name() == "Constant":
                    is_stored = is_int8(constant)
                    is_rounded = behind(_MOVING, operation, 0).get_type_name() == "FakeQuantize"
                    yield math.prod(constant.shape), is_stored, is_rounded

    return _shares(weights())


def is_int8(constant: "openvino.Node") -> bool:
    """Whether an operation of OpenVINO is a constant of eight-bit integers."""
    return bool(constant.get_type_name() == "Constant") and constant.get_element_type().get_type_name() in ("i8", "u8")


def _shares(weights: Iterable[tuple[int, bool, bool]]) -> Int8Share:
    """Of numbers of weights, each with whether they are int8 and whether what they are multiplied with is."""
    counted = list(weights)
    total = sum(count for count, _, _ in counted) or 1
    return Int8Share(
        stored=sum(count for count, is_stored, _ in counted if is_stored) / total,
        computed=sum(count for count, is_stored, is_rounded in counted if is_stored and is_rounded) / total,
    )


def behind(kinds: tuple[str, ...], operation: "openvino.Node", index: int) -> "openvino.Node":
    """Where an operation's input comes from, before operations of these kinds."""
    source = operation.input_value(index).get_node()
    while source.get_type_name() in kinds:
        source = source.input_value(0).get_node()
    return source
