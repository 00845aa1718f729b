"""What every backbone of the table must keep, on one build of each at its smallest size."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format
from keras.src.utils import file_utils

from headstart.backbones import (
    BACKBONES,
    BackboneSpec,
    build_backbone,
    cut_model,
    last_map_layer,
    separating_layers,
    stage_layers,
)
from headstart.backbones.graph import ancestors, parents
from headstart.report import grad_cam
from headstart.tasks import build_classifier

# The small ones, so that the default run stays short; continuous integration builds every one.
QUICK = {
    "convnexttiny",
    "efficientnetb0",
    "efficientnetv2b0",
    "mobilenet",
    "mobilenetv2",
    "mobilenetv3small",
    "resnet50",
    "resnet50v2",
    "vgg19",
    "vgg19_mini",
    "xception",
}

# Layers of keras.applications that are no part of keras.layers; Keras finds them by itself when it loads a file.
OWN_TO_KERAS = {"LayerScale", "CustomScaleLayer"}


def _parameters() -> list[Any]:
    marks = {name: () if name in QUICK else (pytest.mark.all_backbones,) for name in BACKBONES}
    return [pytest.param(spec, id=name, marks=marks[name]) for name, spec in BACKBONES.items()]


@pytest.fixture(scope="module", params=_parameters())
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """A backbone read from a file in the published format, beside the network Keras builds for the same file."""
    spec: BackboneSpec = request.param
    path = tmp_path_factory.mktemp("weights") / "published_notop.h5"
    reference, download = _reference(spec)
    _randomise(reference)
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, reference)
    backbone = build_backbone(spec, image_size=spec.min_image_size, weights=path)
    path.unlink()
    case = SimpleNamespace(spec=spec, backbone=backbone, model=backbone.model, reference=reference, download=download)
    del reference, backbone
    yield case
    vars(case).clear()  # gigabytes
    keras.utils.clear_session()


@pytest.fixture(scope="module")
def images(case: SimpleNamespace) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (2, *case.spec.min_image_size, 3)).astype("float32")


@pytest.fixture(scope="module")
def features(case: SimpleNamespace, images: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(case.model(images, training=False))


def _reference(spec: BackboneSpec) -> tuple[keras.Model, dict[str, Any]]:
    """Keras' own network for ImageNet weights, not filled, and what Keras would have downloaded for it."""
    module, function = spec.application.split(":")
    application = getattr(importlib.import_module(module), function)
    shape = (*spec.min_image_size, 3)
    if spec.weights.source == "builtin":
        return application(weights=None, input_shape=shape), {}
    download: dict[str, Any] = {}

    def note(fname: str, origin: str, *, cache_subdir: str, file_hash: str | None = None) -> str:
        download.update(file_name=fname, url=origin, file_hash=file_hash, folder=cache_subdir)
        return ""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(file_utils, "get_file", note)
        patch.setattr(keras.Model, "load_weights", lambda self, path: None)
        return application(include_top=False, weights="imagenet", input_shape=shape), download


def _randomise(model: keras.Model) -> None:
    """Gives scales, offsets and statistics values that differ, so that no mistake in them stays hidden."""
    rng = np.random.default_rng(0)
    for variable in model.weights:
        if len(variable.shape) == 1:
            variable.assign(rng.uniform(0.9, 1.1, variable.shape))
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization) and layer.weights:
            layer.set_weights([np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225]) ** 2, np.array(0)])
            layer.finalize_state()


def _preprocess_input(spec: BackboneSpec, images: np.ndarray) -> np.ndarray:
    """What the module of the application itself makes of pictures."""
    if spec.name == "vgg19_mini":
        return keras.applications.vgg19.preprocess_input(images)
    function = getattr(keras.applications, spec.application.split(":")[1])
    return importlib.import_module(function.__module__).preprocess_input(images)


def test_takes_raw_pixels_and_gives_what_keras_gives_after_its_own_preprocessing(case, images, features):
    expected = keras.ops.convert_to_numpy(case.reference(_preprocess_input(case.spec, images.copy()), training=False))
    scale = np.abs(expected).max()
    assert np.isfinite(scale)
    assert np.ptp(expected) > 0
    np.testing.assert_allclose(features / scale, expected / scale, atol=1e-4, rtol=0)


def test_weights_come_from_where_keras_fetches_them(case):
    if case.spec.weights.source == "builtin":
        assert case.spec.weights.url == ""
        return
    weights = case.spec.weights
    assert case.download == {
        "file_name": weights.file_name,
        "url": weights.url,
        "file_hash": weights.file_hash,
        "folder": "models",
    }


def test_has_as_many_parameters_as_the_table_says(case):
    assert case.model.count_params() == case.spec.num_parameters


def test_input_is_one_picture_batch_called_image(case):
    (image,) = case.model.inputs
    assert image.shape == (None, *case.spec.min_image_size, 3)
    assert image.name == "image"
    assert case.backbone.image_size == case.spec.min_image_size


def test_is_flat_and_made_of_keras_own_layers(case):
    for operation in case.model.operations:
        assert not isinstance(operation, keras.Model | keras.layers.Lambda)
        kind = type(operation)
        is_stock = getattr(keras.layers, kind.__name__, None) is kind
        assert is_stock or kind.__name__ in OWN_TO_KERAS or kind.__module__.startswith("keras.src.ops")


def test_stages_have_the_declared_layers_channels_and_sizes(case):
    for stage in case.spec.stages:
        _, height, width, channels = case.backbone.stage_output(stage.name).shape
        assert channels == stage.channels, stage
        for side, pixels in zip((height, width), case.spec.min_image_size, strict=True):
            # Unpadded convolutions cost Inception, NASNet and Xception up to four steps.
            assert pixels / stage.stride - 4 <= side <= np.ceil(pixels / stage.stride), stage


def test_strides_of_the_layers_multiply_to_the_declared_stride(case):
    below = parents(case.model)
    for stage in case.spec.stages:
        assert _stride(case.model, below, stage.layer) == stage.stride, stage


def _stride(model: keras.Model, below: dict[str, tuple[str, ...]], name: str) -> int:
    """Product of the strides along the path of the first inputs down to the picture."""
    stride = 1
    while below[name]:
        layer = next(operation for operation in model.operations if operation.name == name)
        step = getattr(layer, "strides", 1)
        stride *= step if isinstance(step, int) else step[0]
        # The first input of squeeze-and-excite is the trunk; of a scaled residual, too.
        name = below[name][0]
    return stride


def test_stages_follow_each_other_to_the_end(case):
    strides = [stage.stride for stage in case.spec.stages]
    assert strides == sorted(strides)
    names = [stage.name for stage in case.spec.stages]
    assert len(set(names)) == len(names)
    assert case.model.output is case.backbone.stage_output(names[-1])
    assert case.spec.default_unfreeze_from in names


def test_every_stage_ends_in_the_only_way_up(case):
    """Cut at the stage's output, nothing above depends on anything below but through it."""
    below = parents(case.model)
    for stage in case.spec.stages:
        under = ancestors(below, stage.layer)
        for name, inputs in below.items():
            if name not in under:
                assert not under.intersection(inputs) - {stage.layer}, (stage, name)


def test_cut_in_two_it_gives_what_the_whole_gives(case, images, features):
    """At every stage, and at a few of the other layers that allow it; of large networks at two of the stages."""
    separating = separating_layers(case.model)
    ends = {stage.name: stage.layer for stage in case.spec.stages}
    assert set(ends.values()) <= set(separating)
    names = [case.spec.stages[0].layer, ends[case.spec.default_unfreeze_from]]
    if case.spec.name in QUICK:
        names = sorted({*ends.values(), *np.random.default_rng(2).choice(separating, 3)})
    cuts = [cut_model(case.model, name) for name in names]
    # The lower halves in one go: they share all but their ends.
    below = keras.Model(case.model.inputs, [cut.lower.output for cut in cuts])(images, training=False)
    for name, cut, activation in zip(names, cuts, below, strict=True):
        assert cut.lower.input is case.model.input
        again = keras.ops.convert_to_numpy(cut.upper(activation, training=False))
        np.testing.assert_allclose(again, features, rtol=0, atol=1e-5 * np.abs(features).max(), err_msg=name)
        assert len(cut.lower.weights) + len(cut.upper.weights) == len(case.model.weights)


def test_a_layer_that_tells_places_apart_is_known_however_small_the_picture(case):
    name = last_map_layer(case.model, case.spec)
    _, height, width, _ = case.model.get_layer(name).output.shape
    assert height * width > 1
    below = parents(case.model)
    under = ancestors(below, name)
    assert not [high for high, inputs in below.items() if high not in under and under.intersection(inputs) - {name}]


def test_every_layer_with_weights_belongs_to_exactly_one_stage(case):
    members = stage_layers(case.model, case.spec)
    assert list(members) == [stage.name for stage in case.spec.stages]
    assert all(names[-1] == stage.layer for names, stage in zip(members.values(), case.spec.stages, strict=True))
    counted = [name for names in members.values() for name in names]
    assert len(set(counted)) == len(counted)
    assert {layer.name for layer in case.model.layers if layer.weights} <= set(counted)
    assert "image" not in counted
    assert "preprocessing" not in counted


def test_record_names_the_file(case):
    assert case.backbone.weights.path is not None
    assert case.backbone.weights.source.endswith("published_notop.h5")
    assert len(case.backbone.weights.sha256) == 64
    assert isinstance(case.backbone.weights.path, Path)


def test_grad_cam_explains_it(case, images):
    num_classes = 6
    keras.utils.set_random_seed(0)
    task = build_classifier(case.backbone, tuple(f"class {number}" for number in range(num_classes)))
    pictures = np.repeat(images[:1], num_classes, axis=0)
    heat = grad_cam(task.model, pictures, np.arange(num_classes), layer_name=task.last_feature_layer)
    assert heat.shape == (num_classes, *case.spec.min_image_size)
    assert np.isfinite(heat).all()
    hottest = heat.max(axis=(1, 2))
    assert heat.min() >= 0.0
    assert set(hottest.tolist()) <= {0.0, 1.0}
    # Weights by chance speak for some of six classes, and against others.
    assert (hottest == 1.0).any()
