"""Tables of boxes in the layouts of the programs that write them."""

import numpy as np
import pytest
from PIL import Image

from headstart.data import audit_dataset, read_dataset
from headstart.data.annotations import boxes_from_text
from headstart.errors import AnnotationsError, DataFormatError, SplitError, TableColumnsError
from headstart.task_spec import DETECTION

WIDTH, HEIGHT = 80, 40
TFOD = "filename,width,height,class,xmin,ymin,xmax,ymax"


def write_image(path, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC).save(path)


@pytest.fixture
def root(tmp_path):
    for number in range(3):
        write_image(tmp_path / f"{number}.jpg", number)
    return tmp_path


def write(root, header, *rows, name="_annotations.csv"):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *rows, ""] if header else [*rows, ""]))
    return path


def boxes_of(dataset):
    return {
        path: [tuple(box[:5]) for box in boxes_from_text(target)]
        for path, target in zip(dataset.frame["path"], dataset.frame["target"], strict=True)
    }


EXPECTED = {"0.jpg": [("cat", 8, 4, 40, 20), ("dog", 0, 0, 80, 40)], "1.jpg": [("dog", 16, 10, 24, 20)]}
LAYOUTS = {
    "TensorFlow": (TFOD, "0.jpg,80,40,cat,8,4,40,20", "0.jpg,80,40,dog,0,0,80,40", "1.jpg,80,40,dog,16,10,24,20"),
    "RetinaNet without header": (None, "0.jpg,8,4,40,20,cat", "0.jpg,0,0,80,40,dog", "1.jpg,16,10,24,20,dog"),
    "RetinaNet": ("path,x1,y1,x2,y2,class_name", "0.jpg,8,4,40,20,cat", "0.jpg,0,0,80,40,dog", "1.jpg,16,10,24,20,dog"),
    "Open Images": (
        "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsGroupOf",
        "0,xclick,cat,1,0.1,0.5,0.1,0.5,0",
        "0,xclick,dog,1,0,1,0,1,0",
        "1,xclick,dog,1,0.2,0.3,0.25,0.5,0",
    ),
    "Kaggle": (
        "image_id,width,height,bbox,label",
        '0,80,40,"[8.0, 4.0, 32.0, 16.0]",cat',
        '0,80,40,"[0, 0, 80, 40]",dog',
        '1,80,40,"[16, 10, 8, 10]",dog',
    ),
    "corner and size": ("image,x,y,w,h,label", "0.jpg,8,4,32,16,cat", "0.jpg,0,0,80,40,dog", "1.jpg,16,10,8,10,dog"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("names_folder", [False, True])
@pytest.mark.parametrize("task", [None, DETECTION])
def test_every_layout_gives_the_same_boxes(root, layout, names_folder, task):
    path = write(root, *LAYOUTS[layout])
    dataset = read_dataset(root if names_folder else path, task=task)
    assert dataset.task == DETECTION
    assert dataset.class_names == ("cat", "dog")
    assert boxes_of(dataset) == EXPECTED
    assert ("unlisted", "2.jpg") in {(remark.kind, remark.path) for remark in dataset.remarks}
    assert len(audit_dataset(dataset).dataset) == 2


@pytest.mark.parametrize("row", ["2.jpg,80,40,,,,,", "2.jpg,,,cat,,,,", "2.jpg,80,40,nan,nan,nan,NaN,nan"])
def test_rows_without_corners_list_images_without_objects(root, row):
    dataset = read_dataset(write(root, *LAYOUTS["TensorFlow"], row))
    assert boxes_of(dataset) == {**EXPECTED, "2.jpg": []}
    assert "unlisted" not in {remark.kind for remark in dataset.remarks}


def test_parts_come_from_a_table_a_folder(tmp_path):
    for seed, part in enumerate(("train", "valid", "test")):
        write_image(tmp_path / part / "1.jpg", seed)
        write(tmp_path, TFOD, "1.jpg,80,40,cat,8,4,40,20", name=f"{part}/_annotations.csv")
    dataset = read_dataset(tmp_path)
    expected = {"train/1.jpg": "train", "valid/1.jpg": "validation", "test/1.jpg": "test"}
    assert dict(zip(dataset.frame["path"], dataset.frame["split"], strict=True)) == expected


def test_parts_come_from_the_names_of_tables_beside_folders_of_images(tmp_path):
    for seed, part in enumerate(("train", "test")):
        write_image(tmp_path / "images" / part / f"{part}.jpg", seed)
        write(tmp_path, TFOD, f"{part}.jpg,80,40,cat,8,4,40,20", name=f"data/{part}_labels.csv")
    dataset = read_dataset(tmp_path)
    expected = {"images/train/train.jpg": "train", "images/test/test.jpg": "test"}
    assert dict(zip(dataset.frame["path"], dataset.frame["split"], strict=True)) == expected


def test_parts_come_from_a_column(root):
    rows = ["0.jpg,train,cat,8,4,40,20", "1.jpg,test,cat,8,4,40,20", "2.jpg,train,cat,1,1,9,9"]
    dataset = read_dataset(write(root, "filename,set,class,xmin,ymin,xmax,ymax", *rows))
    assert dataset.frame["split"].tolist() == ["train", "test", "train"]
    with pytest.raises(SplitError, match="unknown parts"):
        read_dataset(write(root, "filename,split,class,xmin,ymin,xmax,ymax", "0.jpg,later,cat,8,4,40,20"))


def test_what_cannot_be_used_is_named(root):
    rows = ["0.jpg,80,40,cat,8,4,40,20", "gone.jpg,80,40,cat,8,4,40,20", "1.jpg,80,40,cat,a,4,40,20"]
    rows += ["2.jpg,80,40,,1,2,30,40"]
    dataset = read_dataset(write(root, TFOD, *rows))
    kinds = {(remark.kind, remark.path) for remark in dataset.remarks}
    assert kinds == {
        ("annotation_without_picture", "_annotations.csv"),
        ("broken_box", "1.jpg"),
        ("broken_box", "2.jpg"),
    }


def test_groups_of_objects_in_one_box_are_not_learned(root):
    rows = ["0,cat,0.1,0.5,0.1,0.5,0", "1,cat,0.1,0.5,0.1,0.5,1"]
    dataset = read_dataset(write(root, "ImageID,LabelName,XMin,XMax,YMin,YMax,IsGroupOf", *rows))
    assert [box.ignored for target in dataset.frame["target"] for box in boxes_from_text(target)] == ["", "crowd"]


def test_boxes_without_a_column_for_the_class_are_of_one_class_which_is_told(root):
    dataset = read_dataset(write(root, "filename,xmin,ymin,xmax,ymax", "0.jpg,8,4,40,20", "1.jpg,8,4,40,20"))
    assert dataset.class_names == ("object",)
    assert "one_class" in {remark.kind for remark in dataset.remarks}


def test_a_table_of_boxes_of_other_images_is_refused(root):
    with pytest.raises(AnnotationsError, match=r"gone.jpg"):
        read_dataset(write(root, TFOD, "gone.jpg,80,40,cat,8,4,40,20"))


def test_a_table_of_boxes_has_no_masks(root):
    path = write(root, *LAYOUTS["TensorFlow"])
    with pytest.raises(DataFormatError, match="box-table"):
        read_dataset(path, task="semantic-segmentation")


@pytest.mark.parametrize("column", ["path_column", "label_column", "split_column", "group_column"])
def test_columns_that_are_asked_for_are_used_or_missed(root, column):
    path = write(root, TFOD + ",animal", *(f"{row},x" for row in LAYOUTS["TensorFlow"][1:]))
    with pytest.raises(TableColumnsError, match="no column 'kind'"):
        read_dataset(path, **{column: "kind"})
    assert read_dataset(path, label_column="animal").class_names == ("x",)
    assert set(read_dataset(path, group_column="animal").frame["group"]) == {"x"}


@pytest.mark.parametrize("size", [(80, 40), (640, 480)])
@pytest.mark.parametrize("header", ["filename,class,xmin,ymin,xmax,ymax", "filename,class,x,y,width,height"])
def test_percent_of_the_sides_is_an_error_that_says_so(tmp_path, size, header):
    places = np.random.default_rng(0).uniform(0, 50, (12, 4)).round(2)
    corners = np.hstack([places[:, :2], places[:, :2] + places[:, 2:]])
    shown = places if header.endswith("height") else corners
    for number in range(4):
        Image.effect_noise(size, 50).convert("RGB").save(tmp_path / f"{number}.jpg")
    rows = [f"{at % 4}.jpg,cat,{','.join(f'{place:.2f}' for place in row)}" for at, row in enumerate(shown)]
    path = write(tmp_path, header, *rows)
    for named in (path, tmp_path):
        with pytest.raises(AnnotationsError, match=r"look like per cent.*Divide all coordinates by 100"):
            read_dataset(named)
    fractions = [f"{at % 4}.jpg,cat,{','.join(f'{place / 100:.4f}' for place in row)}" for at, row in enumerate(shown)]
    write(tmp_path, header, *fractions)
    boxes = np.concatenate(read_dataset(tmp_path).boxes())[:, :4]
    expected = corners / 100 * [*size, *size]
    assert np.allclose(sorted(boxes.tolist()), sorted(expected.tolist()), atol=0.1)


def test_small_images_and_boxes_in_a_corner_are_no_percent(tmp_path):
    for number in range(4):
        Image.effect_noise((100, 90), 50).convert("RGB").save(tmp_path / f"{number}.jpg")
    rows = [f"{at % 4}.jpg,cat,{at},{at},{at + 60},{at + 50}" for at in range(12)]
    write(tmp_path, "filename,class,xmin,ymin,xmax,ymax", *rows)
    assert sum(map(len, read_dataset(tmp_path).boxes())) == 12
    for number in range(4):
        Image.effect_noise((640, 480), 50).convert("RGB").save(tmp_path / f"{number}.jpg")
    write(tmp_path, "filename,class,xmin,ymin,xmax,ymax", *rows[:3])
    assert sum(map(len, read_dataset(tmp_path).boxes())) == 3
