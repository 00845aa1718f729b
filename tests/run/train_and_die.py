"""Trains or resumes, in a process of its own, until a step has come so far: then the process kills itself."""

import os
import signal
from pathlib import Path

from headstart import Recipe, resume, train
from headstart.progress import SilentProgress

# Small and quick, with everything that a checkpoint must bring back: averages, origins, mixing, dropout, schedules.
RECIPE = {
    "backbone": {"name": "vgg19_mini", "weights": "builtin", "image_size": 32},
    "images": {"batch_size": 8},
    "bank": {"num_views": 3, "engine": "keras"},
    "frozen_phase": {"epochs": 2, "learning_rate": 0.01},
    "fine_tuning_phase": {"epochs": 3, "learning_rate": 0.001, "ema": 0.9, "mixup": 0.3, "l2_sp": 0.01},
    "deep_phase": {"epochs": 2, "learning_rate": 0.0003, "unfreeze_from": "block4"},
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


def train_and_die(data: Path, run: Path, banks: Path, step: str = "", parts: int = 0) -> None:
    """Without a step it trains to the end. A run that exists is resumed."""
    progress = Killer(step, parts)
    if (run / "run.json").exists():
        resume(run, progress=progress)
    else:
        recipe = Recipe.from_values({**RECIPE, "data": {"path": str(data)}})
        train(recipe=recipe, out=run, bank_dir=banks, progress=progress)
