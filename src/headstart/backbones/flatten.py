"""A network without models inside it."""

import keras

from headstart.backbones.graph import operation_name


def flattened(model: keras.Model) -> keras.Model:
    """The network with every nested model replaced by its layers; the model itself if nothing is nested.

    Only ConvNeXt nests: its stem and its downsamplings are models of two layers, and the sums that close its blocks
    are bare operations. They become `Add` layers named after their block, so that a stage can end there. Its grouped
    convolutions become the depthwise ones that they are: Keras runs grouped convolutions in a function compiled by XLA,
    which no converter to ONNX reads.

    Args:
        model: Functional model with its weights; nested models are chains of layers.
    """
    if not any(isinstance(layer, keras.Sequential) for layer in model.layers):
        return model
    return keras.models.clone_model(model, clone_function=_unchanged, call_function=_call)


def _unchanged(operation: keras.Operation) -> keras.Operation:
    return operation


def _call(operation: keras.Operation, *args: keras.KerasTensor, **kwargs: object) -> keras.KerasTensor:
    if isinstance(operation, keras.Sequential):
        features = args[0]
        for layer in operation.layers:
            features = _copied(layer, features)
        return features
    if isinstance(operation, keras.layers.Layer):
        return _copied(operation, *args, **kwargs)
    shortcut, branch = args
    block = operation_name(branch).removesuffix("_identity")
    return keras.layers.Add(name=f"{block}_add")([shortcut, branch])


def _copied(layer: keras.layers.Layer, *args: keras.KerasTensor, **kwargs: object) -> keras.KerasTensor:
    if isinstance(layer, keras.layers.Conv2D) and layer.groups == layer.filters == args[0].shape[-1]:
        return _as_depthwise(layer, args[0])
    copy = layer.__class__.from_config(layer.get_config())
    features = copy(*args, **kwargs)
    copy.set_weights(layer.get_weights())
    return features


def _as_depthwise(layer: keras.layers.Conv2D, features: keras.KerasTensor) -> keras.KerasTensor:
    """The convolution as a depthwise one: the last two axes of its kernel change places."""
    depthwise = keras.layers.DepthwiseConv2D(
        layer.kernel_size,
        strides=layer.strides,
        padding=layer.padding,
        dilation_rate=layer.dilation_rate,
        activation=layer.activation,
        use_bias=layer.use_bias,
        dtype=layer.dtype_policy,
        name=layer.name,
    )
    convolved = depthwise(features)
    kernel, *bias = layer.get_weights()
    depthwise.set_weights([kernel.swapaxes(2, 3), *bias])
    return convolved
