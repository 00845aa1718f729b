"""The lines with which each format answers where this package is not installed."""

from headstart.artifacts.formats import FORMATS
from headstart.artifacts.manifest import FILE_NAME, Manifest
from headstart.artifacts.outputs import OUTPUTS
from headstart.task_spec import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION

_OPENED = """\
import json
import numpy as np
import {module}
from PIL import Image, ImageOps

names = json.load(open("{manifest}", encoding="utf-8"))["class_names"]
picture = ImageOps.exif_transpose(Image.open("picture.jpg")).convert("RGB"){resize}
"""
_RUN = {
    "keras": """\
model = keras.saving.load_model("{path}", compile=False)
answer = {{name: np.asarray(value)[0] for name, value in model(np.array(picture)[np.newaxis]).items()}}
""",
    "savedmodel": """\
model = tensorflow.saved_model.load("{path}").signatures["serving_default"]
answer = {{name: value.numpy()[0] for name, value in model(images=np.array(picture)[np.newaxis]).items()}}
""",
    "onnx": """\
model = onnxruntime.InferenceSession("{path}")
outputs = {outputs}
answer = dict(zip(outputs, (value[0] for value in model.run(outputs, {{"images": np.array(picture)[np.newaxis]}}))))
""",
    "litert": """\
model = ai_edge_litert.interpreter.Interpreter("{path}").get_signature_runner()
answer = {{name: value[0] for name, value in model(images=np.array(picture)[np.newaxis]).items()}}
""",
    "openvino": """\
model = openvino.compile_model("{path}", "CPU", {{"INFERENCE_PRECISION_HINT": "f32"}})
answers = model(np.array(picture)[np.newaxis])
answer = {{name: answers[name][0] for name in {outputs_tuple}}}
""",
}
_MODULES = {
    "keras": "keras",
    "savedmodel": "tensorflow",
    "onnx": "onnxruntime",
    "litert": "ai_edge_litert.interpreter",
    "openvino": "openvino",
}
_RESIZE = {
    "stretch": ".resize(({width}, {height}), Image.Resampling.BICUBIC)",
    "crop": "\npicture = ImageOps.fit(picture, ({width}, {height}), Image.Resampling.BICUBIC)",
    "pad": """
fitted = ImageOps.contain(picture, ({width}, {height}), Image.Resampling.BICUBIC)
picture = Image.new("RGB", ({width}, {height}))
picture.paste(fitted, (({width} - fitted.width) // 2, ({height} - fitted.height) // 2))""",
}
_PRINT_CLASSES = {
    False: 'print(names[answer["probabilities"].argmax()], answer["probabilities"].max(), answer["foreign_score"])\n',
    True: 'print([n for n, p in zip(names, answer["probabilities"]) if p >= 0.5], answer["foreign_score"])\n',
}
_PRINT = {
    DETECTION: """\
for box, score, number in zip(*(answer[name] for name in ("boxes", "scores", "classes"))):
    if score >= {score_threshold:.3g}:  # boxes that overlap by more than a half may be one object twice
        print(names[number], score, box)  # in pixels of `picture`, which has the model's size
""",
    SEGMENTATION: """\
for number, name in enumerate(names):  # classes has the size of `picture`, which is the model's
    print(name, (answer["classes"] == number).mean())
""",
    REGRESSION: 'print(dict(zip(names, answer["numbers"].tolist())))\n',
}


def ten_lines(format_name: str, manifest: Manifest) -> str:
    """A program that answers for `picture.jpg` with a file of the artifact, in whose folder it runs.

    Args:
        format_name: a name in `FORMATS`.
        manifest: the artifact.
    """
    each = FORMATS[format_name]
    height, width = manifest.image_size
    kind = format_name.removesuffix("-int8")
    # Where things lie is told in pixels of the model's size.
    keeps_size = each.any_size and manifest.task in (CLASSIFICATION, REGRESSION)
    resize = "" if keeps_size else _RESIZE[manifest.resize_mode].format(height=height, width=width)
    is_classifier = manifest.task == CLASSIFICATION
    lines = _OPENED + _RUN[kind] + (_PRINT_CLASSES[manifest.multi_label] if is_classifier else _PRINT[manifest.task])
    outputs = ", ".join(f'"{name}"' for name in OUTPUTS[manifest.task])
    return lines.format(
        module=_MODULES[kind],
        manifest=FILE_NAME,
        path=each.path,
        resize=resize,
        outputs=f"[{outputs}]",
        outputs_tuple=f"({outputs})" if len(OUTPUTS[manifest.task]) > 1 else f"({outputs},)",
        score_threshold=manifest.files[format_name].promises.get("score_threshold"),
    )
