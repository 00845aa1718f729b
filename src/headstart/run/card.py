"""The model card of a run: purpose, use, metrics, calibration, limits, data and training of the model."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from headstart.backbones import find_backbone
from headstart.files import one_line, write_text
from headstart.metrics import Metric
from headstart.report import Report, headline, limits, trust_facts
from headstart.run.card_parts import CardParts, opening_lines
from headstart.run.directory import Run, read_json
from headstart.run.markdown import markdown_code, markdown_text
from headstart.run.report import data_hash
from headstart.run.schemas import AuditFacts, Environment
from headstart.run.storage import storage_errors
from headstart.run.task_steps import steps_of
from headstart.task_spec import find_task
from headstart.trust import DEFAULT_COVERAGE

# Name here → name among Hugging Face's metrics, where there is one.
_METRIC_TYPES = {"macro_f1": "f1", "micro_f1": "f1"}
_PARTS = ("train", "validation", "test")


def write_card(run: Run, out: Path | str | None = None) -> Path:
    """Write the model card of a finished run as Markdown and return its path.

    The metadata at the head of the file follows the conventions of Hugging Face, so that a folder with the card can be
    published as it is. The card contains no paths of this machine.

    Args:
        run: a finished run.
        out: the file; None: README.md in the run, where Hugging Face looks for it.

    Raises:
        RunIncompleteError: the run was interrupted before its evaluation.
    """
    path = run.card_path if out is None else Path(out).expanduser().absolute()
    text = card_text(run)
    with storage_errors(path, hint="Free disk space, then write the card again."):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text)
    return path


def card_text(run: Run) -> str:
    """The model card of a finished run."""
    sections = (
        f"# {markdown_text(_title(run))}\n\n{markdown_text(headline(run.report))}\n",
        _section("Purpose", _purpose(run)),
        _section("Use", _usage(run)),
        _section("Results", _results(run)),
        _section("Calibration", _calibration(run)),
        _section("Limits", _limits(run)),
        _section("Data", _data(run)),
        _section("Training", _training(run)),
        _section("Licence", _licence(run)),
        _section("Environment", _environment(run)),
    )
    return f"---\n{_yaml(metadata(run))}---\n\n" + "\n".join(sections)


def metadata(run: Run) -> dict[str, object]:
    """The head of the card, by the conventions of https://huggingface.co/docs/hub/model-cards."""
    report, name, tag = run.report, _data_name(run), _parts(run).tag
    scored = [metric for metric in report.metrics.values() if not math.isnan(metric.value)]
    return {
        "license": _licence_id(run),
        "library_name": "keras",
        "pipeline_tag": tag,
        "tags": [tag, "transfer-learning", "headstart", run.recipe.backbone.name],
        "datasets": [_slug(name)],
        "metrics": list(dict.fromkeys(_metric_type(metric) for metric in scored)),
        "model-index": [
            {
                "name": _title(run),
                "results": [
                    {
                        "task": {"type": tag, "name": tag.replace("-", " ").capitalize()},
                        "dataset": {"name": name, "type": _slug(name), "split": "test"},
                        "metrics": [
                            {"type": _metric_type(metric), "name": _words(metric), "value": metric.value}
                            for metric in scored
                        ],
                    }
                ],
            }
        ],
    }


def _purpose(run: Run) -> list[str]:
    task, parts = run.task, _parts(run)
    height, width = task.image_size
    return [
        parts.purpose(run),
        f"It takes RGB images with values from 0 to 255, resized to {height} x {width} pixels (`{task.resize_mode}`). "
        f"{parts.foreign}",
    ]


def _usage(run: Run) -> list[str]:
    """Code that predicts with only Keras, NumPy and Pillow, and the command of this package that does the same."""
    parts = _parts(run)
    return [
        "With Keras, NumPy and Pillow, and the file `model.keras` in the working directory:",
        _code("python", [*opening_lines(run), *parts.answering(run)]),
        f"With Headstart, {parts.with_headstart}:",
        _code("", [parts.command]),
    ]


def _parts(run: Run) -> CardParts:
    return find_task(run.task.kind).card.load(CardParts)


def _results(run: Run) -> list[str]:
    report, columns = run.report, _parts(run).columns
    rows = [
        (
            _words(metric) + ("" if metric.higher_is_better else " (lower is better)"),
            _number(metric.value),
            f"{_number(metric.low)} to {_number(metric.high)}",
            _number(metric.baseline),
        )
        for metric in report.metrics.values()
    ]
    classes = [
        (markdown_text(row[columns[0]]), *(_number(row[name]) for name in columns[1:-1]), int(row[columns[-1]]))
        for row in report.per_class.to_dict("records")
    ]
    return [
        f"Measured on {report.num_examples} test images that were set aside before training and used once. The "
        f"intervals come from a bootstrap over test images. The baseline {_parts(run).baseline}.",
        _table(("metric", "value", "95 % interval", "baseline"), rows),
        _table((*(name.replace("_", " ") for name in columns[:-1]), _parts(run).counted), classes),
    ]


def _calibration(run: Run) -> list[str]:
    trust = _parts(run).trust
    if trust is not None:
        return trust(run)
    calibration, coverage = run.calibration, DEFAULT_COVERAGE
    temperature, thresholds = calibration.temperature, calibration.thresholds
    shown = _number(temperature[0]) if np.ptp(temperature) == 0 else ", ".join(map(_number, temperature))
    lowest, highest = thresholds.lowest_probability(coverage), thresholds.highest_familiar_score()
    num_pictures = len(run.dataset.part("validation"))
    sets = (
        f"The set of all classes with a probability of at least {_number(lowest)} contains the true class for about "
        f"{100 * coverage:g} of 100 images from the same source (split conformal prediction)."
        if math.isfinite(lowest)
        else "There are too few validation images to promise sets that contain the true class for "
        f"{100 * coverage:g} of 100 images."
    )
    strange = (
        f"An image with an out-of-distribution score above {_number(highest)} differs from the training images more "
        "than 95 of 100 validation images do."
        if math.isfinite(highest)
        else "There are too few validation images to detect out-of-distribution (unfamiliar) images."
    )
    return [
        f"Calibrated on {num_pictures} validation images: logits are divided by a temperature of {shown} before they "
        f"become probabilities. {sets} {strange}",
        *_kept_promises(run.report),
    ]


def _kept_promises(report: Report) -> list[str]:
    facts = trust_facts(report)
    if not facts:
        return []
    return [
        "Measured on the test images, which were not used for the calibration:",
        _table(("", "measured"), facts.items()),
    ]


def _limits(run: Run) -> list[str]:
    sentences = [
        *map(markdown_text, limits(run.report)),
        "The numbers hold for images from the same source as the data below. They may be lower for other cameras, "
        "places or times.",
        _parts(run).limit(run),
        "The intervals show the variation over test sets of this size, not the variation over repeated training.",
    ]
    return ["\n".join(f"- {sentence}" for sentence in sentences)]


def _data(run: Run) -> list[str]:
    counts = run.dataset.class_counts()[list(_PARTS)]
    rows = [(markdown_text(name), *row) for name, row in zip(counts.index, counts.to_numpy().tolist(), strict=True)]
    findings = read_json(run.audit_path, AuditFacts)["summary"]
    checked = "\n".join(
        f"- {found['count']} x {found['kind'].replace('_', ' ')}: {found['meaning']}" for found in findings
    )
    return [
        f"{markdown_code(_data_name(run))}, {len(run.dataset)} usable images. "
        "Copies and near copies of an image are in the same part. "
        f"SHA-256 of the table of images with their hashes and parts: `{data_hash(run.dataset)}`.",
        _table(("class", *_PARTS), rows),
        *([f"Findings of the audit:\n\n{checked}"] if checked else []),
    ]


def _training(run: Run) -> list[str]:
    section, images = run.recipe.backbone, run.recipe.images
    spec = find_backbone(section.name)
    rows = [
        (
            phase["name"],
            phase["epochs"],
            phase["unfreeze_from"] or "only the head",
            f"{phase['learning_rate']:g}",
            f"{phase['num_trainable']:,}",
        )
        for phase in run.fact("phases")
        if phase["epochs"]
    ]
    return [
        f"{spec.title} ({spec.paper}) with a new head: {steps_of(run.task.kind).head_facts(run)['layers']}. "
        f"Batches of {images.batch_size}, seed {run.recipe.seed}. "
        "`recipe.toml` in the folder of the run contains every setting; training with it gives the same numbers again.",
        *(
            [
                _table(
                    ("phase", "maximum epochs", "lowest trained stage", "highest learning rate", "trained parameters"),
                    rows,
                )
            ]
            if rows
            else []
        ),
    ]


def _licence(run: Run) -> list[str]:
    source, weights = str(run.recipe.backbone.weights), find_backbone(run.recipe.backbone.name).weights
    known = f"{weights.licence}, {weights.origin}"
    if source == "none":
        return ["Training started from random weights. No licence of pretrained weights applies."]
    if source in ("imagenet", "builtin"):
        return [f"Pretrained weights: {known}. The model is a derived work of them."]
    return [
        f"Pretrained weights: the file {markdown_code(Path(source).name)}, SHA-256 "
        f"`{run.fact('weights')['sha256']}`. The published weights of this network have this licence: {known}. Check "
        "whether the file contains these weights.",
    ]


def _environment(run: Run) -> list[str]:
    environment = read_json(run.environment_path, Environment)
    rows = [("python", environment["python"]), *environment["packages"].items(), ("machine", environment["machine"])]
    return [_table(("", "version"), rows)]


def _title(run: Run) -> str:
    return f"{_data_name(run)}: {find_backbone(run.recipe.backbone.name).title}"


def _data_name(run: Run) -> str:
    return one_line(Path(run.recipe.data.path).stem)


def _licence_id(run: Run) -> str:
    """The identifier of the licence as Hugging Face writes it: SPDX in lower case."""
    if run.recipe.backbone.weights == "none":
        return "unknown"
    return find_backbone(run.recipe.backbone.name).weights.licence.lower()


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "data"


def _metric_type(metric: Metric) -> str:
    return _METRIC_TYPES.get(metric.name, metric.name)


def _words(metric: Metric) -> str:
    return metric.name.replace("_", " ")


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def _section(heading: str, paragraphs: Iterable[str]) -> str:
    return "\n\n".join((f"## {heading}", *paragraphs)) + "\n"


def _code(language: str, lines: Iterable[str]) -> str:
    return "\n".join((f"```{language}", *lines, "```"))


def _table(header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(_cell(value) for value in line)} |" for line in lines)


def _cell(value: object) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", one_line(str(value)))


def _yaml(value: object, indent: str = "") -> str:
    """Mappings, lists, texts and numbers as YAML, of which quoted JSON texts are a part."""
    if isinstance(value, Mapping):
        return "".join(f"{indent}{key}:{_yaml_value(item, indent)}" for key, item in value.items())
    items = value if isinstance(value, list) else []
    return "".join(f"{indent}-{_yaml_item(item, indent)}" for item in items)


def _yaml_value(value: object, indent: str) -> str:
    if isinstance(value, Mapping | list):
        return f"\n{_yaml(value, indent + '  ')}"
    return f" {json.dumps(value, ensure_ascii=False)}\n"


def _yaml_item(value: object, indent: str) -> str:
    """The text of a YAML list item; a mapping begins in the line of the dash."""
    if isinstance(value, Mapping):
        return f" {_yaml(value, indent + '  ').lstrip()}"
    return _yaml_value(value, indent)
