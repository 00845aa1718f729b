"""A trunk in OpenVINO: one image per request, as many requests at once as suit the processor."""

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import keras
import numpy as np

from headstart.errors import ExtraMissingError, RecipeError
from headstart.features.quiet_openvino import convert_graph, import_quietly
from headstart.features.tensorflow_graph import traced

if TYPE_CHECKING:
    import openvino

# Without it, processors with bfloat16 instructions would use them unasked.
_PRECISION = "INFERENCE_PRECISION_HINT"


class OpenVinoEngine:
    """A trunk compiled for the processor of this machine.

    Every image is a request of its own: nothing else can change its numbers, and small activations stay in the
    cache. One request with 32 images on all cores ran MobileNetV2 at a fifth of the speed.

    Args:
        name: a name in `headstart.features.ENGINES`.
        model: an `openvino.Model` for one image.
        batch_size: the most images that callers should give at once.
        facts: what `Engine.facts` says.
        precision: what it computes in where its layers do not say: `f32` or `bf16`.

    Raises:
        RecipeError: the processor has no instructions for this precision.
    """

    def __init__(
        self, name: str, model: "openvino.Model", *, batch_size: int, facts: dict[str, object], precision: str = "f32"
    ) -> None:
        openvino = load_openvino()
        self.name = name
        self.note = ""
        self.batch_size = batch_size
        self.facts = {"engine": name, **facts}
        compiled = openvino.compile_model(model, "CPU", {_PRECISION: precision, "PERFORMANCE_HINT": "THROUGHPUT"})
        if compiled.get_property(_PRECISION).to_string() != precision:  # OpenVINO takes another without a word
            raise RecipeError(
                f"The engine '{name}' needs a processor with instructions for {precision}.",
                expected="a processor with AMX, such as Intel Xeon from 2023 on",
                received="a processor on which OpenVINO computes in float32",
                hint="Use the engine 'openvino', or 'auto', which selects an engine for the processor.",
            )
        self._ports = [compiled.output(f"output_{index}") for index in range(len(compiled.outputs))]
        num_requests = compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
        # In turn, not in a queue with callbacks: whoever deletes it may hold the lock that a callback waits for.
        self._requests = [compiled.create_infer_request() for _ in range(num_requests)]

    def run(self, images: np.ndarray) -> tuple[np.ndarray, ...]:
        """See `Engine.run`."""
        num_images, num_requests = len(images), len(self._requests)
        if num_images > self.batch_size:
            raise ValueError(f"Expected at most {self.batch_size} images. Received: {num_images}")
        rows = np.asarray(images, "float32")
        outputs = tuple(np.empty((num_images, *tuple(port.shape)[1:]), "float32") for port in self._ports)
        for turn in range(num_images + num_requests):
            request, done = self._requests[turn % num_requests], turn - num_requests
            if done >= 0:
                request.wait()
                for port, output in zip(self._ports, outputs, strict=True):
                    output[done] = request.get_tensor(port).data[0]
            if turn < num_images:
                request.start_async([rows[turn : turn + 1]])
        return outputs


def float32_engine(trunk: keras.Model, *, batch_size: int) -> OpenVinoEngine:
    """A trunk in OpenVINO with the numbers of Keras, up to rounding.

    Raises:
        ExtraMissingError: OpenVINO is not installed.
    """
    facts = {"openvino": load_openvino().__version__, "precision": "float32"}
    return OpenVinoEngine("openvino", converted(trunk), batch_size=batch_size, facts=facts)


def bfloat16_engine(trunk: keras.Model, *, batch_size: int) -> OpenVinoEngine:
    """A trunk in OpenVINO in bfloat16: activations with a cosine similarity of 0.99999 with those of float32.

    Raises:
        ExtraMissingError: OpenVINO is not installed.
        RecipeError: the processor has no instructions for bfloat16.
    """
    facts = {"openvino": load_openvino().__version__, "precision": "bfloat16"}
    return OpenVinoEngine("openvino-bfloat16", converted(trunk), batch_size=batch_size, facts=facts, precision="bf16")


def converted(trunk: keras.Model) -> "openvino.Model":
    """The trunk as an `openvino.Model` for one image at a time, with outputs `output_0`, `output_1` and so on."""
    openvino = load_openvino()
    graph = traced(trunk)
    model = convert_graph(graph)
    # By name: of EfficientNet, OpenVINO gives fifty outputs more, one for every activation, and it promises no order.
    ports = [next(port for port in model.outputs if output.name in port.get_names()) for output in graph.outputs]
    for index, port in enumerate(ports):
        port.get_tensor().set_names({f"output_{index}"})
    return openvino.Model([port.node for port in ports], model.get_parameters(), trunk.name)


def read_model(path: Path) -> "openvino.Model":
    """An `openvino.Model` from a file that may be deleted afterwards."""
    core = load_openvino().Core()
    core.set_property({"ENABLE_MMAP": False})
    return core.read_model(str(path))


def load_openvino() -> ModuleType:
    """The module `openvino`, kept from reporting its use over the network."""
    return load_extra("openvino")


def load_extra(name: str) -> ModuleType:
    """The module `openvino` or `nncf`.

    Raises:
        ExtraMissingError: the module is not installed.
    """
    try:
        return import_quietly(name)
    except ImportError as error:
        raise ExtraMissingError(
            f"This engine requires the package '{name}'.",
            expected="Headstart with its extra 'openvino'",
            received=str(error),
            hint="Run `pip install 'headstart[openvino]'`, or use the engine 'keras'.",
        ) from error
