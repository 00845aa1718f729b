"""Pascal VOC: sound files become boxes, broken ones a finding or one clear error."""

from pathlib import Path

import pytest
from PIL import Image

from headstart.data import audit_dataset, read_dataset
from headstart.errors import AnnotationsError, SplitError
from headstart.task_spec import DETECTION


def write_picture(path: Path, size=(60, 40), seed=0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.effect_noise(size, 40 + seed).convert("RGB").save(path)
    return path


def page(*objects: tuple, filename="", size=(60, 40)) -> str:
    marked = "".join(
        f"<object><name>{name}</name><bndbox><xmin>{box[0]}</xmin><ymin>{box[1]}</ymin><xmax>{box[2]}</xmax>"
        f"<ymax>{box[3]}</ymax></bndbox></object>"
        for name, *box in objects
    )
    return (
        f"<annotation><filename>{filename}</filename><size><width>{size[0]}</width><height>{size[1]}</height></size>"
        f"{marked}</annotation>"
    )


def voc(root: Path, pages: dict[str, str], *, pictures: str = "JPEGImages", suffix: str = ".png") -> Path:
    """Pictures named like the pages, and the pages in Annotations."""
    (root / "Annotations").mkdir(parents=True, exist_ok=True)
    for seed, (stem, text) in enumerate(pages.items()):
        write_picture(root / pictures / f"{stem}{suffix}", seed=seed)
        (root / "Annotations" / f"{stem}.xml").write_text(text)
    return root


def kinds(dataset) -> list[tuple[str, str]]:
    return [(remark.kind, remark.path) for remark in dataset.remarks]


@pytest.mark.parametrize("pictures", ["JPEGImages", "images", "pictures"])
def test_boxes_and_class_names_are_read(tmp_path, pictures):
    voc(tmp_path, {"a": page(("dog", 1, 2, 30, 20.5), ("cat", 5, 5, 9, 9)), "b": page()}, pictures=pictures)
    dataset = read_dataset(tmp_path)
    assert dataset.task == DETECTION
    assert dataset.class_names == ("cat", "dog")
    assert dataset.frame["path"].tolist() == [f"{pictures}/a.png", f"{pictures}/b.png"]
    assert dataset.boxes()[0].tolist() == [[1, 2, 30, 20.5, 1], [5, 5, 9, 9, 0]]
    assert dataset.boxes()[1].shape == (0, 5)


def test_pictures_and_pages_may_lie_together_in_parts(tmp_path):
    for part in ("train", "valid"):
        write_picture(tmp_path / part / "a.png")
        (tmp_path / part / "a.xml").write_text(page(("dog", 1, 2, 30, 20)))
    frame = read_dataset(tmp_path).frame
    assert frame["split"].tolist() == ["train", "validation"]
    assert (frame["target"] == '[["dog", 1, 2, 30, 20]]').all()


def test_lists_say_the_parts_and_those_that_measure_win(tmp_path):
    voc(tmp_path, {stem: page(("dog", 1, 2, 30, 20)) for stem in "abcdef"})
    lists = tmp_path / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    for name, stems in {"trainval": "abcd", "train": "ab", "val": "c", "test": "be", "dog_train": "f"}.items():
        (lists / f"{name}.txt").write_text("".join(f"{stem}\n" for stem in stems))
    (lists / "val.txt").write_text("c  1\nlost\n")
    dataset = read_dataset(tmp_path)
    assert dataset.frame["split"].tolist() == ["train", "test", "validation", "train", "test", ""]
    assert kinds(dataset) == [
        ("annotation_without_picture", "ImageSets/Main/val.txt"),
        ("listed_twice", "JPEGImages/b.png"),
    ]


def test_lists_without_training_are_refused(tmp_path):
    voc(tmp_path, {"a": page(("dog", 1, 2, 30, 20))})
    (tmp_path / "ImageSets" / "Main").mkdir(parents=True)
    (tmp_path / "ImageSets" / "Main" / "test.txt").write_text("a\n")
    with pytest.raises(SplitError, match="nothing to train on"):
        read_dataset(tmp_path)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("<annotation><object>", "no element found"),
        ("", "no element found"),
        ("<html></html>", "<html>"),
        ('<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><annotation>&b;</annotation>', "document type"),
        ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><annotation>&a;</annotation>', "document type"),
    ],
)
def test_a_broken_page_leaves_out_its_picture_only(tmp_path, text, detail):
    voc(tmp_path, {"a": page(("dog", 1, 2, 30, 20)), "b": text})
    dataset = read_dataset(tmp_path)
    assert dataset.frame["path"].tolist() == ["JPEGImages/a.png"]
    assert kinds(dataset) == [("broken_annotation", "Annotations/b.xml")]
    assert detail in dataset.remarks[0].detail
    assert audit_dataset(dataset).left_out[0][0] == "Annotations/b.xml"


def test_only_broken_pages_are_one_error_that_says_why(tmp_path):
    voc(tmp_path, {"a": "<annotation>", "b": "<annotation"})
    with pytest.raises(AnnotationsError, match=r"a\.xml.*no element found"):
        read_dataset(tmp_path)


def test_objects_without_usable_corners_are_named_and_the_others_kept(tmp_path):
    broken = "<object><name>dog</name><bndbox><xmin>1</xmin></bndbox></object><object><name>dog</name></object>"
    text = page(("dog", 1, 2, 30, 20), ("dog", "nan", 0, 1, 1), ("dog", "1e999", 0, 1, 1), ("dog", "x", 0, 1, 1))
    voc(tmp_path, {"a": text.replace("</annotation>", f"{broken}</annotation>")})
    dataset = read_dataset(tmp_path)
    assert dataset.boxes()[0].tolist() == [[1, 2, 30, 20, 0]]
    assert [remark.detail for remark in dataset.remarks] == ["5 in 'Annotations/a.xml'"]


def test_a_page_finds_its_picture_by_its_own_name_then_by_what_it_says(tmp_path):
    voc(tmp_path, {"a": page(("dog", 1, 2, 30, 20), filename="b.png"), "b": page(("cat", 1, 2, 30, 20))})
    write_picture(tmp_path / "JPEGImages" / "c.png", seed=7)
    (tmp_path / "Annotations" / "other.xml").write_text(page(("cow", 0, 0, 9, 9), filename=r"C:\photos\c.png"))
    (tmp_path / "Annotations" / "stray.xml").write_text(page(("cow", 0, 0, 9, 9), filename="../../../etc/passwd"))
    dataset = read_dataset(tmp_path)
    assert dataset.labels() == [("dog",), ("cat",), ("cow",)]
    assert kinds(dataset) == [("annotation_without_picture", "Annotations/stray.xml")]


def test_pictures_behind_links_that_lead_outside_are_not_used(tmp_path):
    outside = write_picture(tmp_path / "outside" / "b.png", seed=3)
    voc(tmp_path / "set", {"a": page(("dog", 1, 2, 30, 20))})
    (tmp_path / "set" / "Annotations" / "b.xml").write_text(page(("dog", 1, 2, 30, 20)))
    (tmp_path / "set" / "JPEGImages" / "b.png").symlink_to(outside)
    dataset = read_dataset(tmp_path / "set")
    assert dataset.frame["path"].tolist() == ["JPEGImages/a.png"]
    assert kinds(dataset) == [
        ("annotation_without_picture", "Annotations/b.xml"),
        ("link_not_followed", "JPEGImages/b.png"),
    ]


def test_an_empty_annotation_folder_is_one_clear_error(tmp_path):
    write_picture(tmp_path / "images" / "a.png")
    (tmp_path / "Annotations").mkdir()
    with pytest.raises(AnnotationsError, match=r"none ends in \.xml"):
        read_dataset(tmp_path)


def test_pictures_without_a_page_are_background_and_masks_are_no_pictures(tmp_path):
    voc(tmp_path, {"a": page(("dog", 1, 2, 30, 20))})
    write_picture(tmp_path / "JPEGImages" / "b.png", seed=5)
    write_picture(tmp_path / "SegmentationClass" / "a.png")
    dataset = read_dataset(tmp_path)
    assert dataset.frame["target"].tolist() == ['[["dog", 1, 2, 30, 20]]', "[]"]
