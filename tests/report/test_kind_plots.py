"""Charts of boxes and of numbers, and the course of training whatever it follows."""

import numpy as np
import pandas as pd

from headstart.report import learning_curves, worst_examples
from headstart.report.plots import recorded_quantities
from headstart.tasks import answer_scatter, precision_recall_curves, residual_plot


def test_every_class_that_is_shown_has_its_curve(detection):
    curves = detection.report.tables["precision_recall"]
    absent = pd.DataFrame({"class": "$5", "recall": [0.0, 1.0], "precision": np.nan})
    figure = precision_recall_curves(pd.concat([curves, absent]))
    assert [axes.get_title(loc="left") for axes in figure.axes] == list(detection.report.class_names)
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), curves["precision"][:101])


def test_answers_are_drawn_over_truths_and_errors_over_answers(regression):
    answers = regression.report.tables["answers"].query("output == 'age in years'")
    (scatter,) = answer_scatter(answers).axes
    np.testing.assert_array_equal(scatter.lines[1].get_xydata(), answers[["true", "predicted"]])
    (residuals,) = residual_plot(answers, half_width=2.0).axes
    np.testing.assert_allclose(residuals.lines[1].get_ydata(), answers["predicted"] - answers["true"])
    assert len(residuals.patches) == 1
    assert not residual_plot(answers).axes[0].patches


def test_curves_follow_what_the_history_has_with_the_loss_last():
    history = pd.DataFrame(
        {"phase": ["frozen"] * 2, "epoch": [1, 2], "loss": [2.0, 1], "val_loss": [2.0, 1], "learning_rate": 0.1}
        | {"mean_absolute_error": [3.0, 2], "val_map50": [0.1, 0.2], "accuracy": np.nan, "seconds": 1.0}
    )
    assert recorded_quantities(history) == ["mean_absolute_error", "map50", "loss"]
    titles = [axes.get_title(loc="left") for axes in learning_curves(history).axes]
    assert titles == ["Mean absolute error", "mAP50", "Loss"]


def test_the_worst_pictures_come_first(detection, regression):
    table = detection.report.tables["pictures"]
    worst = worst_examples(detection.report, limit=5)
    assert table["score"][worst].is_monotonic_increasing
    assert table["score"][worst].max() <= table["score"].drop(worst).min()
    assert len(worst_examples(regression.report)) == 12
