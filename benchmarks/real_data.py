"""The real sets and weights that benchmarks of classification share."""

import os
from pathlib import Path

SHARED = Path(os.environ.get("HEADSTART_SHARED", "../shared"))
DATA = [SHARED / "data" / name for name in ("trashnet", "flowers5", "sign_digits")]
# Network → its ImageNet weights.
WEIGHTS = {
    "mobilenetv2": SHARED / "weights" / "mobilenet_v2_notop.weights.h5",
    "mobilenet": SHARED / "weights" / "mobilenet_v1_notop.weights.h5",
    "vgg16": SHARED / "weights" / "vgg16_notop.weights.h5",
}
