"""An exported file of a small real run, one of each other task, servers that answer with them, and pictures."""

import io
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from headstart.artifacts import FORMATS, ExportJob, LabelledPictures, Manifest, export_formats
from headstart.data import ImageSource
from headstart.recipe import Recipe
from headstart.serving import Limits, ServedModel, build_app, build_server, listening, load_model
from headstart.task_spec import DETECTION, REGRESSION, SEGMENTATION
from headstart.tasks import NamedPixels

COLOURS = {"red": (200, 40, 40), "green": (40, 200, 40), "blue": (40, 40, 200)}
VALUES = {
    "backbone": {"name": "vgg19_mini", "weights": "none", "image_size": 32},
    "images": {"batch_size": 8},
    "frozen_phase": {"epochs": 1},
    "fine_tuning_phase": {"epochs": 0},
}
SIDE = 32
BASE = "http://localhost:8000"
TASK_NAMES = {DETECTION: ("dog", "cat"), SEGMENTATION: ("ground", "dog", "cat"), REGRESSION: ("weight", "age")}


def picture(colour: str, *, size: tuple[int, int] = (40, 40), seed: int = 0) -> Image.Image:
    """One colour under noise."""
    noise = np.random.default_rng(seed).normal(0, 50, (size[1], size[0], 3))
    return Image.fromarray((np.array(COLOURS[colour]) + noise).clip(0, 255).astype("uint8"))


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """The bytes of a picture's file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.fixture(scope="session")
def png() -> Callable[..., bytes]:
    """A small picture as a file: its colour, then options as for `picture`."""
    return lambda colour="red", **options: encoded(picture(colour, **options))


@pytest.fixture(scope="session")
def encode() -> Callable[..., bytes]:
    return encoded


@pytest.fixture(scope="session")
def artifact(tmp_path_factory) -> Path:
    """A folder with an ONNX file of a run on three colours, eight pictures each. Only to be read."""
    from headstart.run import export, train  # noqa: PLC0415  TensorFlow, which servers do without

    folder = tmp_path_factory.mktemp("served")
    for name in COLOURS:
        (folder / "photos" / name).mkdir(parents=True)
        for index in range(8):
            picture(name, seed=index).save(folder / "photos" / name / f"{index}.png")
    recipe = Recipe.from_values({**VALUES, "data": {"path": str(folder / "photos")}})
    run = train(out=folder / "run", recipe=recipe)
    return export(run, ["onnx"]).folder


@pytest.fixture(scope="session")
def other_files(artifact) -> Path:
    """A folder with the same run's files for other runtimes. Only to be read."""
    from headstart.run import Run, export  # noqa: PLC0415  TensorFlow

    return export(Run.load(artifact.parent), ["litert", "openvino"], out=artifact.parent / "others").folder


@pytest.fixture(scope="session")
def model(artifact) -> ServedModel:
    return load_model(artifact)


class OneBox:
    """Of every picture."""

    def load_batch(self, examples, matrices):
        return np.tile(np.array([[[2, 2, 20, 20, 0], [-1] * 5]], "float32"), (len(examples), 1, 1))


class NoMask:
    """All pixels of all pictures are of the first class."""

    def load_batch(self, examples, matrices):
        return np.zeros((len(examples), SIDE, SIDE), np.uint8)


def untrained(kind: str):
    """A task on the built-in backbone whose new layers are random and large, so that answers differ with the place."""
    from headstart.backbones import build_backbone  # noqa: PLC0415  TensorFlow
    from headstart.tasks import build_detector, build_regressor, build_segmenter  # noqa: PLC0415

    backbone = build_backbone("vgg19_mini", image_size=(SIDE, SIDE), weights="builtin")
    if kind == REGRESSION:
        return build_regressor(backbone, TASK_NAMES[kind], means=[5.0, 100.0], deviations=[2.0, 30.0])
    task = {DETECTION: build_detector, SEGMENTATION: build_segmenter}[kind](backbone, TASK_NAMES[kind])
    noise = np.random.default_rng(0)
    for layer in task.model.layers:
        if layer.name in ("head_class", "logits") and layer.get_weights():
            kernel, bias = layer.get_weights()
            layer.set_weights([noise.normal(0, 1, kernel.shape), np.zeros_like(bias)])
    return task


def exported(kind: str, folder: Path, pictures: list[Path]) -> Manifest:
    """An ONNX file of such a task, checked against it."""
    from headstart.artifacts import build_task_serving  # noqa: PLC0415  TensorFlow

    task, source = untrained(kind), ImageSource(pictures, image_size=(SIDE, SIDE), resize_mode="stretch")
    logits = task.model.predict_on_batch(source.load_all())
    answers = task.decode(logits)
    if kind == SEGMENTATION:
        answers = NamedPixels(answers, task.probabilities(logits).max(axis=-1))
    numbers = np.random.default_rng(0).normal([5, 100], [2, 30], (len(pictures), 2))
    targets = {DETECTION: OneBox(), SEGMENTATION: NoMask(), REGRESSION: numbers}[kind]
    labelled = LabelledPictures(source, [path.name for path in pictures], targets, answers)
    manifest = Manifest(folder, TASK_NAMES[kind], (SIDE, SIDE), "stretch", {}, provenance={"seed": 0}, task=kind)
    promises = {"score_threshold": 0.7} if kind == DETECTION else {}
    job = ExportJob(build_task_serving(task), manifest, labelled, labelled, promises)
    return export_formats(job, [FORMATS["onnx"]])


@dataclass(frozen=True)
class Served:
    """What answers for one task, and pictures to ask about."""

    kind: str
    model: ServedModel
    pictures: list[Path]

    @property
    def folder(self) -> Path:
        return self.model.manifest.folder


@pytest.fixture(scope="session")
def served(tmp_path_factory, draw_data) -> Callable[[str], Served]:
    """The artifact of a task that is no classification; only to be read."""
    made: dict[str, Served] = {}

    def make(kind: str) -> Served:
        if kind not in made:
            folder = tmp_path_factory.mktemp(kind)
            draw_data(folder / "data", kind, count=12)
            pictures = sorted((folder / "data" / "images").iterdir())
            artifact = exported(kind, folder / "artifact", pictures)
            made[kind] = Served(kind, load_model(artifact.folder), pictures)
        return made[kind]

    return make


@dataclass(frozen=True, eq=False)
class SlowRuntime:
    """A runtime that answers only when it is let."""

    runtime: object
    gate: threading.Event

    def run(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not self.gate.wait(20):
            raise TimeoutError
        return self.runtime.run(images)


@pytest.fixture
def held_model(model) -> Iterator[tuple[ServedModel, threading.Event]]:
    """The model, and a gate: while it is closed, every picture waits."""
    gate = threading.Event()
    gate.set()
    predictor = replace(model.predictor, runtime=SlowRuntime(model.predictor.runtime, gate))
    yield replace(model, predictor=predictor), gate
    gate.set()


@pytest.fixture(scope="session")
def client(model) -> Iterator[TestClient]:
    """Asks an application with the usual limits."""
    with TestClient(build_app(model), base_url=BASE, raise_server_exceptions=False) as asking:
        yield asking


@pytest.fixture
def client_with(model) -> Iterator[Callable[..., TestClient]]:
    """Asks an application with limits (and a key) of its own."""
    opened: list[TestClient] = []

    def make(
        limits: Limits | None = None, *, key: str | None = None, served: ServedModel | None = None, **options: object
    ) -> TestClient:
        app = build_app(served or model, limits, key=key, **options)
        opened.append(TestClient(app, base_url=BASE, raise_server_exceptions=False))
        return opened[-1].__enter__()

    yield make
    for asking in opened:
        asking.__exit__(None, None, None)


@pytest.fixture(scope="session")
def running(model) -> Callable[..., Iterator[tuple[str, int]]]:
    """Runs a server in a thread of this process: its host and port, for as long as the block runs."""

    @contextmanager
    def run(limits: Limits | None = None, *, key: str | None = None, served: ServedModel | None = None):
        started = threading.Event()
        with listening("127.0.0.1", 0) as listener:
            server = build_server(served or model, listener, key=key, limits=limits, on_start=lambda _: started.set())
            thread = threading.Thread(target=server.run, args=([listener],))
            address = listener.getsockname()[:2]
            thread.start()
            try:
                assert started.wait(10)
                yield address
            finally:
                server.should_exit = True
                thread.join(20)
                assert not thread.is_alive()

    return run


@pytest.fixture(scope="session")
def say() -> Callable[..., bytes]:
    """Sends bytes to a server as they are and gives all that comes back until the connection ends."""

    def send(address: tuple[str, int], *pieces: bytes, seconds: float = 10.0) -> bytes:
        with socket.create_connection(address, timeout=seconds) as connection:
            for piece in pieces:
                connection.sendall(piece)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        return answer

    return send
