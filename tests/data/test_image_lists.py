"""Lists of images beside data of any format state its parts; a list is used, or its loss is an error or a finding."""

import json

import numpy as np
import pytest
from PIL import Image

from headstart.data import audit_dataset, read_dataset, split_dataset
from headstart.errors import AnnotationsError, NoClassFoldersError, SplitError
from headstart.task_spec import SEGMENTATION

NUM_IMAGES = 6
TRAIN, VALIDATION, TEST = ("0", "1", "2", "3"), ("4",), ("5",)
PARTS = [*["train"] * 4, "validation", "test"]


def write_image(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((60, 40), Image.Resampling.BICUBIC).save(path)


def write_images(root, folder="images"):
    for number in range(NUM_IMAGES):
        write_image(root / folder / f"{number}.jpg", number)


def as_coco(root, file="annotations/instances.json", folder="images"):
    write_images(root, folder)
    numbers = range(NUM_IMAGES)
    marks = [
        {
            "id": it,
            "image_id": it,
            "category_id": 1 + it % 2,
            "bbox": [2, 2, 20, 10],
            "segmentation": [[2, 2, 22, 2, 22, 12]],
        }
        for it in numbers
    ]
    content = {
        "images": [{"id": it, "file_name": f"{it}.jpg", "width": 60, "height": 40} for it in numbers],
        "annotations": marks,
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    }
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text(json.dumps(content))


def as_flat_coco(root):
    as_coco(root, "result.json", "")


def as_voc(root, pages="", images=""):
    write_images(root, images)
    for number in range(NUM_IMAGES):
        box = "<bndbox><xmin>2</xmin><ymin>2</ymin><xmax>22</xmax><ymax>12</ymax></bndbox>"
        (root / pages / f"{number}.xml").parent.mkdir(parents=True, exist_ok=True)
        text = f"<annotation><object><name>cat</name>{box}</object></annotation>"
        (root / pages / f"{number}.xml").write_text(text)


def as_labelme(root):
    write_images(root)
    for number in range(NUM_IMAGES):
        shape = {"label": "cat", "points": [[2, 2], [22, 2], [22, 12]], "shape_type": "polygon", "flags": {}}
        content = {"version": "5.2.1", "flags": {}, "shapes": [shape], "imagePath": f"{number}.jpg", "imageData": None}
        (root / "images" / f"{number}.json").write_text(json.dumps(content | {"imageHeight": 40, "imageWidth": 60}))


def as_box_table(root):
    write_images(root)
    rows = [f"images/{number}.jpg,60,40,cat,2,2,22,12" for number in range(NUM_IMAGES)]
    (root / "boxes.csv").write_text("\n".join(["filename,width,height,class,xmin,ymin,xmax,ymax", *rows, ""]))


def as_table(root):
    write_images(root)
    rows = [f"images/{number}.jpg,{'cat' if number % 2 else 'dog'}" for number in range(NUM_IMAGES)]
    (root / "labels.csv").write_text("\n".join(["path,label", *rows, ""]))


def as_folders(root):
    for number in range(NUM_IMAGES):
        write_image(root / ("cat" if number % 2 else "dog") / f"{number}.jpg", number)


def as_yolo(root):
    write_images(root)
    for number in range(NUM_IMAGES):
        (root / "labels").mkdir(exist_ok=True)
        (root / "labels" / f"{number}.txt").write_text("0 0.5 0.5 0.2 0.2\n")


def as_masks(root):
    write_images(root)
    (root / "masks").mkdir()
    for number in range(NUM_IMAGES):
        Image.fromarray(np.uint8([[0, 1]] * 2)).resize((60, 40), Image.Resampling.NEAREST).save(
            root / "masks" / f"{number}.png"
        )


FORMATS = {
    it.__name__: it
    for it in (
        *(as_coco, as_flat_coco, as_voc, as_labelme, as_box_table),
        *(as_table, as_folders, as_yolo, as_masks),
    )
}


def write_lists(root, folder="", suffix=".txt", ending="", names=("train", "val", "test")):
    (root / folder).mkdir(parents=True, exist_ok=True)
    for name, numbers in zip(names, (TRAIN, VALIDATION, TEST), strict=True):
        (root / folder / f"{name}{suffix}").write_text("".join(f"{number}{ending}\n" for number in numbers))


def parts(dataset):
    frame = dataset.frame[dataset.frame["path"].str.endswith(".jpg")]
    return [part for _, part in sorted((path.split("/")[-1], part) for path, part in frame[["path", "split"]].values)]


def kinds(dataset):
    return {remark.kind for remark in dataset.remarks}


@pytest.fixture(params=FORMATS.values(), ids=FORMATS)
def data(tmp_path, request):
    request.param(tmp_path)
    return tmp_path


@pytest.mark.parametrize("ending", ["", ".jpg"])
@pytest.mark.parametrize("folder", ["", "splits"])
def test_lists_state_the_parts_of_every_format(data, folder, ending):
    write_lists(data, folder, ending=ending)
    dataset = read_dataset(data)
    assert parts(dataset) == PARTS
    assert not kinds(dataset) & {"unlisted", "listed_without_image", "lone_part"}


@pytest.mark.parametrize("folder", ["lists", "ImageSets", "meta", "a/b"])
def test_lists_lie_in_any_folder(tmp_path, folder):
    as_coco(tmp_path)
    write_lists(tmp_path, folder)
    assert parts(read_dataset(tmp_path)) == PARTS


def test_lists_of_xml_files_in_one_folder_lie_in_it(tmp_path):
    as_voc(tmp_path, "data", "data")
    write_lists(tmp_path / "data")
    assert parts(read_dataset(tmp_path / "data")) == PARTS


def test_lists_of_areas_state_their_parts(tmp_path):
    as_coco(tmp_path)
    write_lists(tmp_path, "ImageSets/Segmentation")
    (tmp_path / "ImageSets" / "Main").mkdir()
    (tmp_path / "ImageSets" / "Main" / "train.txt").write_text("0\n")
    assert parts(read_dataset(tmp_path, task=SEGMENTATION)) == PARTS


@pytest.mark.parametrize("names", [("train_list", "val_list", "test_list"), ("my-train", "my-valid", "my-test")])
def test_names_that_mention_a_part_are_enough_where_the_lines_are_images(tmp_path, names):
    as_coco(tmp_path)
    write_lists(tmp_path, names=names)
    assert parts(read_dataset(tmp_path)) == PARTS


@pytest.mark.parametrize(
    "line",
    [
        "images/{}.jpg",
        "./images/{}.jpg",
        "/home/me/data/images/{}.jpg",
        r"C:\data\images\{}.jpg",
        "{}.jpg 1",
        "images/{}.jpg,cat",
        '"{}.jpg"',
        "{} 1 1 1",
        "labels/{}.txt",
    ],
)
def test_a_line_names_an_image_in_any_usual_way(tmp_path, line):
    as_coco(tmp_path)
    for name, numbers in (("train", TRAIN), ("val", VALIDATION), ("test", TEST)):
        (tmp_path / f"{name}.txt").write_text("\n".join(line.replace("{}", number) for number in numbers))
    assert parts(read_dataset(tmp_path)) == PARTS


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_are_understood(tmp_path, encoding):
    as_coco(tmp_path)
    write_lists(tmp_path)
    for file in tmp_path.glob("*.txt"):
        file.write_text(file.read_text(), encoding=encoding)
    assert parts(read_dataset(tmp_path)) == PARTS


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("splits.json", json.dumps({"train": TRAIN, "val": VALIDATION, "test": TEST})),
        ("split_1.json", json.dumps({name: [[f"{it}.jpg", 0] for it in numbers] for name, numbers in
                                     (("train", TRAIN), ("val", VALIDATION), ("test", TEST))})),
        ("split.csv", "image,part\n" + "".join(f"{it}.jpg,{part}\n" for it, part in enumerate(PARTS))),
        ("partition.txt", "".join(f"images/{it}.jpg {part}\n" for it, part in enumerate(PARTS))),
        ("train_val_test_split.tsv", "".join(f"{part}\t{it}\n" for it, part in enumerate(PARTS))),
    ],
)  # fmt: skip
def test_one_file_may_state_all_parts(tmp_path, file, text):
    as_coco(tmp_path)
    (tmp_path / file).write_text(text)
    assert parts(read_dataset(tmp_path)) == PARTS


def test_lists_by_class_in_json_files_are_read(tmp_path):
    as_folders(tmp_path)
    (tmp_path / "meta").mkdir()
    by_class = {
        "train": {"cat": ["cat/1", "cat/3"], "dog": ["dog/0", "dog/2"]},
        "test": {"cat": ["cat/5"], "dog": ["dog/4"]},
    }
    for name, lists in by_class.items():
        (tmp_path / "meta" / f"{name}.json").write_text(json.dumps(lists))
    assert parts(read_dataset(tmp_path)) == [*["train"] * 4, "test", "test"]


def test_class_folders_inside_of_one_folder_beside_lists_are_read_with_their_parts(tmp_path):
    as_folders(tmp_path / "images")
    with pytest.raises(NoClassFoldersError, match="inner folder"):
        read_dataset(tmp_path)
    (tmp_path / "train_test_split.txt").write_text("1 0\n2 1\n")
    assert "list_not_read" in kinds(read_dataset(tmp_path))
    (tmp_path / "train_test_split.txt").unlink()
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta" / "classes.txt").write_text("cat\ndog\n")
    (tmp_path / "meta" / "train.txt").write_text("cat/1\ncat/3\ndog/0\ndog/2\n")
    (tmp_path / "meta" / "test.txt").write_text("cat/5\ndog/4\n")
    dataset = read_dataset(tmp_path)
    assert dataset.class_names == ("cat", "dog")
    assert parts(dataset) == [*["train"] * 4, "test", "test"]


def test_train_and_validation_in_one_list_are_for_training_unless_they_are_listed_alone(tmp_path):
    as_coco(tmp_path)
    (tmp_path / "trainval.txt").write_text("0\n1\n2\n3\n4\n")
    (tmp_path / "test.txt").write_text("5\n")
    assert parts(read_dataset(tmp_path)) == [*["train"] * 5, "test"]
    (tmp_path / "val.txt").write_text("4\n")
    assert parts(read_dataset(tmp_path)) == PARTS


def test_images_of_no_list_are_left_out_with_a_finding(tmp_path):
    as_coco(tmp_path)
    write_lists(tmp_path)
    (tmp_path / "train.txt").write_text("0\n1\n")
    dataset = read_dataset(tmp_path)
    assert parts(dataset) == ["train", "train", "validation", "test"]
    assert {remark.path for remark in dataset.remarks if remark.kind == "unlisted"} == {"images/2.jpg", "images/3.jpg"}


def test_where_only_a_test_part_is_listed_the_rest_is_for_training(tmp_path):
    as_coco(tmp_path)
    (tmp_path / "test.txt").write_text("5\n")
    assert parts(read_dataset(tmp_path)) == [*["train"] * 5, "test"]


def test_lines_without_an_image_are_a_finding_and_lists_without_any_are_an_error(data):
    write_lists(data)
    (data / "val.txt").write_text("4.jpg\n77.jpg\n")
    if not (data / "labels").exists():  # a list of YOLO with an image that does not exist is an error
        assert kinds(read_dataset(data)) & {"listed_without_image", "listed_without_mask"}
    (data / "val.txt").write_text("77.jpg\n78.jpg\n")
    with pytest.raises(SplitError, match=r"val\.txt"):
        read_dataset(data)


@pytest.mark.parametrize("twice", ["val", "test"])
def test_two_lists_with_one_image_are_an_error(tmp_path, twice):
    as_coco(tmp_path)
    write_lists(tmp_path)
    (tmp_path / f"{twice}.txt").write_text("0\n")
    with pytest.raises(SplitError, match=rf"(?s)images/0\.jpg.*{twice}\.txt|{twice}.*train\.txt"):
        read_dataset(tmp_path)


def test_folds_are_an_error_until_one_is_chosen(tmp_path):
    as_coco(tmp_path)
    for fold, test in (("fold1", "0"), ("fold2", "5")):
        (tmp_path / fold).mkdir()
        (tmp_path / fold / "test.txt").write_text(f"{test}\n")
        (tmp_path / fold / "train.txt").write_text("".join(f"{it}\n" for it in range(6) if str(it) != test))
    with pytest.raises(
        SplitError, match=r"(?s)fold\d/test\.txt.*fold\d/train\.txt|fold\d/train\.txt.*fold\d/test\.txt"
    ):
        read_dataset(tmp_path)


def test_lists_that_contradict_folders_are_an_error_and_those_that_agree_are_not(tmp_path):
    for number in range(NUM_IMAGES):
        write_image(tmp_path / PARTS[number] / ("cat" if number % 2 else "dog") / f"{number}.jpg", number)
    write_lists(tmp_path)
    assert parts(read_dataset(tmp_path)) == PARTS
    (tmp_path / "train.txt").write_text("0\n1\n2\n3\n5\n")
    (tmp_path / "test.txt").unlink()
    with pytest.raises(SplitError, match=r"test/cat/5\.jpg.*for test by its folder.*for train in 'train\.txt'"):
        read_dataset(tmp_path)


def test_a_name_that_several_images_have_is_an_error(tmp_path):
    for number, folder in enumerate(("cat", "dog")):
        for name in ("1", "2", "3"):
            write_image(tmp_path / folder / f"{name}.jpg", int(name) + 10 * number)
    (tmp_path / "test.txt").write_text("1\n")
    with pytest.raises(SplitError, match=r"'1' in 'test\.txt' fits 2 images"):
        read_dataset(tmp_path)
    (tmp_path / "test.txt").write_text("cat/1\n")
    dataset = read_dataset(tmp_path)
    assert dataset.frame.loc[dataset.frame["split"] == "test", "path"].tolist() == ["cat/1.jpg"]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("test.txt", "This data was made for a test.\nIt has 6 images.\n"),
        ("train_log.txt", "epoch 1 loss 0.3\nepoch 2 loss 0.2\n"),
        ("test.txt", "0 0.5 0.5 0.2 0.2\n"),
        ("splits.json", json.dumps({"note": "random"})),
        ("split.md", "train"),
        ("val.txt", ""),
    ],
)
def test_files_that_are_no_lists_state_nothing(tmp_path, file, text):
    as_coco(tmp_path)
    (tmp_path / file).write_text(text)
    assert parts(read_dataset(tmp_path)) == [""] * NUM_IMAGES


def test_numbers_of_images_and_a_flag_for_training_are_understood(tmp_path):
    as_folders(tmp_path / "images")
    names = sorted(path.relative_to(tmp_path / "images").as_posix() for path in tmp_path.glob("images/*/*.jpg"))
    (tmp_path / "images.txt").write_text("".join(f"{number} {name}\n" for number, name in enumerate(names, 1)))
    (tmp_path / "train_test_split.txt").write_text("".join(f"{number} {int(number < 5)}\n" for number in range(1, 7)))
    dataset = read_dataset(tmp_path)
    assert dataset.class_names == ("cat", "dog")
    tested = dataset.frame.loc[dataset.frame["split"] == "test", "path"]
    assert tested.tolist() == [f"images/{name}" for name in names[4:]]
    assert "list_not_read" not in kinds(dataset)


@pytest.mark.parametrize("write", [as_coco, as_folders, as_table, as_yolo, as_masks])
def test_a_file_of_parts_that_is_not_understood_is_named(tmp_path, write):
    write(tmp_path)
    (tmp_path / "train_test_split.txt").write_text("1 0\n2 1\n3 1\n")
    dataset = read_dataset(tmp_path)
    assert [remark.path for remark in dataset.remarks if remark.kind == "list_not_read"] == ["train_test_split.txt"]
    assert set(parts(dataset)) == {""}


def test_a_caption_beside_an_image_named_like_a_part_is_no_list(tmp_path):
    as_folders(tmp_path)
    write_image(tmp_path / "cat" / "test.jpg", 50)
    (tmp_path / "cat" / "test.txt").write_text("1\n")
    assert set(read_dataset(tmp_path).frame["split"]) == {""}


def test_a_list_that_cannot_be_read_is_an_error(tmp_path):
    as_coco(tmp_path)
    (tmp_path / "train.txt").write_bytes(b"\xe9t\xe9.jpg\n")
    with pytest.raises(AnnotationsError, match=r"train\.txt"):
        read_dataset(tmp_path)


def test_a_named_coco_file_has_the_lists_beside_it(tmp_path):
    as_coco(tmp_path)
    write_lists(tmp_path)
    assert parts(read_dataset(tmp_path / "annotations" / "instances.json")) == PARTS


def test_listed_parts_stay_what_they_are_through_audit_and_split(tmp_path):
    as_flat_coco(tmp_path)
    write_lists(tmp_path)
    assert parts(split_dataset(audit_dataset(read_dataset(tmp_path)).dataset)) == PARTS
