"""YOLO data sets in the layouts that tools write: found as boxes, with the parts that they state."""

from pathlib import Path

import pytest
from PIL import Image

from headstart.data import Dataset, read_dataset
from headstart.data.yolo import looks_like_yolo
from headstart.errors import AnnotationsError, DataFormatError, SplitError
from headstart.task_spec import DETECTION

BOX = "0 0.5 0.5 0.5 0.5\n"
NAMES = "names: [cat, dog]\n"


def draw(root: Path, **files: str) -> Path:
    """Files of a data set: `{path}` with dots for the suffix; an image for a name that ends in .jpg, or text."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        if path.lower().endswith((".jpg", ".png")):
            Image.new("RGB", (24, 16), (len(path), 99, 7)).save(root / path)
        else:
            (root / path).write_text(text)
    return root


def pairs(images: str, labels: str, *stems: str, text: str = BOX) -> dict[str, str]:
    """An image and a label file for every stem."""
    return {f"{images}/{stem}.jpg": "" for stem in stems} | {f"{labels}/{stem}.txt": text for stem in stems}


def parts(dataset: Dataset) -> dict[str, str]:
    assert dataset.task == DETECTION
    assert all(len(boxes) == 1 for boxes in dataset.boxes())
    return {Path(path).stem: part for path, part in dataset.frame[["path", "split"]].itertuples(index=False)}


def kinds(dataset: Dataset) -> list[str]:
    return sorted(remark.kind for remark in dataset.remarks if remark.kind != "class_without_pictures")


TRAIN_VAL = {"a": "train", "b": "validation"}
ROBOFLOW = {**pairs("train/images", "train/labels", "a"), **pairs("valid/images", "valid/labels", "b")}
ULTRALYTICS = {**pairs("images/train", "labels/train", "a"), **pairs("images/val", "labels/val", "b")}
LISTED = {**pairs("images", "labels", "a", "b")}
SITES = {**pairs("north/images", "north/labels", "a"), **pairs("south/images", "south/labels", "b")}

LAYOUTS = {
    "Ultralytics": ULTRALYTICS
    | {"data.yaml": "path: ../datasets/pets\ntrain: images/train\nval: images/val\n" + NAMES},
    "a yaml of another machine": ULTRALYTICS
    | {"pets.yaml": "train: /content/pets/images/train\nval: /content/pets/images/val\n" + NAMES},
    "Windows": ULTRALYTICS
    | {"data.yaml": "train: C:\\Users\\me\\pets\\images\\train\nval: C:\\Users\\me\\pets\\images\\val\n" + NAMES},
    "Roboflow": ROBOFLOW
    | {"data.yaml": "train: ../train/images\nval: ../valid/images\ntest: ../test/images\n\nnc: 2\n" + NAMES},
    "a folder above the yaml": ROBOFLOW
    | {"config/data.yaml": "train: ../train/images\nval: ../valid/images\n" + NAMES},
    "names of other folders": {**pairs("images/one", "labels/one", "a"), **pairs("images/two", "labels/two", "b")}
    | {"data.yaml": "train: images/one/\nval: [./images/two]\n" + NAMES},
    "train2017": {
        **pairs("images/train2017", "labels/train2017", "a"),
        **pairs("images/val2017", "labels/val2017", "b"),
    }
    | {"coco.yaml": "path: ../datasets/coco\ntrain: train2017.txt\nval: val2017.txt\n" + NAMES}
    | {"train2017.txt": "./images/train2017/a.jpg\n", "val2017.txt": "./images/val2017/b.jpg\n"},
    "sites": SITES | {"data.yaml": "train:\n- north/images\nval:\n- south/images\n" + NAMES},
    "a pattern": LISTED | {"data.yaml": "train: images/a*.jpg\nval: images/b*.jpg\n" + NAMES},
    "lists in the yaml": LISTED
    | {"data.yaml": "train: [one.txt]\nval: [two.txt]\n" + NAMES}
    | {"one.txt": "images/a.jpg\n", "two.txt": "images/b.jpg\n"},
    "lists in a folder": LISTED
    | {"data.yaml": "path: .\ntrain: lists/train.txt\nval: lists/val.txt\n" + NAMES}
    | {"lists/train.txt": "/home/me/pets/images/a.jpg\r\n", "lists/val.txt": "/home/me/pets/images/b.jpg\r\n"},
    "lists alone": LISTED | {"train.txt": "images/a.jpg\n", "val.txt": "images/b.jpg\n", "classes.txt": "cat\ndog\n"},
    "lists of other names": LISTED | {"2007_train.txt": "images/a.jpg\n", "2007_val.txt": "images/b.jpg\n"},
    "lists of names": LISTED | {"ImageSets/Main/train.txt": "a\n", "ImageSets/Main/val.txt": "b\n"},
    "CVAT YOLO 1.1": {
        **pairs("obj_train_data", "obj_train_data", "a"),
        **pairs("obj_valid_data", "obj_valid_data", "b"),
    }
    | {"obj.data": "classes = 2\ntrain = data/train.txt\nvalid = data/valid.txt\nnames = data/obj.names\nbackup = x/\n"}
    | {"train.txt": "data/obj_train_data/a.jpg\n", "valid.txt": "data/obj_valid_data/b.jpg\n"}
    | {"obj.names": "cat\ndog\n"},
    "CVAT with other names of subsets": {
        **pairs("obj_Train_data", "obj_Train_data", "a"),
        **pairs("obj_Validation_data", "obj_Validation_data", "b"),
    }
    | {"obj.names": "cat\ndog\n"},
    "CVAT Ultralytics": ULTRALYTICS
    | {"data.yaml": "names:\n  0: cat\n  1: dog\npath: .\ntrain: train.txt\nval: val.txt\n"}
    | {"train.txt": "data/images/train/a.jpg\n", "val.txt": "data/images/val/b.jpg\n"},
    "darknet folders": {**pairs("train", "train", "a"), **pairs("valid", "valid", "b")}
    | {"train/_darknet.labels": "cat\ndog\n", "valid/_darknet.labels": "cat\ndog\n"},
    "labels in a folder of the part": {**pairs("train", "train/labels", "a"), **pairs("val", "val/labels", "b")},
    "folders that say both": {**pairs("train_images", "train_labels", "a"), **pairs("val_images", "val_labels", "b")},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_stated_parts_are_used_in_every_layout(tmp_path, layout):
    dataset = read_dataset(draw(tmp_path, **LAYOUTS[layout]))
    assert parts(dataset) == TRAIN_VAL
    assert dataset.class_names in {("cat",), ("0",)}


WITHOUT_PARTS = {
    "LabelImg": pairs(".", ".", "a", "b") | {"classes.txt": "cat\ndog\n"},
    "Label Studio": LISTED | {"classes.txt": "cat\ndog\n", "notes.json": '{"categories": [{"id": 0, "name": "cat"}]}'},
    "sites without a file": SITES,
    "darknet": pairs("obj", "obj", "a", "b") | {"obj.names": "cat\n", "obj.data": "classes = 1\nnames = obj.names\n"},
    "labels above": {"a.jpg": "", "b.jpg": "", "labels/a.txt": BOX, "labels/b.txt": BOX},
    "labels of another name": pairs("pics", "labels_my-project_2024", "a", "b"),
    "labels in one folder for all": {
        "images/x/a.jpg": "",
        "images/y/b.jpg": "",
        "labels/a.txt": BOX,
        "labels/b.txt": BOX,
    },
    "other words": pairs("img", "annotations", "a", "b"),
    "capitals": {"Images/a.JPG": "", "Images/b.JPG": "", "Labels/a.TXT": BOX, "Labels/b.txt": BOX},
    "the same folder for all parts": LISTED | {"data.yaml": "train: images\nval: images\n" + NAMES},
}


@pytest.mark.parametrize("layout", WITHOUT_PARTS)
def test_layouts_without_parts_are_boxes_too(tmp_path, layout):
    dataset = read_dataset(draw(tmp_path, **WITHOUT_PARTS[layout]))
    assert set(parts(dataset)) == {"a", "b"}
    assert len(set(dataset.frame["split"])) == 1
    assert dataset.class_names in {("cat",), ("0",)}


LOST = {
    "val outside": ULTRALYTICS | {"data.yaml": "train: images/train\nval: /mnt/other/images\n" + NAMES},
    "val nowhere": LISTED | {"data.yaml": "train: images\nval: images2\n" + NAMES},
    "train nowhere": LISTED | {"data.yaml": "train: images2\nval: images\n" + NAMES},
    "one of two folders": SITES | {"data.yaml": "train: [north/images, east/images]\nval: south/images\n" + NAMES},
    "a list that is not there": LISTED
    | {"data.yaml": "train: train.txt\nval: val.txt\n" + NAMES, "train.txt": "images/a.jpg"},
    "a list of other images": LISTED
    | {"data.yaml": "train: train.txt\nval: val.txt\n" + NAMES}
    | {"train.txt": "images/a.jpg", "val.txt": "images/z.jpg"},
    "lists of other endings": {**LISTED, "train.txt": "images/a.png\n", "val.txt": "images/b.jpg\n"},
    "a list with one image too many": LISTED | {"train.txt": "images/a.jpg\nimages/z.jpg\n", "val.txt": "images/b.jpg"},
    "an image in two lists": LISTED | {"train.txt": "images/a.jpg\nimages/b.jpg\n", "val.txt": "images/b.jpg"},
    "folders that only mention parts": {**pairs("my_train", "my_train", "a"), **pairs("my_val", "my_val", "b")},
    "a folder within another": {**pairs("images", "labels", "a"), **pairs("images/val", "labels/val", "b")}
    | {"data.yaml": "train: images\nval: images/val\n" + NAMES},
    "folders of two machines": LISTED | {"data.yaml": "train: /data/one/images\nval: /data/two/images\n" + NAMES},
}


@pytest.mark.parametrize("layout", LOST)
def test_a_stated_part_that_would_be_lost_is_an_error(tmp_path, layout):
    with pytest.raises(SplitError) as caught:
        read_dataset(draw(tmp_path, **LOST[layout]))
    assert any(
        word in str(caught.value)
        for word in ("images2", "east", "val.txt", "z.jpg", "b.jpg", "a.png", "/mnt", "two", "my_val")
    )


def test_images_that_no_list_names_are_found_and_not_used(tmp_path):
    draw(
        tmp_path, **pairs("images", "labels", "a", "b", "c"), **{"train.txt": "images/a.jpg", "val.txt": "images/b.jpg"}
    )
    dataset = read_dataset(tmp_path)
    assert parts(dataset) == TRAIN_VAL
    assert [(remark.kind, remark.path) for remark in dataset.remarks] == [("unlisted", "images/c.jpg")]


def test_a_test_folder_that_the_yaml_omits_is_used_where_it_has_labels(tmp_path):
    draw(tmp_path, **ULTRALYTICS, **pairs("images/test", "labels/test", "c"))
    (tmp_path / "data.yaml").write_text("train: images/train\nval: images/val\n" + NAMES)
    assert parts(read_dataset(tmp_path)) == TRAIN_VAL | {"c": "test"}
    (tmp_path / "labels" / "test" / "c.txt").unlink()
    dataset = read_dataset(tmp_path)
    assert parts(dataset) == TRAIN_VAL
    assert kinds(dataset) == ["unlisted"]


def test_a_folder_counts_where_the_yaml_gives_its_part_the_images_of_another(tmp_path):
    draw(tmp_path, **ULTRALYTICS, **{"data.yaml": "train: images/train\nval: images/train\n" + NAMES})
    dataset = read_dataset(tmp_path)
    assert parts(dataset) == TRAIN_VAL
    assert kinds(dataset) == ["same_parts"]


def test_a_test_part_without_labels_is_left_out_instead_of_passing_for_background(tmp_path):
    draw(tmp_path, **ULTRALYTICS, **{"images/test/c.jpg": ""})
    dataset = read_dataset(tmp_path)
    assert parts(dataset) == TRAIN_VAL
    assert kinds(dataset) == ["part_without_labels"]


def test_a_validation_part_without_labels_is_an_error(tmp_path):
    draw(tmp_path, **pairs("images/train", "labels/train", "a"), **{"images/val/b.jpg": ""})
    with pytest.raises(AnnotationsError, match="No image for validation"):
        read_dataset(tmp_path)


def test_a_yaml_made_for_other_folders_is_remarked_when_there_are_no_parts_at_all(tmp_path):
    draw(tmp_path, **LISTED, **{"data.yaml": "train: ../train/images\nval: ../valid/images\n" + NAMES})
    dataset = read_dataset(tmp_path)
    assert parts(dataset) == {"a": "", "b": ""}
    assert kinds(dataset) == ["entry_without_images"] * 2
    assert "../valid/images" in str(dataset.remarks)


def test_an_entry_that_leads_nowhere_gives_way_to_folders_of_its_part(tmp_path):
    draw(tmp_path, **ROBOFLOW, **{"data.yaml": "train: train/pictures\nval: val/pictures\n" + NAMES})
    dataset = read_dataset(tmp_path)
    assert parts(dataset) == TRAIN_VAL
    assert kinds(dataset) == ["entry_without_images"] * 2


def test_two_yaml_files_that_agree_are_remarked_and_others_are_an_error(tmp_path):
    draw(tmp_path, **ROBOFLOW, **{"data.yaml": "train: train/images\nval: valid/images\n" + NAMES})
    (tmp_path / "copy.yaml").write_text((tmp_path / "data.yaml").read_text())
    assert kinds(read_dataset(tmp_path)) == ["several_settings"]
    (tmp_path / "copy.yaml").write_text("names: [dog, cat]\n")
    with pytest.raises(AnnotationsError, match="disagree about the classes"):
        read_dataset(tmp_path)
    (tmp_path / "copy.yaml").write_text("train: valid/images\nval: train/images\n" + NAMES)
    with pytest.raises(AnnotationsError, match="disagree about the parts"):
        read_dataset(tmp_path)


def test_two_data_sets_in_one_folder_are_not_one(tmp_path):
    for name in ("north", "south"):
        draw(tmp_path / name, **ROBOFLOW, **{"data.yaml": "train: train/images\nval: valid/images\n" + NAMES})
    with pytest.raises(AnnotationsError, match="disagree about the parts"):
        read_dataset(tmp_path)


@pytest.mark.parametrize("layout", ["Roboflow", "Ultralytics", "darknet folders"])
def test_a_folder_around_a_data_set_is_pointed_at_the_inner_one(tmp_path, layout):
    draw(tmp_path / "pets.v1", **LAYOUTS[layout])
    draw(tmp_path, **{"README.txt": "exported"})
    with pytest.raises(DataFormatError) as caught:
        read_dataset(tmp_path)
    assert caught.value.hint == f"Use the inner folder: headstart train '{tmp_path / 'pets.v1'}'"


def test_a_yaml_of_something_else_is_no_matter(tmp_path):
    draw(
        tmp_path, **ROBOFLOW, **{"data.yaml": NAMES, "model.yaml": "nc: 80\nbackbone: [[-1, 1]]\n", "x.yaml": "[: bad"}
    )
    draw(tmp_path, **{"args.yaml": "mode: train\nval: true\nnames: null\n", "c.yaml": "train: {a: 1}\nval: {b: 2}\n"})
    assert kinds(read_dataset(tmp_path)) == []


def test_names_in_two_files_must_agree(tmp_path):
    draw(tmp_path, **ROBOFLOW, **{"data.yaml": NAMES, "classes.txt": "cat\ndog\ncow\n"})
    assert read_dataset(tmp_path).class_names == ("cat",)
    (tmp_path / "classes.txt").write_text("dog\ncat\n")
    with pytest.raises(AnnotationsError, match="disagree about class 0"):
        read_dataset(tmp_path)


@pytest.mark.parametrize(
    "files",
    [
        {"cat/README.txt": "0 0 0 0 0"},
        {"cat/1.txt": "a cat on a mat", "dog/3.txt": "a dog"},
        {"classes.txt": "cat\ndog\n"},
        {"train.txt": "cat/1.jpg\n", "labels.txt": "cat\ndog\n"},
        {"data.yaml": NAMES},
        {"cat/1.txt": "7"},
    ],
)
def test_class_folders_with_texts_are_not_taken_for_boxes(tmp_path, files):
    draw(tmp_path, **{"cat/1.jpg": "", "cat/2.jpg": "", "dog/3.jpg": ""}, **files)
    assert not looks_like_yolo(tmp_path)
    assert read_dataset(tmp_path, format="folders").class_names == ("cat", "dog")


def test_boxes_whose_labels_were_forgotten_are_no_classes(tmp_path):
    files = {
        "train/images/a.jpg": "",
        "valid/images/b.jpg": "",
        "data.yaml": "train: ../train/images\nval: ../valid/images\n",
    }
    draw(tmp_path, **files)
    with (tmp_path / "data.yaml").open("a") as file:
        file.write(NAMES)
    with pytest.raises(AnnotationsError, match="no such file for any of them"):
        read_dataset(tmp_path)


def test_images_that_share_a_label_file_are_found(tmp_path):
    draw(tmp_path, **pairs("images", "labels", "a"), **{"images/a.png": ""})
    assert kinds(read_dataset(tmp_path)) == ["shared_labels"] * 2


def test_a_yaml_file_may_be_named_instead_of_its_folder(tmp_path):
    draw(
        tmp_path,
        **ROBOFLOW,
        **{"data.yaml": NAMES, "two.yaml": "train: valid/images\nval: train/images\nnames: [cow]\n"},
    )
    dataset = read_dataset(tmp_path / "two.yaml")
    assert dataset.root == tmp_path
    assert parts(dataset) == {"a": "validation", "b": "train"}
    assert dataset.class_names == ("cow",)


def test_labels_without_images_are_an_error_that_says_so(tmp_path):
    draw(tmp_path, **{"labels/a.txt": BOX, "labels/b.txt": BOX, "classes.txt": "cat\n", "notes.json": "{}"})
    with pytest.raises(AnnotationsError, match="has no images"):
        read_dataset(tmp_path)


def test_many_images_without_a_label_file_are_remarked(tmp_path):
    draw(tmp_path, **pairs("images", "labels", "a"), **{"images/b.jpg": "", "images/c.jpg": ""})
    assert kinds(read_dataset(tmp_path)) == ["missing_labels"]


@pytest.mark.parametrize("line", ["labels/{}.txt", "/data/pets/labels/{}.txt", "{}", "{}.jpg", "images/{}"])
def test_lists_may_have_labels_or_names_alone(tmp_path, line):
    draw(tmp_path, **LISTED, **{"train.txt": line.format("a"), "val.txt": line.format("b")})
    assert parts(read_dataset(tmp_path)) == TRAIN_VAL


def test_an_empty_list_is_a_lost_part(tmp_path):
    draw(tmp_path, **LISTED, **{"data.yaml": "train: train.txt\nval: val.txt\n" + NAMES})
    draw(tmp_path, **{"train.txt": "images/a.jpg\nimages/b.jpg\n", "val.txt": "\n"})
    with pytest.raises(SplitError, match="empty list"):
        read_dataset(tmp_path)


def test_a_list_leads_to_nothing_outside_the_folder(tmp_path):
    draw(tmp_path, **{"outside.jpg": ""})
    files = {"train.txt": "images/a.jpg\nimages/b.jpg\n", "val.txt": "../outside.jpg\n"}
    with pytest.raises(SplitError, match="do not exist"):
        read_dataset(draw(tmp_path / "pets", **LISTED, **files))
