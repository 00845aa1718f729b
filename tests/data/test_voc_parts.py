"""Pascal VOC: years side by side, lists of parts, flags of objects, and fractions."""

from pathlib import Path

import pytest
from PIL import Image

from headstart.data import IGNORED_CODES, audit_dataset, read_dataset
from headstart.errors import AnnotationsError


def write_image(path: Path, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.effect_noise((60, 40), 40 + 5 * seed + len(str(path.parent))).convert("RGB").save(path)


def marked(name="dog", box=(1, 2, 30, 20), *, more="") -> str:
    corners = "".join(
        f"<{key}>{value}</{key}>" for key, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
    )
    return f"<object><name>{name}</name>{more}<bndbox>{corners}</bndbox></object>"


def write_page(path: Path, *objects: str, size=(60, 40)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sides = "".join(f"<{key}>{side}</{key}>" for key, side in zip(("width", "height"), size, strict=True))
    path.write_text(f"<annotation><size>{sides}</size>{''.join(objects)}</annotation>")


def voc(root: Path, stems: str, **lists: str) -> Path:
    for seed, stem in enumerate(stems):
        write_image(root / "JPEGImages" / f"{stem}.png", seed)
        write_page(root / "Annotations" / f"{stem}.xml", marked())
    (root / "ImageSets" / "Main").mkdir(parents=True, exist_ok=True)
    for name, text in lists.items():
        (root / "ImageSets" / "Main" / f"{name}.txt").write_text(text)
    return root


def parts(root: Path) -> dict[str, str]:
    frame = read_dataset(root).frame
    return dict(zip(frame["path"], frame["split"], strict=True))


def kinds(root: Path) -> list[str]:
    return [remark.kind for remark in read_dataset(root).remarks]


def test_several_years_are_read_together_each_with_its_own_lists(tmp_path):
    voc(tmp_path / "VOC2007", "ab", train="a\n", test="b\n")
    voc(tmp_path / "VOC2012", "abc", train="b\n", val="a\n")
    write_page(tmp_path / "VOC2007" / "Annotations" / "c.xml", marked("cow"))  # its image is only in the other year
    assert parts(tmp_path) == {
        "VOC2007/JPEGImages/a.png": "train",
        "VOC2007/JPEGImages/b.png": "test",
        "VOC2012/JPEGImages/a.png": "validation",
        "VOC2012/JPEGImages/b.png": "train",
        "VOC2012/JPEGImages/c.png": "",
    }
    assert read_dataset(tmp_path).class_names == ("dog",)
    assert kinds(tmp_path) == ["annotation_without_picture"]


@pytest.mark.parametrize(
    "names", [("training", "valid", "testing"), ("Train", "Val", "Test"), ("train", "val2012", "test")]
)
def test_lists_of_parts_have_many_names(tmp_path, names):
    voc(tmp_path, "abc", **dict(zip(names, "abc", strict=True)))
    assert list(parts(tmp_path).values()) == ["train", "validation", "test"]


@pytest.mark.parametrize("folder", ["ImageSets/Main", "ImageSets", "."])
@pytest.mark.parametrize(
    "line",
    [
        "{0}",
        "{0}.png",
        "JPEGImages/{0}.png",
        "./JPEGImages/{0}.png ./Annotations/{0}.xml",
        "{0}  1",
        r"JPEGImages\{0}.png",
    ],
)
def test_lists_lie_in_several_places_and_name_images_in_several_ways(tmp_path, folder, line):
    voc(tmp_path, "abc")
    for name, stems in {"train": "ab", "val": "c"}.items():
        (tmp_path / folder / f"{name}.txt").write_text("\n".join(line.format(stem) for stem in stems))
    assert list(parts(tmp_path).values()) == ["train", "train", "validation"]


def test_lists_of_classes_state_parts_only_where_there_are_no_others(tmp_path):
    marks = {"dog_train": "a  1\nb -1\n", "dog_val": "c  0\n", "dog_trainval": "a 1\nb -1\nc 0\n"}
    voc(tmp_path, "abc", **marks)
    assert list(parts(tmp_path).values()) == ["train", "train", "validation"]
    voc(tmp_path, "abc", train="a\n", val="b\n", **marks)
    assert list(parts(tmp_path).values()) == ["train", "validation", ""]


def test_other_lists_are_no_lists_of_parts(tmp_path):
    voc(tmp_path, "ab", train="a\n", val="b\n")
    for folder in ("ImageSets/Segmentation", "ImageSets/Layout", "notes"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "test.txt").write_text("a\nb\n")
    assert list(parts(tmp_path).values()) == ["train", "validation"]


def test_names_of_missing_images_are_one_finding_a_list_and_contradictions_are_named(tmp_path):
    voc(
        tmp_path, "abc", trainval="a\nb\n", train="a\nb\n", val="b\n" + "".join(f"x{n}\n" for n in range(9)), test="c\n"
    )
    remarks = read_dataset(tmp_path).remarks
    assert [(remark.kind, remark.path) for remark in remarks] == [
        ("annotation_without_picture", "ImageSets/Main/val.txt"),
        ("listed_twice", "JPEGImages/b.png"),
    ]
    assert remarks[0].detail == "lists 'x0', 'x1', 'x2' and 6 more"


def test_a_list_of_which_no_image_is_there_is_an_error_that_names_it(tmp_path):
    voc(tmp_path, "ab", train="a\nb\n", test="x\ny\n")
    with pytest.raises(AnnotationsError, match=r"None of the 2 images that 'ImageSets/Main/test.txt' lists for test"):
        read_dataset(tmp_path)


@pytest.mark.parametrize(("pages", "images"), [("labels", "images"), ("xmls", "photos"), ("annotation", "image")])
def test_files_of_boxes_may_lie_in_a_folder_of_another_name(tmp_path, pages, images):
    write_image(tmp_path / images / "a.png")
    write_page(tmp_path / pages / "a.xml", marked())
    assert read_dataset(tmp_path).labels() == [("dog",)]


def test_images_without_files_of_boxes_are_named_and_no_background_to_measure_on(tmp_path):
    voc(tmp_path, "a", train="a\n", test="x\ny\n")
    for seed, stem in enumerate("xy"):
        write_image(tmp_path / "JPEGImages" / f"{stem}.png", seed + 5)
    assert parts(tmp_path) == {"JPEGImages/a.png": "train"}
    assert kinds(tmp_path) == ["part_without_labels"]
    voc(tmp_path, "a", train="a\nx\ny\n", test="a\n")
    (tmp_path / "ImageSets" / "Main" / "test.txt").unlink()
    assert kinds(tmp_path) == ["missing_labels"]


def test_difficult_objects_are_ignored_and_counted(tmp_path):
    voc(tmp_path, "ab")
    write_page(
        tmp_path / "Annotations" / "a.xml",
        marked(more="<difficult>1</difficult>"),
        marked("cat", (5, 5, 9, 9), more="<difficult>0</difficult>"),
        marked("cow", (5, 5, 9, 9), more="<difficult>1</difficult>"),
    )
    audit = audit_dataset(read_dataset(tmp_path))
    assert audit.dataset.class_names == ("cat", "dog")
    assert audit.dataset.boxes()[0].tolist() == [[5, 5, 9, 9, 0]]
    assert audit.dataset.ignored_boxes()[0].tolist() == [[1, 2, 30, 20, 1, IGNORED_CODES["difficult"]]]
    found = audit.findings[audit.findings["kind"] == "difficult"]
    assert found["detail"].tolist() == ["2 of 4 objects in all images", "2 of 3 objects"]
    assert "'cow'" in set(audit.findings["detail"])


def test_a_flag_that_all_objects_have_is_not_heeded_and_named(tmp_path):
    voc(tmp_path, "a")
    write_page(tmp_path / "Annotations" / "a.xml", marked(more="<difficult>1</difficult>"))
    dataset = read_dataset(tmp_path)
    assert len(dataset.boxes()[0]) == 1
    assert [remark.kind for remark in dataset.remarks] == ["all_difficult"]


@pytest.mark.parametrize("size", [(60, 40), (0, 0)])
def test_fractions_are_multiplied_by_the_size_with_a_word(tmp_path, size):
    voc(tmp_path, "a")
    write_page(tmp_path / "Annotations" / "a.xml", marked(box=(0.1, 0.25, 0.5, 1.0)), size=size)
    assert read_dataset(tmp_path).boxes()[0].tolist() == [[6, 10, 30, 40, 0]]
    assert kinds(tmp_path) == ["fractions"]


def test_a_polygon_stands_for_a_box_that_is_missing(tmp_path):
    voc(tmp_path, "ab")
    corners = "<x1>5</x1><y1>6</y1><x2>20</x2><y2>6</y2><x3>20</x3><y3>30</y3>"
    points = "<pt><x>5</x><y>6</y></pt><pt><x>20</x><y>30</y></pt>"
    for stem, polygon in (("a", corners), ("b", points)):
        text = f"<object><name>dog</name><polygon>{polygon}</polygon></object>"
        write_page(tmp_path / "Annotations" / f"{stem}.xml", text)
    assert [boxes.tolist() for boxes in read_dataset(tmp_path).boxes()] == [[[5, 6, 20, 30, 0]]] * 2


def test_images_of_one_name_belong_to_the_file_of_their_part_or_are_an_error(tmp_path):
    for part in ("train", "val"):
        write_image(tmp_path / "images" / part / "a.png")
        write_page(tmp_path / "Annotations" / part / "a.xml", marked(part))
    assert read_dataset(tmp_path).labels() == [("train",), ("val",)]
    assert list(parts(tmp_path).values()) == ["train", "validation"]
    for folder in ("one", "two"):
        write_image(tmp_path / "images" / folder / "b.png")
    write_page(tmp_path / "Annotations" / "b.xml", marked())
    with pytest.raises(AnnotationsError, match=r"'images/one/b.png', 'images/two/b.png'"):
        read_dataset(tmp_path)
