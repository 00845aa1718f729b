"""What the page shows agrees with the report it shows."""

import base64
import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from headstart.metrics import Metric
from headstart.report import Report
from headstart.report import sections as page
from headstart.report.embedding import picture_uri
from headstart.tasks import evaluate_classification, evaluate_multi_label
from headstart.tasks.classification.report import NUM_MIXUPS, class_rows, confusion_rows, label_rows, mixups

NAMES = ("cat", "dog", "owl", "yak")
# True classes down, predicted classes across; no test picture shows a yak.
CONFUSION = np.array([[6, 3, 1, 0], [2, 2, 0, 1], [0, 4, 1, 0], [0, 0, 0, 0]])


@pytest.fixture(scope="module")
def report() -> Report:
    cells = np.repeat(np.arange(16), CONFUSION.ravel())
    targets, predicted = np.divmod(cells, 4)
    probabilities = 0.1 + 0.6 * np.eye(4)[predicted]
    return evaluate_classification(probabilities, targets, NAMES, baseline_targets=targets, num_resamples=50)


def card_of(name: str, value: float, *, low: float, high: float, baseline: float) -> page.MetricCard:
    metric = Metric(name, value, low, high, baseline, 100, higher_is_better=True)
    report = Report("single-label", {name: metric}, pd.DataFrame(), np.zeros((2, 2)), ("a", "b"), 100, pd.DataFrame())
    return page.metric_cards(report)[0]


def test_a_card_shows_a_metric_in_words_and_on_a_line_from_0_to_1():
    card = card_of("accuracy", 0.9, low=0.85, high=0.94, baseline=0.2)
    assert (card.title, card.meaning) == ("Accuracy", "Share of images whose class is predicted correctly.")
    assert (card.value, card.low, card.high, card.baseline) == ("90.0 %", "85.0 %", "94.0 %", "20.0 %")
    assert card.scale == page.Scale(value=90.0, low=85.0, high=94.0, baseline=20.0)


def test_the_line_of_a_loss_without_an_end_holds_all_its_numbers():
    scale = card_of("log_loss", 0.4, low=0.3, high=0.5, baseline=1.6).scale
    assert 0 < scale.low < scale.value < scale.high < scale.baseline < 100
    assert scale.value / scale.baseline == pytest.approx(0.4 / 1.6, abs=1e-3)


def test_what_is_undefined_has_no_place_on_the_line():
    card = card_of("roc_auc", np.nan, low=np.nan, high=np.nan, baseline=0.5)
    assert card.value == "–"
    assert card.scale == page.Scale(value=None, low=None, high=None, baseline=50.0)


def test_there_is_a_card_for_every_metric(report):
    cards = page.metric_cards(report)
    assert len({card.title for card in cards}) == len(cards) == len(report.metrics)
    for card in cards:
        assert all(0 <= place <= 100 for place in vars(card.scale).values())


def test_mixups_are_the_errors_the_commonest_first_with_their_share_of_the_true_class(report):
    found = [(pair["true"], pair["predicted"], pair["count"], pair["share"]) for pair in mixups(report)]
    assert found == [
        ("owl", "dog", 4, 80.0),
        ("cat", "dog", 3, 30.0),
        ("dog", "cat", 2, 40.0),
        ("cat", "owl", 1, 10.0),
        ("dog", "yak", 1, 20.0),
    ]


def test_no_more_mixups_are_shown_than_can_be_read(report):
    everything = replace(report, class_names=tuple("abcdefgh"), confusion=np.ones((8, 8), int))
    assert len(mixups(everything)) == NUM_MIXUPS
    assert mixups(replace(everything, confusion=np.eye(8, dtype=int))) == []


def test_the_confusion_table_has_the_counts_and_their_share_of_the_row(report):
    rows = confusion_rows(report)
    assert [row["name"] for row in rows] == list(NAMES)
    assert [[cell["count"] for cell in row["cells"]] for row in rows] == CONFUSION.tolist()
    assert [cell["share"] for cell in rows[0]["cells"]] == pytest.approx([60, 30, 10, 0])
    assert [cell["share"] for cell in rows[3]["cells"]] == [0, 0, 0, 0]
    depths = [cell["depth"] for cell in rows[0]["cells"]]
    assert 1 > depths[0] > depths[1] > depths[2] > 0.1 > depths[3] == 0


def test_the_table_of_classes_is_in_per_cent(report):
    rows = class_rows(report)
    assert [row["support"] for row in rows] == [10, 5, 5, 0]
    assert rows[0]["recall"] == pytest.approx(60)
    assert rows[0]["precision"] == pytest.approx(75)
    assert rows[0]["recall_low"] < 60 < rows[0]["recall_high"]
    assert rows[3]["recall"] is rows[3]["recall_low"] is None
    assert rows[3]["precision"] == 0.0  # a yak was seen once where there was none


def test_labels_are_found_missed_or_given_without_reason():
    said = np.array([[1, 0], [1, 0], [1, 1], [0, 0]])
    truth = np.array([[1, 1], [0, 1], [0, 1], [0, 1]])
    report = evaluate_multi_label(said, truth, ("sea", "sky"), baseline_targets=truth, num_resamples=2)
    assert label_rows(report) == [
        {"name": "sea", "found": 1, "missed": 0, "false_alarms": 2},
        {"name": "sky", "found": 1, "missed": 3, "false_alarms": 0},
    ]


def test_the_steps_tell_what_learned_in_the_order_in_which_it_did(single_label):
    loaded, froze, added, tuned = page.steps(single_label)
    assert [step.title for step in (loaded, froze, added, tuned)] == ["Loaded", "Froze", "Added", "Fine-tuned"]
    assert loaded.facts == single_label.facts["backbone"]
    assert added.facts == single_label.facts["head"]
    assert "2,565 were new" in froze.sentence
    assert froze.facts == {
        "epochs": "3 of at most 5",
        "kept epoch": "none (fine-tuning was better)",
        "learning rate": "0.001",
        "time": "1 min 1 s",
    }
    assert tuned.facts["kept epoch"] == str(single_label.history["epoch"].iloc[-1])
    assert froze.learning_share == pytest.approx(100 * 2_565 / 20_026_949, abs=0.01)
    assert tuned.sentence.startswith("The layers from block5 upwards")
    assert tuned.facts["epochs"] == "5"
    assert tuned.learning_share == pytest.approx(100 * 9_441_797 / 20_026_949, abs=0.01)


def test_a_probe_and_a_bank_stand_in_the_steps_that_they_belong_to(single_label):
    start = {"phase": "linear probe", "epoch": 1, "val_accuracy": 0.873}
    content = replace(
        single_label,
        facts={**single_label.facts, "bank": {"computed by": "keras"}},
        history=pd.concat([pd.DataFrame([start]), single_label.history]),
        phases=[{**single_label.phases[0], "epochs": 0}, *single_label.phases[1:]],
    )
    _, froze, added, tuned = page.steps(content)
    assert "computed once" in froze.sentence
    assert froze.facts == {"computed by": "keras"}
    assert "linear probe, whose accuracy on the validation part is 87.3 %" in added.sentence
    assert tuned == page.steps(single_label)[3]


def test_a_phase_of_no_epochs_is_no_step(single_label):
    *phases, tuned = single_label.phases
    titles = [step.title for step in page.steps(replace(single_label, phases=[*phases, {**tuned, "epochs": 0}]))]
    assert titles == ["Loaded", "Froze", "Added"]


def test_facts_of_no_step_get_a_table_of_their_own(single_label):
    content = replace(single_label, facts={**single_label.facts, "camera": {"make": "any"}})
    assert page.extra_facts(content) == {"camera": {"make": "any"}}


def test_pictures_are_counted_by_class_and_part_with_their_sums():
    table = page.class_count_table(pd.DataFrame({"train": [1200, 7], "test": [300, 0]}, index=["cat", "dog"]))
    assert table.columns == ("class", "train", "test", "all")
    assert table.numeric == (False, True, True, True)
    assert table.rows == (
        ("cat", "1,200", "300", "1,500"),
        ("dog", "7", "0", "7"),
        ("all classes", "1,207", "300", "1,507"),
    )


def test_one_part_alone_needs_no_sum_beside_it():
    table = page.class_count_table(pd.DataFrame({"test": [3, 4]}, index=["cat", "dog"]))
    assert table.columns == ("class", "test")
    assert table.rows[-1] == ("all classes", "7")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567, "1,234,567"),
        (12345.0, "12,345"),
        (12345.6, "12,346"),
        (0.123456, "0.1235"),
        (float("nan"), "–"),
        (None, "–"),
        (pd.NA, "–"),
        (True, "True"),
        (np.int64(4200), "4,200"),
        (np.float32(0.5), "0.5"),
        ("1234", "1234"),
    ],
)
def test_numbers_in_a_table_read_well(value, text):
    assert page.table_of(pd.DataFrame({"x": pd.Series([value], dtype=object)})).rows == ((text,),)


@pytest.mark.parametrize(("shape", "expected"), [((600, 300), (128, 256)), ((40, 80), (80, 40)), ((1, 1), (1, 1))])
def test_pictures_are_scaled_down_to_256_pixels_and_never_up(shape, expected):
    kind, _, data = picture_uri(np.full((*shape, 3), [200.0, 30.0, 300.0])).partition(",")
    assert kind == "data:image/webp;base64"
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    assert image.size == expected
    assert np.asarray(image.convert("RGB"))[0, 0].tolist() == pytest.approx([200, 30, 255], abs=12)


@pytest.mark.parametrize(
    ("restarts", "text"),
    [
        ({}, "0.001"),
        ({"num_restarts": 0, "last_learning_rate": 1e-3}, "0.001"),
        ({"num_restarts": 1, "last_learning_rate": 1e-3 / 3}, "0.001, lowered once to 0.00033 (validation loss rose)"),
        (
            {"num_restarts": 2, "last_learning_rate": 1e-3 / 9},
            "0.001, lowered 2 times to 0.00011 (validation loss rose)",
        ),
    ],
)
def test_a_lowered_rate_is_shown_with_its_reason(restarts, text):
    assert page._rate({"learning_rate": 1e-3, **restarts}) == text
