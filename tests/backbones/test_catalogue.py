"""Finding backbones and stages by name."""

import subprocess
import sys

import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.backbones import BACKBONES, backbone_names, find_backbone
from headstart.errors import UnknownBackboneError, UnknownStageError


def test_every_network_of_keras_applications_is_in_the_table():
    functions = {name for name in dir(keras.applications) if name[0].isupper()}
    listed = {spec.application.removeprefix("keras.applications:") for spec in BACKBONES.values()}
    assert listed - functions == {"headstart.backbones.vgg19_mini:VGG19Mini"}
    assert functions <= listed
    assert len(functions) == 40


def test_names_are_in_alphabetical_order_and_lead_to_their_own_facts():
    assert list(backbone_names()) == sorted(BACKBONES)
    assert all(spec.name == name for name, spec in BACKBONES.items())


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("MobileNetV2", "mobilenetv2"),
        ("mobilenet_v2", "mobilenetv2"),
        ("EfficientNet-B0", "efficientnetb0"),
        ("efficientnetv2-s", "efficientnetv2s"),
        ("convnext_tiny", "convnexttiny"),
        ("VGG19Mini", "vgg19_mini"),
        ("ResNet 50 V2", "resnet50v2"),
    ],
)
def test_capitals_and_punctuation_do_not_matter(typed, name):
    assert find_backbone(typed).name == name


@given(st.sampled_from(sorted(BACKBONES)), st.sampled_from(["_", "-", " ", "."]), st.data())
def test_a_name_is_found_wherever_a_mark_is_put_in(name, mark, data):
    place = data.draw(st.integers(0, len(name)))
    assert find_backbone((name[:place] + mark + name[place:]).upper()).name == name


def test_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UnknownBackboneError, match=r"'resnet5'.*Did you mean resnet50") as caught:
        find_backbone("resnet5")
    assert "headstart backbones" in str(caught.value)


def test_a_name_like_no_other_is_answered_with_the_default():
    with pytest.raises(UnknownBackboneError, match="The default is vgg19"):
        find_backbone("§§§")


def test_unknown_stage_is_answered_with_all_and_the_nearest():
    with pytest.raises(UnknownStageError, match="block1, block2, block3, block4, block5") as caught:
        find_backbone("vgg19").stage("block6")
    assert "Did you mean block5" in str(caught.value)


def test_a_stage_is_found_by_its_name():
    stage = find_backbone("mobilenetv2").stage("blocks_10_12")
    assert (stage.layer, stage.stride, stage.channels) == ("block_12_add", 16, 96)


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("vgg19", "block5"),
        ("resnet50", "conv5"),
        ("mobilenetv2", "blocks_13_15"),
        ("efficientnetb0", "block6"),
        ("convnexttiny", "stage_3"),
    ],
)
def test_fine_tuning_starts_at_the_coarsest_stride(name, stage):
    assert find_backbone(name).default_unfreeze_from == stage


def test_listing_the_table_does_not_import_tensorflow():
    code = (
        "import sys; from headstart.backbones import BACKBONES, find_backbone; find_backbone('vgg19').stage('block5');"
        "assert not {'tensorflow', 'keras', 'h5py'} & set(sys.modules), sorted(sys.modules); print(len(BACKBONES))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "41", done.stderr


def test_the_door_has_nothing_else():
    import headstart.backbones  # noqa: PLC0415

    with pytest.raises(AttributeError, match="no attribute 'vgg'"):
        _ = headstart.backbones.vgg
    assert all(hasattr(headstart.backbones, name) for name in headstart.backbones.__all__)
