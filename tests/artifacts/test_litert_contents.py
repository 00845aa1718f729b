"""A LiteRT file with operations from elsewhere is refused by name."""

import numpy as np
import pytest
import tensorflow as tf

from headstart.artifacts import FORMATS
from headstart.artifacts.loading import load_runtime
from headstart.errors import ArtifactDamagedError


def converted(answer, *, flex: bool = False, custom: bool = False) -> bytes:
    function = tf.function(
        lambda images: {"numbers": answer(tf.cast(images, tf.float32))},
        input_signature=[tf.TensorSpec((1, 4, 4, 3), tf.uint8, name="images")],
        autograph=False,
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()])
    converter.allow_custom_ops = custom
    if flex:
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    return bytes(converter.convert())


def inverse(images: tf.Tensor) -> tf.Tensor:
    """An operation that LiteRT does not have."""
    return tf.linalg.inv(tf.transpose(images, (0, 3, 1, 2)))


def endless(images: tf.Tensor) -> tf.Tensor:
    return tf.while_loop(lambda x: tf.reduce_sum(x) >= 0, lambda x: (x + 1,), [images])[0]


ANSWERS = {
    "Flex": (inverse, {"flex": True}, "FlexMatrixInverse"),
    "Custom": (inverse, {"custom": True}, "MatrixInverse"),
    "WHILE": (endless, {}, "WHILE"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_operations_from_elsewhere_and_loops_are_refused_before_they_run(name, tmp_path):
    answer, settings, told = ANSWERS[name]
    (tmp_path / "model.tflite").write_bytes(converted(answer, **settings))
    with pytest.raises(ArtifactDamagedError, match=told) as caught:
        load_runtime(FORMATS["litert"], tmp_path / "model.tflite")
    assert "is refused" in caught.value.problem


@pytest.mark.parametrize(
    "content", [b"", b"no model", b"\xff" * 100, bytes(100), np.arange(300, dtype="<i4").tobytes()]
)
def test_what_is_no_model_is_refused(content, tmp_path):
    (tmp_path / "model.tflite").write_bytes(content)
    with pytest.raises(ArtifactDamagedError):
        load_runtime(FORMATS["litert"], tmp_path / "model.tflite")
