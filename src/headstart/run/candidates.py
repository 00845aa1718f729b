"""Which backbones a ranking compares, and where each takes its weights from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from headstart.backbones import BACKBONES, BackboneSpec, find_backbone, find_weights, imagenet_path

ALL = "all"
KINDS = ("imagenet", "builtin", "none")  # of weights that are no file
# Small to large, and one network of each family that a laptop can compute.
SHORT_LIST = (
    "vgg19_mini",
    "mobilenetv2",
    "efficientnetv2b0",
    "densenet121",
    "resnet50",
    "convnexttiny",
    "vgg19",
)


@dataclass(frozen=True)
class Candidate:
    """One backbone to be ranked.

    Attributes:
        spec: its facts.
        weights: `imagenet`, `builtin`, `none` or a file, as it is called in the ranking.
        source: what `build_backbone` takes for it; None where the weights are not on this machine.
    """

    spec: BackboneSpec
    weights: str
    source: str | None

    @property
    def missing(self) -> str:
        """The file that is needed, if the weights are missing."""
        url = self.spec.weights.url
        return f"weights not here: needs {imagenet_path(self.spec)} or --weights {self.spec.name}=FILE, from {url}"


def find_candidates(
    backbones: Sequence[str] | str | None, weights: Mapping[str, Path | str], *, download: bool
) -> list[Candidate]:
    """The candidates, each once, in the order of their names.

    Args:
        backbones: names, or `all`; None: the short list and every backbone whose ImageNet weights are on this machine.
        weights: backbone → `imagenet`, `builtin`, `none` or a file; who is named here is a candidate. The others get
            what comes with them, else ImageNet weights.
        download: whether ImageNet weights that are not here will be downloaded.

    Raises:
        UnknownBackboneError: a name is not in the table.
        WeightsNotFoundError: a file does not exist, or a backbone has no weights of that kind.
    """
    chosen = {find_backbone(name).name: _absolute(str(value)) for name, value in weights.items()}
    names = {find_backbone(name).name for name in _names(backbones)} | set(chosen)
    specs = [BACKBONES[name] for name in sorted(names)]
    return [_candidate(spec, chosen.get(spec.name, spec.weights.source), download=download) for spec in specs]


def _names(backbones: Sequence[str] | str | None) -> Sequence[str]:
    if backbones is None:
        return (*SHORT_LIST, *(spec.name for spec in BACKBONES.values() if _is_here(spec)))
    if isinstance(backbones, str):
        return tuple(BACKBONES) if backbones == ALL else [name.strip() for name in backbones.split(",")]
    return backbones


def _absolute(weights: str) -> str:
    """The absolute path of a weights file; a shell does not expand `~` after `NAME=`."""
    return weights if weights in KINDS else str(Path(weights).expanduser().absolute())


def _is_here(spec: BackboneSpec) -> bool:
    return spec.weights.source == "builtin" or imagenet_path(spec).is_file()


def _candidate(spec: BackboneSpec, weights: str, *, download: bool) -> Candidate:
    if weights != "imagenet" or spec.weights.source != "imagenet":
        find_weights(spec, weights)  # a mistake in what was typed is reported before any work
        return Candidate(spec, weights, weights)
    if download:
        return Candidate(spec, weights, weights)
    # As a file: asked for by their kind, Keras downloads weights again whose hash it does not like.
    return Candidate(spec, weights, str(imagenet_path(spec)) if _is_here(spec) else None)
