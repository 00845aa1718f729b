"""The lines with which each format predicts where this package is not installed."""

from headstart.artifacts.exported_task import exported_task
from headstart.artifacts.formats import FORMATS
from headstart.artifacts.manifest import FILE_NAME, Manifest
from headstart.task_spec import find_task

_OPENED = """\
import json
import numpy as np
import {module}
from PIL import Image, ImageOps

names = json.load(open("{manifest}", encoding="utf-8"))["class_names"]
image = ImageOps.exif_transpose(Image.open("image.jpg")).convert("RGB"){resize}
"""
_RUN = {
    "keras": """\
model = keras.saving.load_model("{path}", compile=False)
prediction = {{name: np.asarray(value)[0] for name, value in model(np.array(image)[np.newaxis]).items()}}
""",
    "savedmodel": """\
model = tensorflow.saved_model.load("{path}").signatures["serving_default"]
prediction = {{name: value.numpy()[0] for name, value in model(images=np.array(image)[np.newaxis]).items()}}
""",
    "onnx": """\
model = onnxruntime.InferenceSession("{path}")
outputs = {outputs}
prediction = dict(zip(outputs, (value[0] for value in model.run(outputs, {{"images": np.array(image)[np.newaxis]}}))))
""",
    "litert": """\
model = ai_edge_litert.interpreter.Interpreter("{path}").get_signature_runner()
prediction = {{name: value[0] for name, value in model(images=np.array(image)[np.newaxis]).items()}}
""",
    "openvino": """\
model = openvino.compile_model("{path}", "CPU", {{"INFERENCE_PRECISION_HINT": "f32"}})
results = model(np.array(image)[np.newaxis])
prediction = {{name: results[name][0] for name in {outputs_tuple}}}
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
    "crop": "\nimage = ImageOps.fit(image, ({width}, {height}), Image.Resampling.BICUBIC)",
    "pad": """
fitted = ImageOps.contain(image, ({width}, {height}), Image.Resampling.BICUBIC)
image = Image.new("RGB", ({width}, {height}))
image.paste(fitted, (({width} - fitted.width) // 2, ({height} - fitted.height) // 2))""",
}


def ten_lines(format_name: str, manifest: Manifest) -> str:
    """A program that predicts `image.jpg` with a file of the artifact, in whose folder it runs.

    Args:
        format_name: a name in `FORMATS`.
        manifest: the artifact.
    """
    each = FORMATS[format_name]
    height, width = manifest.image_size
    kind = format_name.removesuffix("-int8")
    task, names = exported_task(manifest.task), find_task(manifest.task).outputs
    keeps_size = each.any_size and not task.has_places
    resize = "" if keeps_size else _RESIZE[manifest.resize_mode].format(height=height, width=width)
    lines = _OPENED + _RUN[kind] + task.lines(manifest)
    outputs = ", ".join(f'"{name}"' for name in names)
    return lines.format(
        module=_MODULES[kind],
        manifest=FILE_NAME,
        path=each.path,
        resize=resize,
        outputs=f"[{outputs}]",
        outputs_tuple=f"({outputs})" if len(names) > 1 else f"({outputs},)",
        score_threshold=manifest.files[format_name].promises.get("score_threshold"),
    )
