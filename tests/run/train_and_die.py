"""Trains in a process of its own, which kills itself when a step has come so far; without a step it trains to the end.

python train_and_die.py DATA RUN BANKS [STEP PARTS]
"""

import os
import signal
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

from headstart import Recipe, train
from headstart.progress import SilentProgress

# Small and quick, with everything that a checkpoint must bring back: averages, origins, mixing, dropout, schedules.
RECIPE = {
    "backbone": {"name": "vgg19_mini", "weights": "builtin", "image_size": 32},
    "images": {"batch_size": 8},
    "bank": {"num_views": 3, "engine": "keras"},
    "frozen_phase": {"epochs": 2, "learning_rate": 0.01},
    "fine_tuning_phase": {"epochs": 3, "learning_rate": 0.001, "ema": 0.9, "mixup": 0.3, "l2_sp": 0.01},
    "deep_phase": {"epochs": 2, "learning_rate": 0.0003, "unfreeze_from": "block3"},
}


class Killer(SilentProgress):
    """Kills this process, as a power cut would."""

    def __init__(self, step: str, parts: int) -> None:
        self._step, self._parts = step, parts
        self._is_on, self._done = False, 0

    def start(self, step: str, total: int) -> None:
        self._is_on, self._done = step == self._step, 0
        self.advance(0)

    def advance(self, count: int = 1, note: str = "") -> None:
        self._done += count
        if self._is_on and self._done >= self._parts:
            os.kill(os.getpid(), signal.SIGKILL)


def main(data: str, run: str, banks: str, step: str = "", parts: str = "0") -> None:
    sys.stdout.write("starts\n")
    sys.stdout.flush()
    recipe = Recipe.from_values({**RECIPE, "data": {"path": data}})
    train(recipe=recipe, out=Path(run), bank_dir=Path(banks), progress=Killer(step, int(parts)))


if __name__ == "__main__":
    main(*sys.argv[1:])
