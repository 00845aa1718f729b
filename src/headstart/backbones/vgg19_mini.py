"""VGG19 with a quarter of the filters; this package includes its pretrained weights."""

from pathlib import Path

import keras

WEIGHTS_PATH = Path(__file__).parent / "weights" / "vgg19_mini_notop.weights.h5"

# (filters, convolutions) of every block. VGG19 differs by this tuple only: filters 64, 128, 256, 512, 512.
BLOCKS = ((16, 2), (32, 2), (64, 4), (128, 4), (128, 4))


def VGG19Mini(  # noqa: N802 - named and called like the builders of keras.applications
    *,
    include_top: bool = False,
    weights: str | Path | None = None,
    input_tensor: keras.KerasTensor | None = None,
    input_shape: tuple[int | None, int | None, int] | None = None,
    name: str = "vgg19_mini",
) -> keras.Model:
    """VGG19Mini as a flat functional model, built like `keras.applications.VGG19`.

    Pixels are expected as VGG19 expects them: BGR minus the ImageNet mean, not scaled
    (`keras.applications.vgg19.preprocess_input`). Layer names are VGG19's.

    Args:
        include_top: Must be False; there is no classifier. Present so that the call equals VGG19's.
        weights: Path of a `.weights.h5` file, such as `WEIGHTS_PATH`, or None for random weights.
        input_tensor: Keras tensor `(batch, height, width, 3)` of preprocessed pixels. The model starts at
            whatever produced it, so preprocessing can stand in front.
        input_shape: `(height, width, 3)`, used without `input_tensor`. None accepts every size from 32 pixels.
        name: Name of the model.

    Returns:
        `keras.Model` from pixels to `(batch, height // 32, width // 32, 128)`.

    Raises:
        ValueError: `include_top` was True.

    References:
        Simonyan and Zisserman 2014, arXiv 1409.1556, table 1, column E.
    """
    if include_top:
        raise ValueError(
            f"VGG19Mini has no classifier. Expected include_top=False. Received: include_top={include_top}"
        )
    pixels = keras.Input(input_shape or (None, None, 3)) if input_tensor is None else input_tensor
    features = pixels
    for block, (filters, convolutions) in enumerate(BLOCKS, start=1):
        for convolution in range(1, convolutions + 1):
            features = keras.layers.Conv2D(
                filters, 3, padding="same", activation="relu", name=f"block{block}_conv{convolution}"
            )(features)
        features = keras.layers.MaxPooling2D(2, strides=2, name=f"block{block}_pool")(features)
    inputs = pixels if input_tensor is None else keras.utils.get_source_inputs(input_tensor)
    model = keras.Model(inputs, features, name=name)
    if weights is not None:
        model.load_weights(weights)
    return model
