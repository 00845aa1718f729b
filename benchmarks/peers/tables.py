"""What was measured, as Markdown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import mean

from headstart.metrics import Metric
from headstart.tasks import evaluate_classification

import numpy as np
from measured_runs import table, with_interval
from scipy.stats import binomtest

from peers.exchange import Answers, Split
from recipe_vs_keras import interval

# Way of answering → the contestants that may have given it; of several, validation images choose.
WAYS = {
    "Headstart": ("headstart",),
    "Headstart + mirrored": ("headstart",),
    "fastai": ("fastai-5", "fastai-10"),
    "fastai + TTA": ("fastai-5", "fastai-10"),
    "scikit-learn": ("scikit-learn",),
}
# Each is subtracted from the one before it: without test-time augmentation, with it, and without fine-tuning.
PAIRS = (
    ("Headstart", "fastai"),
    ("Headstart + mirrored", "fastai + TTA"),
    ("Headstart", "scikit-learn"),
)
# The steps without which a way has no answers; others, such as the validation images' answers, are not timed.
_TRAINING = ("features", "training")


@dataclass(frozen=True, eq=False)
class Contest:
    """All that was measured for one network and one split.

    Attributes:
        network: name of the network.
        split: with the images and their classes.
        contestants: name → its answers.
    """

    network: str
    split: Split
    contestants: dict[str, Answers]

    @property
    def name(self) -> tuple[str, str, int]:
        """Network, data set and seed."""
        return self.network, Path(self.split.data).name, self.split.seed

    @property
    def ways(self) -> list[str]:
        """The ways of answering that were measured: of several trainings, all must be there to choose from."""
        return [way for way, names in WAYS.items() if all(name in self.contestants for name in names)]

    def chosen(self, way: str) -> str:
        """The contestant whose plain answers are best on the validation images: accuracy, then log loss."""
        names = WAYS[way]
        if len(names) == 1:
            return names[0]
        plain = way.partition(" + ")[0]
        return min(
            names,
            key=lambda name: (
                -self.contestants[name].validation_accuracy[plain],
                self.contestants[name].validation_loss[plain],
            ),
        )

    @cached_property
    def metrics(self) -> dict[str, dict[str, Metric]]:
        """Way → name → value with interval on the test images."""
        return {
            way: dict(
                evaluate_classification(
                    self._probabilities(way),
                    np.array(self.split.targets["test"]),
                    self.split.class_names,
                    baseline_targets=np.array(self.split.targets["train"]),
                    seed=self.split.seed,
                ).metrics
            )
            for way in self.ways
        }

    def correct(self, way: str) -> dict[str, bool]:
        """Test image → whether its class was predicted."""
        right = self._probabilities(way).argmax(axis=1) == np.array(self.split.targets["test"])
        return dict(zip(self.split.paths["test"], right.tolist(), strict=True))

    def seconds(self, way: str, *, cpu: bool) -> float:
        """Of training and answering, with the training that was chosen."""
        answers = self.contestants[self.chosen(way)]
        steps = answers.cpu_seconds if cpu else answers.seconds
        return sum(steps.get(step, 0.0) for step in (*_TRAINING, way))

    def _probabilities(self, way: str) -> np.ndarray:
        """`(n, num_classes)` with the sum 1 per row, which float32 misses by a little."""
        probabilities = np.array(self.contestants[self.chosen(way)].test[way], dtype="float64")
        return probabilities / probabilities.sum(axis=1, keepdims=True)


def result_table(contests: Iterable[Contest]) -> str:
    """One row per way of answering and split."""
    header = ("network", "set (test images)", "seed", "way", "accuracy [95 %]", "log loss", "ECE")
    rows = [
        (
            contest.network,
            f"{contest.name[1]} ({len(contest.split.paths['test'])})",
            contest.split.seed,
            _way_with_choice(contest, way),
            with_interval(contest.metrics[way]["accuracy"]),
            f"{contest.metrics[way]['log_loss'].value:.3f}",
            f"{contest.metrics[way]['expected_calibration_error'].value:.3f}",
            f"{contest.seconds(way, cpu=True):.0f}",
            f"{contest.seconds(way, cpu=False):.0f}",
            contest.contestants[contest.chosen(way)].facts["lines"][way],
        )
        for contest in contests
        for way in contest.ways
    ]
    return table((*header, "processor s", "wall s", "lines"), rows)


def difference_table(contests: Sequence[Contest]) -> str:
    """The difference of two ways on the same test images: one row per split, and one for several splits of a set."""
    rows: list[tuple[object, ...]] = []
    for first, second in PAIRS:
        pairs = [contest for contest in contests if {first, second} <= set(contest.ways)]
        for network, data in sorted({contest.name[:2] for contest in pairs}):
            group = [contest for contest in pairs if contest.name[:2] == (network, data)]
            differences = [_difference(contest, first, second) for contest in group]
            for contest, difference in zip(group, differences, strict=True):
                rows.append((network, data, contest.split.seed, f"{first} - {second}", *_paired(difference)))
            if len(group) > 1:
                together = f"all {len(group)}"
                rows.append((network, data, together, f"{first} - {second}", interval(differences), "", "", ""))
    header = ("network", "set", "seed", "difference", "points [95 %]", "only first right", "only second", "McNemar's p")
    return table(header, rows)


def mean_table(contests: Sequence[Contest]) -> str:
    """Means over the splits on which all ways were measured."""
    complete = [contest for contest in contests if set(contest.ways) == set(WAYS)]
    rows = []
    for network in sorted({contest.network for contest in complete}):
        group = [contest for contest in complete if contest.network == network]
        for way in WAYS:
            values = [[contest.metrics[way][name].value for contest in group] for name in _MEAN_METRICS]
            cpu = mean(contest.seconds(way, cpu=True) for contest in group)
            rows.append((network, len(group), way, *(f"{mean(column):.3f}" for column in values), f"{cpu:.0f}"))
    return table(("network", "splits", "way", "accuracy", "log loss", "ECE", "processor s"), rows)


_MEAN_METRICS = ("accuracy", "log_loss", "expected_calibration_error")


def _way_with_choice(contest: Contest, way: str) -> str:
    epochs = contest.contestants[contest.chosen(way)].facts.get("epochs")
    return way if epochs is None else f"{way} ({epochs} epochs)"


def _difference(contest: Contest, first: str, second: str) -> dict[str, int]:
    """Test image → 1 where only the first way was right, -1 where only the second was, else 0."""
    others = contest.correct(second)
    return {path: right - others[path] for path, right in contest.correct(first).items()}


def _paired(difference: dict[str, int]) -> tuple[str, int, int, str]:
    wins, losses = (sum(value == sign for value in difference.values()) for sign in (1, -1))
    p_value = binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
    return interval([difference]), wins, losses, f"{p_value:.2g}"
