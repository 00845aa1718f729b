"""How far logits are from a mask, pixels that nobody labelled left out."""

import keras

from headstart.data import IGNORED, Tensor


class SegmentationLoss(keras.losses.Loss):  # type: ignore[misc]  # Keras has no types
    """Cross-entropy of the labelled pixels, and as much of it as wanted a soft Dice loss of the classes.

    Cross-entropy counts pixels, so that a rare class hardly matters to it; Dice counts classes of the batch alike.

    Args:
        dice_weight: of the Dice loss beside the cross-entropy, at least 0.
        label_smoothing: 0 to below 1, in the cross-entropy only.
        name: of the loss.
        reduction: how the losses of images become one number.

    References:
        Milletari, Navab and Ahmadi 2016, V-Net, arXiv 1606.04797, section 3.
    """

    def __init__(
        self,
        *,
        dice_weight: float = 0.0,
        label_smoothing: float = 0.0,
        name: str = "segmentation_loss",
        reduction: str = "sum_over_batch_size",
    ) -> None:
        super().__init__(name=name, reduction=reduction)
        self.dice_weight = dice_weight
        self.label_smoothing = label_smoothing

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Loss of each image, `(batch,)`; 0 where no pixel is labelled.

        Args:
            y_true: `(batch, height, width)` class numbers, `IGNORED` where there is none.
            y_pred: `(batch, height, width, num_classes)` logits.
        """
        is_labelled = keras.ops.cast(keras.ops.not_equal(y_true, IGNORED), y_pred.dtype)
        classes = keras.ops.cast(y_true * is_labelled, "int32")
        shares = keras.ops.one_hot(classes, y_pred.shape[-1], dtype=y_pred.dtype) * is_labelled[..., None]
        log_probabilities = keras.ops.log_softmax(y_pred, axis=-1)
        losses = self._cross_entropy(shares, log_probabilities, is_labelled)
        if self.dice_weight:
            probabilities = keras.ops.exp(log_probabilities) * is_labelled[..., None]
            losses = losses + self.dice_weight * dice_loss(shares, probabilities)
        return losses

    def _cross_entropy(self, shares: Tensor, log_probabilities: Tensor, is_labelled: Tensor) -> Tensor:
        right = keras.ops.sum(shares * log_probabilities, axis=-1)
        if self.label_smoothing:
            anything = keras.ops.mean(log_probabilities, axis=-1) * is_labelled
            right = right * (1 - self.label_smoothing) + anything * self.label_smoothing
        num_labelled = keras.ops.sum(is_labelled, axis=(1, 2))
        return -keras.ops.sum(right, axis=(1, 2)) / keras.ops.maximum(num_labelled, 1.0)

    def get_config(self) -> dict[str, object]:
        """The arguments that build the same loss again."""
        return {**super().get_config(), "dice_weight": self.dice_weight, "label_smoothing": self.label_smoothing}


def dice_loss(shares: Tensor, probabilities: Tensor) -> Tensor:
    """1 - soft Dice, mean of the classes that the batch shows: a scalar between 0 and 1.

    Args:
        shares: `(batch, height, width, num_classes)`, 1 for the class of a pixel; all 0 where it is not labelled.
        probabilities: the same shape, 0 where a pixel is not labelled.
    """
    places = (0, 1, 2)
    both = keras.ops.sum(shares * probabilities, axis=places)
    true, said = keras.ops.sum(shares, axis=places), keras.ops.sum(probabilities, axis=places)
    is_shown = keras.ops.cast(true > 0, true.dtype)
    losses = is_shown * (1 - 2 * both / keras.ops.maximum(true + said, 1.0))
    return keras.ops.sum(losses) / keras.ops.maximum(keras.ops.sum(is_shown), 1.0)
