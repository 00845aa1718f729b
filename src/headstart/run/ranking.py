"""What a ranking of backbones found, and the files it is written to."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NotRequired, TypedDict

import pandas as pd

from headstart.features import FeatureScores
from headstart.files import frame_csv, whole_file, write_json, write_text
from headstart.report import accuracy_by_size

FORMAT_VERSION = 1


@dataclass(frozen=True)
class RankedBackbone:
    """The scores of one backbone.

    Attributes:
        name: of the backbone.
        weights: `imagenet`, `builtin`, `none` (random ones) or a file.
        image_size: `(height, width)` in pixels.
        num_parameters: without a classifier.
        megabytes: 10⁶ bytes that these take in float32.
        scores: of its pooled features.
        num_examples: images that were scored.
        num_places: places in them that were scored; None where images are scored as a whole.
        num_computed: images that went through the network; 0 where the feature bank held all of them.
        build_seconds: until the network was ready to run.
        bank_seconds: for reading the images and running the network.
        scoring_seconds: for the scores.
    """

    name: str
    weights: str
    image_size: tuple[int, int]
    num_parameters: int
    megabytes: float
    scores: FeatureScores
    num_examples: int
    num_computed: int
    build_seconds: float
    bank_seconds: float
    scoring_seconds: float
    num_places: int | None = None

    @property
    def pictures_per_second(self) -> float | None:
        """Read and run through the network; None where the feature bank held all of them."""
        return self.num_computed / self.bank_seconds if self.num_computed else None

    def facts(self) -> dict[str, object]:
        """One flat row of plain values."""
        values = {name: value for name, value in asdict(self).items() if name != "num_places" or value is not None}
        del values["scores"]
        height, width = values.pop("image_size")
        row = {"name": values.pop("name"), "weights": values.pop("weights"), **self.scores.facts()}
        return {**row, "height": height, "width": width, **values, "pictures_per_second": self.pictures_per_second}


@dataclass(frozen=True)
class NotRanked:
    """A backbone that could not be ranked.

    Attributes:
        name: of the backbone.
        reason: why, and what it would need.
    """

    name: str
    reason: str


class RankedData(TypedDict):
    """The facts of a ranking about the images."""

    path: str
    task: NotRequired[str]
    class_names: list[str]
    num_examples: dict[str, int]
    num_left_out: int


@dataclass(frozen=True)
class Ranking:
    """Backbones in the order of how well they suit some images.

    Attributes:
        ranked: the best first.
        not_ranked: those whose weights are not here, or that failed.
        data: plain values: path, class names, images in each part, and how many are left out; the task, where it is
            not to name one class of each image.
        settings: plain values: seed, engine, resize mode.
    """

    ranked: tuple[RankedBackbone, ...]
    not_ranked: tuple[NotRanked, ...]
    data: RankedData
    settings: Mapping[str, object]

    @property
    def best(self) -> RankedBackbone:
        """The one with the highest score of the probe."""
        return self.ranked[0]

    @property
    def measure(self) -> str:
        """The measure by which probe and neighbours are scored, as in `FeatureScores`."""
        return self.best.scores.measure

    @property
    def frame(self) -> pd.DataFrame:
        """One row a ranked backbone, the best first."""
        return pd.DataFrame([one.facts() for one in self.ranked])

    def facts(self) -> dict[str, object]:
        """All facts as values for JSON."""
        return {
            "format_version": FORMAT_VERSION,
            "data": dict(self.data),
            "settings": dict(self.settings),
            "ranked": [one.facts() for one in self.ranked],
            "not_ranked": [asdict(one) for one in self.not_ranked],
        }

    def write(self, folder: Path) -> None:
        """Writes `rank.json`, `rank.csv` and `rank.png` into a folder that exists."""
        write_json(folder / "rank.json", self.facts())
        write_text(folder / "rank.csv", frame_csv(self.frame))
        with whole_file(folder / "rank.png") as partial:
            accuracy_by_size(self.frame, measure=self.measure).savefig(partial, dpi=150)
