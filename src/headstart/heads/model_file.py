"""A `.keras` file as a model, without running anything that the file brings along."""

from pathlib import Path

import keras

from headstart.files import MAX_IMAGE_SIDE, UnusableFileError, check_keras_file


def load_stock_model(path: Path) -> keras.Model:
    """The model in a `.keras` file that consists of Keras' own layers.

    Args:
        path: the file. Python code in it, such as that of a `Lambda` layer, is refused, and so are classes that are
            not Keras' own.

    Returns:
        The model, not compiled; it takes images `(batch, height, width, 3)` of one size.

    Raises:
        UnusableFileError: the file is missing, is no such file, unpacks to far more than its size, or holds a model
            for other inputs.
    """
    try:
        check_keras_file(path)
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except UnusableFileError:
        raise
    except Exception as error:  # Keras, HDF5 and TensorFlow each have errors of their own for a damaged file
        received = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise UnusableFileError("a .keras file without code of its own", received[:200]) from error
    _check_input(model)
    return model


def _check_input(model: object) -> None:
    shape: tuple[int | None, ...] | None = model.input_shape if isinstance(model, keras.Model) else None
    is_images = isinstance(shape, tuple) and len(shape) == 4 and shape[3] == 3
    sides = shape[1:3] if shape is not None and is_images else ()
    if not is_images or not all(side is not None and 1 <= side <= MAX_IMAGE_SIDE for side in sides):
        expected = f"a model of images (batch, height, width, 3), sides up to {MAX_IMAGE_SIDE}"
        raise UnusableFileError(expected, f"input shape {shape}")
