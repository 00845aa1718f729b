"""Do all exported formats answer like the model, on real pictures?

    python benchmarks/export_parity.py --out parity

trains three runs on `data/trashnet` of the folder that `HEADSTART_SHARED` names, exports each in every format, and
prints the table of what the gate measured: MobileNetV2 with its weights at 160 pixels, the built-in vgg19_mini, and
VGG19 with random weights at 64 pixels (which learns little, and has to be copied all the same). A format that is
refused stands in the table with its numbers; then the exit code is 1. Of int8 files the table says which share of the
weights is stored in eight bits, and which is multiplied with numbers of eight bits as well.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.artifacts import FORMATS
from headstart.errors import ParityError
from headstart.run import Run, export, train

SHARED = Path(os.environ.get("HEADSTART_SHARED", "../shared"))


@dataclass(frozen=True)
class Case:
    """A run to export."""

    name: str
    options: dict[str, Any]


CASES = (
    Case(
        "mobilenetv2",
        {"weights": str(SHARED / "weights" / "mobilenet_v2_notop.weights.h5"), "image_size": 160},
    ),
    Case("vgg19_mini", {"weights": "builtin", "image_size": 64, "epochs": 5}),
    Case("vgg19", {"weights": "none", "image_size": 64, "epochs": 1, "views": 1}),
)


def trained(case: Case, folder: Path) -> Run:
    """The run, trained unless it lies there already."""
    path = folder / case.name
    if (path / "run.json").exists():
        return Run.load(path)
    return train(SHARED / "data" / "trashnet", out=path, backbone=case.name, **case.options)


def rows(run: Run, case: Case, formats: Sequence[str]) -> tuple[list[str], bool]:
    """A line of the table for each format, and whether all passed."""
    lines, is_passed = [], True
    for name in formats:
        try:
            file = export(run, name).files[name]
        except ParityError as error:
            is_passed = False
            lines.append(f"| {case.name} | {name} | refused: {error.received} | | | | | |")
            continue
        parity = file.parity
        lines.append(
            f"| {case.name} | {name} | {parity['num_pictures']} | {parity['agreement']:.2%} "
            f"| {parity['max_probability_difference']:.1e} "
            f"| {parity['accuracy']:.4f} ({parity['model_accuracy']:.4f}) | {int8_share(parity)} "
            f"| {file.num_bytes / 1e6:.1f} |"
        )
    return lines, is_passed


def int8_share(parity: Mapping[str, Any]) -> str:
    share = parity.get("int8_share")
    return f"{share['stored']:.0%} ({share['computed']:.0%})" if share else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("parity"), help="folder for the runs")
    parser.add_argument("--cases", nargs="+", default=[case.name for case in CASES])
    parser.add_argument("--formats", nargs="+", default=list(FORMATS))
    arguments = parser.parse_args()
    print(
        "| model | format | images | same predictions | largest difference | accuracy (model) "
        "| int8: stored, computed | MB |"
    )
    print("|---|---|---|---|---|---|---|---|", flush=True)
    all_passed = True
    for case in CASES:
        if case.name in arguments.cases:
            lines, is_passed = rows(trained(case, arguments.out), case, arguments.formats)
            all_passed &= is_passed
            print(*lines, sep="\n", flush=True)
    return 0 if all_passed else 1


if __name__ == "__main__":
    sys.exit(main())
