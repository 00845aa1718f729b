"""Figures hold the numbers and names they were drawn from, whatever the names are."""

import base64
import io
import re
import warnings
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from headstart.report import (
    Mistake,
    class_count_bars,
    confusion_matrix,
    grad_cam_gallery,
    learning_curves,
    mistake_gallery,
    picture_gallery,
    recall_bars,
    reliability_diagram,
)
from headstart.report.embedding import inline_svg, picture_uri
from headstart.tasks import evaluate_classification

ODD_NAMES = ["$5", "$a$ and $b_{$", "猫 & <b>", "#2755c4", 'id="x" font-family: y', "7"]
LONG_NAMES = ["first " * 20 + "end one", "first " * 20 + "end two"]
CLASS_FIGURES = ("confusion matrix", "recall bars", "class count bars")
HISTORY = pd.DataFrame(
    {
        "phase": ["frozen", "frozen", "fine-tuning"],
        "accuracy": [0.5, 0.7, 0.9],
        "val_accuracy": [0.4, 0.6, 0.8],
        "loss": [1.5, 1.0, 0.5],
        "val_loss": [1.6, 1.2, np.nan],
    }
)


def report_of(names: list[str]):
    """Every class has two examples; the first class is recognised once, the others always."""
    targets = np.repeat(np.arange(len(names)), 2)
    answers = np.where(np.arange(len(targets)) == 1, 1, targets)
    probabilities = 0.7 * np.eye(len(names))[answers] + 0.3 / len(names)
    return evaluate_classification(probabilities, targets, names, baseline_targets=targets, num_resamples=2)


def figure_of(kind: str, names: list[str]) -> Figure:
    if kind == "class count bars":
        return class_count_bars(pd.DataFrame({"train": range(1, len(names) + 1), "test": 1}, index=names))
    report = report_of(names)
    return recall_bars(report.per_class) if kind == "recall bars" else confusion_matrix(report.confusion, names)


def every_figure() -> list[Figure]:
    return [learning_curves(HISTORY), *(figure_of(kind, ["a", "b"]) for kind in CLASS_FIGURES)]


def texts_of(figure: Figure) -> list[str]:
    """Every text that is drawn, read from the picture itself."""
    root = ElementTree.fromstring(str(inline_svg(figure, description="texts")))
    return ["".join(node.itertext()) for node in root.iter("text")]


def colour_picture(value: int, *, size: tuple[int, int] = (8, 12)) -> np.ndarray:
    return np.full((*size, 3), value, np.uint8)


def test_learning_curves_go_through_the_numbers_of_the_history():
    figure = learning_curves(HISTORY)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Accuracy", "Loss"]
    for axes, name in zip(figure.axes, ("accuracy", "loss"), strict=True):
        lines = {line.get_label(): line for line in axes.lines}
        for label, column in (("training", name), ("validation", f"val_{name}")):
            np.testing.assert_array_equal(lines[label].get_xdata(), [1, 2, 3])
            np.testing.assert_array_equal(lines[label].get_ydata(), HISTORY[column])


def test_learning_curves_mark_where_a_phase_begins():
    (axes,) = learning_curves(HISTORY, quantities=["loss"]).axes
    (border,) = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert list(border.get_xdata()) == [2.5, 2.5]
    assert [(text.get_text(), text.get_position()[0]) for text in axes.texts] == [("frozen", 1.5), ("fine-tuning", 3.0)]


def test_a_linear_probe_stands_at_epoch_0_of_the_learning_curves():
    history = pd.concat([HISTORY[:1].assign(phase="linear probe"), HISTORY])
    (axes,) = learning_curves(history, quantities=["loss"]).axes
    assert list(axes.lines[0].get_xdata()) == [0, 1, 2, 3]
    assert [(text.get_text(), text.get_position()[0]) for text in axes.texts] == [
        ("probe", 0.0),
        ("frozen", 1.5),
        ("fine-tuning", 3.0),
    ]
    assert [next(iter(line.get_xdata())) for line in axes.lines if line.get_linestyle() == "--"] == [0.5, 2.5]


@pytest.mark.parametrize("history", [HISTORY[:0], HISTORY[:1], pd.DataFrame()], ids=["no epoch", "one", "no column"])
def test_a_short_history_is_drawn_without_complaint(history):
    figure = learning_curves(history)
    assert len(figure.axes) == 2 * len(history)
    markers = {line.get_marker() for axes in figure.axes for line in axes.lines}
    assert ("o" in markers) == (len(history) == 1)  # a line of one point would not be seen
    assert "svg" in inline_svg(figure, description="short")


def test_the_confusion_matrix_shows_shares_as_depth_and_counts_as_numbers():
    confusion = np.array([[3, 1], [0, 8]])
    (axes,) = confusion_matrix(confusion, ["a", "b"]).axes
    (mesh,) = axes.collections
    np.testing.assert_allclose(np.ravel(mesh.get_array()), [0.75, 0.25, 0.0, 1.0])
    written = {text.get_position(): text.get_text() for text in axes.texts}
    assert written == {(0.5, 0.5): "3", (1.5, 0.5): "1", (1.5, 1.5): "8"}
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true")
    assert axes.yaxis_inverted()


def test_a_class_without_examples_stays_clear_in_the_confusion_matrix():
    (axes,) = confusion_matrix(np.array([[2, 0], [0, 0]]), ["a", "b"]).axes
    np.testing.assert_allclose(np.ravel(axes.collections[0].get_array()), [1, 0, 0, 0])


def test_the_reliability_diagram_has_a_bar_for_every_bin_that_holds_answers():
    calibration = report_of(["a", "b", "c"]).calibration
    calibration.loc[[5, 9], ["num_examples", "confidence", "accuracy"]] = [[4, 0.4, 0.25], [2, 0.65, 1.0]]
    upper, lower = reliability_diagram(calibration).axes
    filled = calibration[calibration["num_examples"] > 0]
    assert len(filled) == 3
    for axes, column in ((upper, "accuracy"), (lower, "num_examples")):
        assert [bar.get_height() for bar in axes.patches] == filled[column].tolist()
        centres = [bar.get_x() + bar.get_width() / 2 for bar in axes.patches]
        assert centres == pytest.approx(((filled["low"] + filled["high"]) / 2).tolist())
    (perfect,) = upper.lines
    assert list(perfect.get_xdata()) == list(perfect.get_ydata()) == [0, 1]


def test_recall_bars_have_the_length_of_the_recall_and_the_span_of_its_interval():
    per_class = report_of(["first", "second"]).per_class
    per_class.loc[2] = ["absent", np.nan, np.nan, np.nan, np.nan, np.nan, 0]
    figure = recall_bars(per_class)
    (axes,) = figure.axes
    assert [bar.get_width() for bar in axes.patches] == [1.0, 0.5]  # the first class stands at the top
    assert texts_of(figure)[-2:] == ["second", "first"]
    (spans,) = axes.collections
    ends = [segment[:, 0].tolist() for segment in spans.get_segments()]
    assert ends == [pytest.approx(row) for row in per_class[["recall_low", "recall_high"]].to_numpy()[[1, 0]]]


def test_class_count_bars_stack_the_splits_of_each_class():
    counts = pd.DataFrame({"train": [10, 20], "validation": [3, 4], "test": [5, 6]}, index=["a", "b"])
    figure = class_count_bars(counts)
    bars = figure.axes[0].patches
    assert [(bar.get_x(), bar.get_width()) for bar in bars] == [(0, 20), (0, 10), (20, 4), (10, 3), (24, 6), (13, 5)]
    assert {"train", "validation", "test", "a", "b"} <= set(texts_of(figure))
    assert len({to_hex(bar.get_facecolor()) for bar in bars}) == 3


@pytest.mark.parametrize("kind", CLASS_FIGURES)
def test_any_class_name_is_written_as_it_is(kind):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as of letters that matplotlib's font lacks
        written = texts_of(figure_of(kind, ODD_NAMES))
    assert set(ODD_NAMES) <= set(written)


@pytest.mark.parametrize("kind", CLASS_FIGURES)
def test_long_names_keep_their_ends_and_leave_the_data_its_room(kind):
    figure = figure_of(kind, LONG_NAMES)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as of axes without room
        written = texts_of(figure)
    assert {"first first first f…st end one", "first first first f…st end two"} <= set(written)
    assert min(figure.axes[0].get_position().size) > 0.4


@pytest.mark.parametrize("kind", CLASS_FIGURES)
def test_a_hundred_classes_are_all_named_and_drawn(kind):
    names = [f"species {number:03}" for number in range(100)]
    figure = figure_of(kind, names)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert sorted(labels) == names
    if kind == "confusion matrix":
        assert len(figure.axes[0].texts) == 0
        assert np.size(figure.axes[0].collections[0].get_array()) == 100 * 100
        assert max(figure.get_size_inches()) <= 13
    else:
        assert len(figure.axes[0].patches) == 100 * (1 if kind == "recall bars" else 2)


def test_drawing_leaves_the_style_of_other_figures_alone():
    before = dict(mpl.rcParams)
    for figure in every_figure():
        inline_svg(figure, description="x")
    assert dict(mpl.rcParams) == before


def test_a_gallery_shows_every_picture_under_its_title():
    pictures = [colour_picture(10 * number) for number in range(7)]
    figure = picture_gallery(pictures, [f"$ {number}" for number in range(7)], columns=3)
    assert len(figure.axes) == 9  # three rows of three, the last two cells empty
    shown = [axes for axes in figure.axes if axes.images]
    assert [int(axes.images[0].get_array()[0, 0, 0]) for axes in shown] == [10 * number for number in range(7)]
    assert set(texts_of(figure)) == {f"$ {number}" for number in range(7)}
    assert len(picture_gallery([], []).axes[0].images) == 0


def test_galleries_of_mistakes_say_what_was_taken_for_what_and_show_the_heat():
    mistakes = [
        Mistake(colour_picture(1), "猫", "$dog$", 0.987, overlay=colour_picture(2)),
        Mistake(colour_picture(3), "a", "b", 0.5),
    ]
    titles = [axes.get_title(loc="left") for axes in mistake_gallery(mistakes).axes]
    assert titles == ["猫 → $dog$\nconfidence 99 %", "a → b\nconfidence 50 %"]
    long = Mistake(colour_picture(0), *LONG_NAMES, 0.5)
    assert mistake_gallery([long]).axes[0].get_title(loc="left").startswith("first fir… one → first fir… two\n")
    pair = grad_cam_gallery(mistakes).axes
    assert [axes.get_title(loc="left") for axes in pair] == ["猫 → $dog$\nconfidence 99 %", "heat map (Grad-CAM)"]
    assert [int(axes.images[0].get_array()[0, 0, 0]) for axes in pair] == [1, 2]


@pytest.mark.parametrize(("size", "expected"), [((8, 12), (12, 8)), ((600, 300), (128, 256)), ((1, 900), (256, 1))])
def test_a_picture_travels_as_text_and_is_scaled_down_only(size, expected):
    head, data = picture_uri(colour_picture(200, size=size) * 1.0 + [55, 100, -300]).split(",")
    assert head == "data:image/webp;base64"
    picture = Image.open(io.BytesIO(base64.b64decode(data)))
    assert picture.size == expected
    colour = np.asarray(picture.convert("RGB"), int)[0, 0]
    np.testing.assert_allclose(colour, [255, 255, 0], atol=12)  # outside 0-255 is cut, and WebP loses a little


def test_an_inline_figure_takes_its_colours_and_letters_from_the_page():
    for figure in every_figure():
        svg = inline_svg(figure, description='Says "so" & <more>')
        assert "var(--muted)" in svg
        assert "font-family: inherit" in svg
        assert "DejaVu" not in svg
        assert not re.findall(r"#[0-9a-f]{6}\b(?!-)", re.sub(r"url\(#[^)]*\)|href=\"#[^\"]*\"", "", svg))
        assert 'aria-label="Says &#34;so&#34; &amp; &lt;more&gt;"' in svg
        assert svg.startswith('<svg role="img"')


def test_an_inline_figure_refers_to_nothing_outside_itself():
    for figure in every_figure():
        svg = str(inline_svg(figure, description="x"))
        assert not re.search(r"https?:|<style|<script|<metadata|<!--|<\?xml", svg)
        ids = re.findall(r' id="([^"]+)"', svg)
        assert len(ids) == len(set(ids))
        assert set(re.findall(r'(?:href="|url\()#([^")]+)', svg)) == set(ids)


def test_two_figures_on_a_page_share_no_id_and_a_redrawn_one_is_the_same_text():
    first, again, other = (str(inline_svg(learning_curves(HISTORY), description=text)) for text in ("a", "a", "b"))
    assert first == again
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (first, other)]
    assert ids[0]
    assert not ids[0] & ids[1]
