"""What the values of masks mean: with a file of names, by colours, by transparency, or by nothing but the masks."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from headstart.data import OTHER_VALUES, audit_dataset, read_dataset, read_mask
from headstart.errors import AnnotationsError, RecipeError
from headstart.task_spec import SEGMENTATION

SIZE = (40, 32)
RED, GREEN, BLACK, GREY = (255, 0, 0), (0, 255, 0), (0, 0, 0), (128, 128, 128)


def photo(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize(SIZE, Image.Resampling.BICUBIC).save(path)


def striped(*values, dtype=np.uint8) -> np.ndarray:
    """Rows of each value, from the top to the bottom; values may be colours."""
    rows = np.array(values, dtype)[np.arange(SIZE[1]) * len(values) // SIZE[1]]
    return np.ascontiguousarray(np.broadcast_to(rows[:, None], (SIZE[1], SIZE[0], *rows.shape[1:])))


def masked(root: Path, *masks, suffix=".png", **names: str) -> Path:
    """One image a mask; `names` are further files, with "_" for "."."""
    for number, mask in enumerate(masks):
        photo(root / "images" / f"{number}.png", number)
        (root / "masks").mkdir(exist_ok=True)
        image = mask if isinstance(mask, Image.Image) else Image.fromarray(mask)
        image.save(root / "masks" / f"{number}{suffix}")
    for name, content in names.items():
        stem, _, ending = name.rpartition("_")
        (root / f"{stem}.{ending}").write_text(content)
    return root


def said(dataset) -> dict[str, str]:
    return {it.kind: it.detail for it in dataset.remarks}


COLOUR_TABLES = {
    "labelmap_txt": "# label:color_rgb:parts:actions\nsky:0,0,0::\ntree:255,0,0::\ncar:0,255,0::\n",
    "class_dict_csv": "name,r,g,b\nsky,0,0,0\ntree,255,0,0\ncar,0,255,0\n",
    "label_colors_txt": "0 0 0\tsky\n255 0 0\ttree\n0 255 0\tcar\n",
    "classes_json": json.dumps({"sky": [0, 0, 0], "tree": [255, 0, 0], "car": "#00ff00"}),
    "meta_json": json.dumps({"classes": [{"title": n, "color": c, "id": 10**8} for n, c in
                                         (("sky", "#000000"), ("tree", "#FF0000"), ("car", "#00FF00"))]}),
    "palette_json": json.dumps({"classes": ["sky", "tree", "car"], "colors": [BLACK, RED, GREEN]}),
}  # fmt: skip


@pytest.mark.parametrize("table", COLOUR_TABLES)
@pytest.mark.parametrize("form", ["RGB", "P", "RGBA"])
def test_colours_are_named_by_every_usual_table(tmp_path, table, form):
    image = Image.fromarray(striped(BLACK, RED, GREEN))
    image = image.quantize(8, dither=Image.Dither.NONE) if form == "P" else image.convert(form)
    dataset = audit_dataset(read_dataset(masked(tmp_path, image, image, **{table: COLOUR_TABLES[table]}))).dataset
    assert set(dataset.class_names) == {"sky", "tree", "car"}
    shown = read_mask(dataset, 0)
    assert [dataset.class_names[number] for number in (shown[0, 0], shown[16, 0], shown[-1, 0])] == [
        "sky", "tree", "car",
    ]  # fmt: skip


def test_a_grey_class_among_colours_is_a_colour(tmp_path):
    masks = striped(BLACK, RED), Image.fromarray(striped(128)), striped(GREY, RED)
    dataset = read_dataset(masked(tmp_path, *masks, labelmap_txt="no:0,0,0::\ncar:255,0,0::\nroad:128,128,128::\n"))
    assert audit_dataset(dataset).dataset.labels() == [("no", "car"), ("road",), ("car", "road")]


def test_few_colours_without_a_table_are_called_by_their_colours(tmp_path):
    dataset = read_dataset(masked(tmp_path, striped(BLACK, RED, GREEN), striped(BLACK, BLACK)))
    assert dataset.class_names == ("#000000", "#00ff00", "#ff0000")
    assert "labelmap.txt" in said(dataset)["colours_unnamed"]
    ignoring = read_dataset(tmp_path, ignore_value="#000000")
    assert ignoring.class_names == ("#00ff00", "#ff0000")
    assert audit_dataset(ignoring).dataset.labels() == [("#00ff00", "#ff0000"), ()]


def test_one_colour_on_black_is_an_object(tmp_path):
    dataset = read_dataset(masked(tmp_path, striped(BLACK, RED), striped(RED, BLACK)))
    assert dataset.class_names == ("background", "object")
    assert read_mask(dataset, 1)[0, 0] == 1


def test_many_colours_are_refused_with_what_to_do(tmp_path):
    rainbow = np.random.default_rng(0).integers(0, 256, (8, 3), np.uint8)
    masks = [striped(*rainbow[number:], RED, (number, 7, 9)) for number in range(8)]
    with pytest.raises(AnnotationsError, match=r"different colours.*labelmap.txt"):
        read_dataset(masked(tmp_path, *masks, *(striped(*(np.arange(12) * 20 + 3)[:, None] % (250, 90, 70)),)))


def test_colours_that_the_table_lacks_are_refused_or_named(tmp_path):
    table = "sky:0,0,0::\ncar:255,0,0::\n"
    masked(tmp_path / "some", striped(BLACK, RED, BLACK, GREEN), striped(BLACK, RED), labelmap_txt=table)
    audit = audit_dataset(read_dataset(tmp_path / "some"))
    found = audit.findings.set_index("kind")["detail"]
    assert "#00ff00 at 320 pixels" in found["unknown_mask_value"]
    masked(tmp_path / "all", striped(GREEN, (9, 9, 0)), striped(GREEN, RED), labelmap_txt=table)
    with pytest.raises(AnnotationsError, match=r"not in 'labelmap.txt'.*#ff0000 car.*#00ff00"):
        read_dataset(tmp_path / "all")


def test_transparent_is_background_and_the_rest_an_object_or_colours(tmp_path):
    one = masked(
        tmp_path / "one", striped((255, 255, 255, 0), (255, 255, 255, 255)), striped((9, 9, 9, 90), (1, 1, 1, 0))
    )
    dataset = read_dataset(one)
    assert dataset.class_names[0] == "background"
    assert [np.unique(read_mask(dataset, row)).size for row in (0, 1)] == [2, 2]
    assert read_mask(dataset, 1)[-1, 0] == 0
    two = masked(tmp_path / "two", striped((0, 0, 0, 0), (*RED, 255), (*GREEN, 255)))
    assert set(read_dataset(two).class_names) == {"background", "#ff0000", "#00ff00"}
    named = masked(tmp_path / "named", striped((0, 0, 0, 0), (*RED, 255)), labelmap_txt="bg:0,0,0::\ncar:255,0,0::\n")
    assert audit_dataset(read_dataset(named)).dataset.labels() == [("bg", "car")]
    opaque = masked(tmp_path / "opaque", striped((0, 0, 0, 255), (2, 2, 2, 255), (1, 1, 1, 255)))
    assert read_dataset(opaque).class_names == ("background", "1", "2")


def blurred(*corners: int) -> Image.Image:
    """A white ellipse on black, drawn large and made smaller with antialiasing."""
    large = Image.new("L", (SIZE[0] * 8, SIZE[1] * 8))
    ImageDraw.Draw(large).ellipse(corners, fill=255)
    return large.resize(SIZE, Image.Resampling.BICUBIC)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_black_and_white_with_blurred_edges_are_two_classes(tmp_path, suffix):
    dataset = read_dataset(
        masked(tmp_path, blurred(20, 30, 180, 200), blurred(90, 20, 300, 150), striped(0), suffix=suffix)
    )
    kind = "jpeg_masks" if suffix == ".jpg" else "smoothed_masks"
    assert "below 128 was read as background" in said(dataset)[kind]
    assert audit_dataset(dataset).dataset.labels() == [("background", "object")] * 2 + [("background",)]
    (tmp_path / "classes.txt").write_text("ground\nhouse\n")
    assert read_dataset(tmp_path).class_names == ("ground", "house")


@pytest.mark.parametrize("mask", [striped(0, 127, 255), striped(0, 1, 2), striped(BLACK, RED, GREEN)])
def test_jpeg_masks_of_more_classes_are_refused(tmp_path, mask):
    with pytest.raises(AnnotationsError, match=r"JPEG files, whose compression has changed.*again as PNG"):
        read_dataset(masked(tmp_path, mask, mask, suffix=".jpg"), format="masks")


@pytest.mark.parametrize(
    ("values", "classes", "kind"),
    [
        ((0, 127, 255), ("background", "127", "255"), "value_255"),
        ((0, 128, 255), ("background", "128", "255"), "value_255"),
        ((0, 85, 170, 255), ("background", "85", "170", "255"), "value_255"),
        ((0, 1, 2, 255), ("background", "1", "2"), "much_ignored"),
        ((0, 1) * 8 + (255,), ("background", "1"), "ignored_value"),
        ((0, 10, 20), ("background", "10", "20"), None),
        ((1, 2, 4), ("1", "2", "4"), None),
        ((0, 255), ("background", "object"), None),
    ],
)
def test_no_class_is_lost_in_silence(tmp_path, values, classes, kind):
    dataset = read_dataset(masked(tmp_path, striped(*values), striped(*values[::-1])))
    assert dataset.class_names == classes
    assert list(said(dataset)) == [kind] * (kind is not None)
    assert audit_dataset(dataset).dataset.class_names == classes


def test_255_is_a_class_where_nothing_is_to_be_ignored(tmp_path):
    masked(tmp_path, striped(0, 1, 255), striped(0, 1, 255))
    for asked, names in (
        ("none", ("background", "1", "255")),
        (255, ("background", "1")),
        ("1", ("background", "255")),
    ):
        assert read_dataset(tmp_path, ignore_value=asked).class_names == names
    for wrong in ("all", -1, "70000", "#12"):
        with pytest.raises(RecipeError, match="should be a number from 0 to 65535"):
            read_dataset(tmp_path, ignore_value=wrong)


def test_a_value_to_ignore_has_the_form_of_the_masks(tmp_path):
    masked(tmp_path / "numbers", striped(0, 1, 2), striped(0, 1, 2))
    masked(tmp_path / "colours", striped(BLACK, RED, GREEN), striped(BLACK, RED, GREEN))
    for folder, asked, message in (("numbers", "#00ff00", "contain numbers"), ("colours", 255, "contain colours")):
        with pytest.raises(AnnotationsError, match=message):
            read_dataset(tmp_path / folder, ignore_value=asked)


NAME_FILES = {
    "classes_txt": "sky\ntree\ncar\n",
    "labels_txt": "0: sky\n1: tree\n2: car",
    "class_names_txt": "0 sky\n1 tree\n2 car\n",
    "_classes_csv": "Pixel Value, Class\n0, sky\n1, tree\n2, car\n",
    "id2label_json": '{"0": "sky", "1": "tree", "2": "car"}',
    "dataset_json": '{"labels": {"sky": 0, "tree": 1, "car": 2}, "numTraining": 2, "file_ending": ".png"}',
    "label2id_json": '{"sky": 0, "tree": 1, "car": 2}',
    "classes_json": '[{"id": 0, "name": "sky"}, {"id": 1, "name": "tree"}, {"id": 2, "name": "car"}]',
    "class_dict_csv": "name,r,g,b\nsky,0,0,0\ntree,255,0,0\ncar,0,255,0\n",
}


@pytest.mark.parametrize("file", NAME_FILES)
def test_numbers_are_named_by_every_usual_file(tmp_path, file):
    dataset = read_dataset(masked(tmp_path, striped(0, 1, 2), striped(2, 0), **{file: NAME_FILES[file]}))
    assert audit_dataset(dataset).dataset.labels() == [("sky", "tree", "car"), ("sky", "car")]
    assert not dataset.remarks


@pytest.mark.parametrize("values", [(1, 2, 3), (0, 127, 255), (10, 20, 30)])
def test_names_go_by_their_order_where_the_masks_hold_as_many_values(tmp_path, values):
    dataset = read_dataset(masked(tmp_path, striped(*values), striped(*values), classes_txt="sky\ntree\ncar\n"))
    assert [name for name in dataset.mask_values.values() if name] == ["sky", "tree", "car"]
    assert f"{values[0]} 'sky'" in said(dataset)["names_by_order"]


def test_two_names_are_those_of_black_and_white(tmp_path):
    masked(tmp_path, striped(0, 255), striped(255, 0), classes_txt="ground\nhouse\n")
    assert read_dataset(tmp_path).class_names == ("ground", "house")
    (tmp_path / "classes.txt").write_text("house\n")
    assert read_dataset(tmp_path).class_names == ("background", "house")


def test_one_name_too_few_is_asked_for(tmp_path):
    masked(tmp_path, striped(0, 1, 2), striped(0, 1, 2), classes_txt="tree\ncar\n")
    with pytest.raises(AnnotationsError, match=r"2 names.*3 values 0 to 2.*first line 'background'"):
        read_dataset(tmp_path)


def test_a_file_of_names_that_cannot_be_understood_is_a_finding(tmp_path):
    dataset = read_dataset(masked(tmp_path, striped(0, 1, 2), classes_json="[1, 2]"))
    assert list(said(dataset)) == ["names_not_read"]


def test_what_numbers_objects_is_told_from_classes(tmp_path):
    counted = [striped(*range(number + 1)) for number in (3, 9, 12, 5)]
    dataset = read_dataset(masked(tmp_path / "bytes", *counted))
    assert dataset.mask_values == {0: "background", OTHER_VALUES: "object"}
    assert "at most 12" in said(dataset)["numbered_objects"]
    wide = [striped(0, 1, 2, dtype=np.uint16), striped(0, 2, 1, dtype=np.uint16)]
    dataset = read_dataset(masked(tmp_path / "wide", *wide))
    assert dataset.class_names == ("background", "1", "2")
    assert list(said(dataset)) == ["few_numbers"]
    many = [striped(*range(number), dtype=np.uint16) for number in (9, 20, 14)]
    dataset = read_dataset(masked(tmp_path / "many", *many))
    assert dataset.class_names == ("background", "object")


def test_shades_are_no_classes(tmp_path):
    shades = [np.random.default_rng(seed).integers(0, 256, (32, 40), np.uint8) for seed in (0, 1)]
    with pytest.raises(AnnotationsError, match="look like shades"):
        read_dataset(masked(tmp_path, *shades), format="masks")


def test_fractions_and_whole_numbers_of_float_masks(tmp_path):
    whole = [Image.fromarray(striped(0, 1, 2).astype(np.float32))] * 2
    assert read_dataset(masked(tmp_path / "whole", *whole, suffix=".tif")).class_names == ("background", "1", "2")
    fractions = [Image.fromarray(striped(0, 1).astype(np.float32) / 2)] * 2
    with pytest.raises(AnnotationsError, match="fractions"):
        read_dataset(masked(tmp_path / "fractions", *fractions, suffix=".tif"))


def test_masks_of_another_size_are_one_error_with_their_factor(tmp_path):
    halves = [Image.fromarray(striped(0, 1)).resize((20, 16), Image.Resampling.NEAREST)] * 3
    with pytest.raises(AnnotationsError, match=r"None of the 3 masks.*1/2 of it.*20 x 16.*40 x 32.*nearest"):
        read_dataset(masked(tmp_path / "halves", *halves))
    turned = [Image.fromarray(striped(0, 1)).transpose(Image.Transpose.ROTATE_90)] * 2
    with pytest.raises(AnnotationsError, match="EXIF"):
        read_dataset(masked(tmp_path / "turned", *turned))


def test_a_data_set_that_was_written_reads_its_colours_again(tmp_path):
    dataset = read_dataset(masked(tmp_path / "data", striped(BLACK, RED, GREEN), striped(BLACK, RED, GREEN)))
    audited = audit_dataset(dataset).dataset
    audited.write(tmp_path / "dataset.csv")
    again = type(audited).read(tmp_path / "dataset.csv")
    assert again.task == SEGMENTATION
    assert (read_mask(again, 0) == read_mask(audited, 0)).all()
    assert np.unique(read_mask(again, 0)).tolist() == [0, 1, 2]
