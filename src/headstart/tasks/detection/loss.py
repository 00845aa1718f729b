"""What a dense detector minimises: a heat map with a peak on every object, and boxes around them."""

import keras
from keras import ops

from headstart.data import IGNORED_CLASS, Tensor
from headstart.tasks.detection.grid import cell_centers, cell_sizes, grid_boxes

# Deviation of a peak, of the box's width and height: TTFNet's 0.54 / 6.
PEAK_SHARE = 0.09
# Three deviations away a cell no longer learns the box.
_MIN_PEAK = 0.011
_SMALL = 1e-6


class DetectionLoss(keras.losses.Loss):  # type: ignore[misc]  # Keras has no types
    """Focal loss of the class heat maps plus generalised intersection over union of the boxes.

    Both parts are means over an image's classes, each a mean over the objects of that class: else a class with one
    object among ten of another is learned last.

    Targets are boxes, `(batch, max_boxes, 5)` `xyxy` in pixels of the image and class, padded with -1; neither their
    order nor the padding matters. Boxes without area, or with their middle outside the image, are ignored. Where the
    class is `IGNORED_CLASS` - c, a score for class c inside the box costs nothing, as with ignored boxes in
    MMDetection: the annotation says that objects may be there, but not where.
    Outputs are those that `headstart.tasks.detection.grid` describes.

    Args:
        image_size: `(height, width)` of the image.
        box_weight: of the boxes' part.
        name: of the loss.

    References:
        Liu et al. 2019, Training-Time-Friendly Network, arXiv 1909.00700: peaks as wide as their boxes; every cell of a
        peak learns the box.
        Law and Deng 2018, CornerNet, arXiv 1808.01244, section 3.2: the focal loss of a heat map.
        Rezatofighi et al. 2019, arXiv 1902.09630: generalised intersection over union.
    """

    def __init__(self, image_size: tuple[int, int], *, box_weight: float = 5.0, name: str = "detection_loss") -> None:
        super().__init__(name=name)
        height, width = image_size
        self.image_size = (int(height), int(width))
        self.box_weight = box_weight

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Loss of every image, `(batch,)`."""
        num_classes = y_pred.shape[-1] - 4
        boxes, classes, is_object = self._objects(y_true, num_classes)
        peaks = self._peaks(boxes, is_object, tuple(y_pred.shape[1:3]))
        undecided = self._undecided(boxes, classes, tuple(y_pred.shape[1:3]), num_classes)
        heat = _heat_loss(y_pred[..., :num_classes], _heat_map(peaks, classes, num_classes), undecided)
        found = grid_boxes(y_pred[..., num_classes:], self.image_size)
        shares = _shares(classes, is_object, num_classes)
        places = ops.cast(ops.clip(classes, 0, num_classes - 1), "int32")
        box = _box_loss(found, boxes, peaks, ops.take_along_axis(shares, places, axis=1) * is_object)
        return ops.sum(heat * shares, axis=1) + self.box_weight * box

    def get_config(self) -> dict[str, object]:
        """The arguments that build the same loss again."""
        return {**super().get_config(), "image_size": self.image_size, "box_weight": self.box_weight}

    def _objects(self, targets: Tensor, num_classes: int) -> tuple[Tensor, Tensor, Tensor]:
        """Boxes, smallest first so that of two around one middle it is learned; classes; 1 where there is an object."""
        sides = ops.maximum(targets[..., 2:4] - targets[..., :2], 0.0)
        order = ops.argsort(sides[..., 0] * sides[..., 1], axis=1)
        targets = ops.take_along_axis(targets, ops.expand_dims(order, -1), axis=1)
        boxes, classes = targets[..., :4], targets[..., 4]
        middle = (boxes[..., :2] + boxes[..., 2:]) / 2
        height, width = self.image_size
        inside = ops.all((middle >= 0) & (middle < ops.array([width, height], "float32")), axis=-1)
        has_area = ops.all(boxes[..., 2:] > boxes[..., :2], axis=-1)
        is_object = inside & has_area & (classes >= 0) & (classes < num_classes)
        return boxes, classes, ops.cast(is_object, "float32")

    def _peaks(self, boxes: Tensor, is_object: Tensor, grid: tuple[int, int]) -> Tensor:
        """The target heat of each cell for each object, `(batch, max_boxes, cells)`: 1 in the cell of its centre."""
        sizes = cell_sizes(grid, self.image_size)
        middle = (boxes[..., :2] + boxes[..., 2:]) / 2
        middle = (ops.floor(middle / sizes) + 0.5) * sizes
        deviations = ops.maximum((boxes[..., 2:] - boxes[..., :2]) * PEAK_SHARE, _SMALL)
        centers = cell_centers(grid, self.image_size).reshape(1, 1, -1, 2)
        steps = (centers - ops.expand_dims(middle, 2)) / ops.expand_dims(deviations, 2)
        peaks = ops.exp(-0.5 * ops.sum(ops.square(steps), axis=-1))
        return ops.where(peaks > _MIN_PEAK, peaks, 0.0) * ops.expand_dims(is_object, -1)

    def _undecided(self, boxes: Tensor, classes: Tensor, grid: tuple[int, int], num_classes: int) -> Tensor:
        """1 where the middle of a cell lies in an ignored box of a class, else 0: `(batch, cells, num_classes)`."""
        centers = cell_centers(grid, self.image_size).reshape(1, 1, -1, 2)
        corners = ops.expand_dims(boxes, 2)
        inside = ops.all((centers >= corners[..., :2]) & (centers < corners[..., 2:]), axis=-1)
        ignored = IGNORED_CLASS - ops.arange(num_classes, dtype="float32")
        of_class = ops.cast(ops.expand_dims(classes, -1) == ignored, "float32")
        covered = ops.einsum("bnc,bnk->bck", ops.cast(inside, "float32"), of_class)
        return ops.cast(covered > 0, "float32")


def _heat_map(peaks: Tensor, classes: Tensor, num_classes: int) -> Tensor:
    """The highest peak of every class in every cell, `(batch, cells, num_classes)`."""
    of_class = [
        ops.max(peaks * ops.cast(ops.expand_dims(classes == number, -1), "float32"), axis=1)
        for number in range(num_classes)
    ]
    return ops.stack(of_class, axis=-1)


def _heat_loss(logits: Tensor, heat_map: Tensor, undecided: Tensor) -> Tensor:
    """CornerNet's focal loss, summed over cells: `(batch, num_classes)`; undecided cells that are no peak cost 0."""
    logits = ops.reshape(logits, (-1, *heat_map.shape[1:]))
    certainty = ops.sigmoid(logits)
    at_peak = ops.square(1 - certainty) * ops.softplus(-logits)
    elsewhere = ops.power(1 - heat_map, 4) * ops.square(certainty) * ops.softplus(logits) * (1 - undecided)
    return ops.sum(ops.where(heat_map > 1 - _SMALL, at_peak, elsewhere), axis=1)


def _shares(classes: Tensor, is_object: Tensor, num_classes: int) -> Tensor:
    """Weight of an object per class, `(batch, num_classes)`, so that all classes of an image have equal weight."""
    numbers = ops.reshape(ops.arange(num_classes, dtype="float32"), (1, 1, -1))
    of_class = ops.cast(ops.expand_dims(classes, -1) == numbers, "float32") * ops.expand_dims(is_object, -1)
    num_objects = ops.sum(of_class, axis=1)
    num_present = ops.sum(ops.cast(num_objects > 0, "float32"), axis=1, keepdims=True)
    return 1 / (ops.maximum(num_objects, 1.0) * ops.maximum(num_present, 1.0))


def _box_loss(found: Tensor, boxes: Tensor, peaks: Tensor, shares: Tensor) -> Tensor:
    """One minus generalised overlap, a mean over each object's cells, times the object's share: `(batch,)`."""
    found = ops.reshape(found, (-1, peaks.shape[2], 4))
    owner = ops.argmax(peaks, axis=1)
    owned = (
        ops.cast(ops.expand_dims(owner, 1) == ops.reshape(ops.arange(peaks.shape[1]), (1, -1, 1)), "float32") * peaks
    )
    owned *= ops.expand_dims(shares, -1) / ops.maximum(ops.sum(owned, axis=2, keepdims=True), _SMALL)
    wanted = ops.take_along_axis(boxes, ops.expand_dims(owner, -1), axis=1)
    return ops.sum(ops.sum(owned, axis=1) * (1 - _generalised_overlap(found, wanted)), axis=1)


def _generalised_overlap(boxes: Tensor, others: Tensor) -> Tensor:
    """Generalised intersection over union of boxes in pairs, `(..., 4)` each: from -1 to 1."""
    shared = _area(ops.maximum(boxes[..., :2], others[..., :2]), ops.minimum(boxes[..., 2:], others[..., 2:]))
    hull = _area(ops.minimum(boxes[..., :2], others[..., :2]), ops.maximum(boxes[..., 2:], others[..., 2:]))
    union = _area(boxes[..., :2], boxes[..., 2:]) + _area(others[..., :2], others[..., 2:]) - shared
    return shared / ops.maximum(union, _SMALL) - (hull - union) / ops.maximum(hull, _SMALL)


def _area(lower: Tensor, upper: Tensor) -> Tensor:
    sides = ops.maximum(upper - lower, 0.0)
    return sides[..., 0] * sides[..., 1]
