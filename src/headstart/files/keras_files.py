"""Whether a `.keras` file may be handed to Keras: as large as it says, and made of layers that only compute.

`safe_mode` of Keras keeps Python code out. It does not keep out layers that read a file or a SavedModel whose place
stands in their settings, such as `StringLookup` and `TFSMLayer`, nor functions of Keras that are named in place of a
layer.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from headstart.files.content import MEGABYTE, UnusableFileError, shown, shown_error, size_of
from headstart.files.json_files import parse_json

_CONFIG_FILE = "config.json"
_MAX_CONFIG_BYTES = 32 * MEGABYTE
_LARGEST_RATIO = 4  # of a file's members to the file; Keras does not compress
# Of how a model was trained; never read where a model is loaded without being compiled.
_NOT_LOADED = frozenset({"compile_config"})

_MODELS = "Functional InputLayer Model Sequential"
_LAYERS = """
    Activation Add Average AveragePooling2D BatchNormalization Concatenate Conv1D Conv2D Conv2DTranspose Cropping2D
    Dense DepthwiseConv2D Dot Dropout ELU Flatten GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D
    GlobalMaxPooling1D GlobalMaxPooling2D
    GroupNormalization Identity LayerNormalization LeakyReLU MaxPooling2D Maximum Minimum Multiply Normalization PReLU
    Permute RMSNormalization ReLU RepeatVector Rescaling Reshape Resizing SeparableConv2D Softmax SpatialDropout2D
    Subtract UnitNormalization UpSampling2D ZeroPadding2D CenterCrop RandomBrightness RandomContrast RandomCrop
    RandomFlip
    RandomRotation RandomTranslation RandomZoom MultiHeadAttention Embedding
    CustomScaleLayer LayerScale StochasticDepth
"""
_OPERATIONS = """
    Abs Absolute All Any Arange Argmax Argmin BroadcastTo Cast Ceil Clip Cos Divide Equal Exp ExpandDims Flip Floor
    FloorDivide Gelu GetItem Greater GreaterEqual HardSigmoid HardSwish Less LessEqual Log LogSoftmax LogicalAnd
    LogicalNot LogicalOr Matmul Max MaxPool AveragePool Mean Min Mod Moveaxis Negative NotEqual OneHot Pad Power Prod
    Relu Relu6 Repeat Resize Roll Round Sigmoid Sign Silu Sin Split Sqrt Square Squeeze Stack Sum Swapaxes Take
    TakeAlongAxis Tanh Tile TopK Transpose TrueDivide Where
"""
_SETTINGS = """
    DTypePolicy Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer LecunNormal
    LecunUniform Ones Orthogonal RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros L1 L1L2 L2 MaxNorm
    NonNeg UnitNorm
"""
_VALUES = "__ellipsis__ __keras_tensor__ __numpy__ __slice__ __tensor__"
KNOWN_CLASSES = frozenset(" ".join((_MODELS, _LAYERS, _OPERATIONS, _SETTINGS, _VALUES)).split())


def check_keras_file(path: Path) -> None:
    """Refuses a file that is more than layers of Keras and their weights.

    Raises:
        UnusableFileError: the file is missing or no such file, unpacks to far more than its size, or its model has a
            part that is not listed in `KNOWN_CLASSES`.
    """
    num_bytes = size_of(path)
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(info.file_size for info in archive.infolist())
            config_bytes = archive.getinfo(_CONFIG_FILE).file_size
            if unpacked > _LARGEST_RATIO * num_bytes + MEGABYTE or config_bytes > _MAX_CONFIG_BYTES:
                raise UnusableFileError(
                    "a .keras file as Keras writes it, not compressed", f"{unpacked:,} bytes unpacked"
                )
            config = archive.read(_CONFIG_FILE)
    except UnusableFileError:
        raise
    except Exception as error:  # damaged archives raise errors of many classes, some not documented
        raise UnusableFileError("a .keras file", shown_error(error)) from error
    for name in _class_names(parse_json(config, allow_nan=True)):
        if not isinstance(name, str) or name not in KNOWN_CLASSES:
            raise UnusableFileError("a .keras file without code of its own, with layers that only compute", shown(name))


def _class_names(content: object) -> Iterator[object]:
    """The names of all classes that Keras would build, and of their modules if these are not Keras' own."""
    if isinstance(content, dict):
        if "class_name" in content:
            yield content["class_name"]
            module = content.get("module")
            if module is not None and not f"{module}.".startswith("keras."):
                yield f"{module}.{content['class_name']}"
        for name, value in content.items():
            if name not in _NOT_LOADED:
                yield from _class_names(value)
    elif isinstance(content, list):
        for value in content:
            yield from _class_names(value)
