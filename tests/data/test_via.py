"""Files of the VGG Image Annotator as boxes and as outlines."""

import json

import numpy as np
import pytest
from PIL import Image

from headstart.data import audit_dataset, read_dataset, read_mask
from headstart.errors import AnnotationsError
from headstart.task_spec import DETECTION, SEGMENTATION

RECTANGLE = {"name": "rect", "x": 10, "y": 5, "width": 20, "height": 15}
TRIANGLE = {"name": "polygon", "all_points_x": [40, 70, 40], "all_points_y": [5, 5, 35]}
CIRCLE = {"name": "circle", "cx": 40, "cy": 20, "r": 10}
ELLIPSE = {"name": "ellipse", "cx": 40, "cy": 20, "rx": 20, "ry": 10, "theta": 1.5707963267948966}


@pytest.fixture
def root(tmp_path):
    for number in range(3):
        write_image(tmp_path / f"{number}.jpg", number)
    return tmp_path


def write_image(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((80, 40), Image.Resampling.BICUBIC).save(path)


def region(shape, **said):
    return {"shape_attributes": shape, "region_attributes": said}


REGIONS = {
    "0.jpg": [region(RECTANGLE, **{"class": "cat"}), region(TRIANGLE, **{"class": "dog"})],
    "1.jpg": [region(CIRCLE, **{"class": "cat"})],
    "2.jpg": [],
}


def entries(regions):
    return {
        f"{name}{size}": {"filename": name, "size": size, "regions": found, "file_attributes": {}}
        for size, (name, found) in enumerate(regions.items(), 1000)
    }


def as_export(root, regions):
    (root / "via_region_data.json").write_text(json.dumps(entries(regions)))


def as_first_version(root, regions):
    numbered = {name: {str(number): it for number, it in enumerate(found)} for name, found in regions.items()}
    as_export(root, numbered)


def as_project(root, regions):
    content = {"_via_settings": {"core": {}}, "_via_img_metadata": entries(regions), "_via_attributes": {"region": {}}}
    (root / "my_project.json").write_text(json.dumps(content))


def as_project_of_version_3(root, regions):
    numbers = {"rect": 2, "circle": 3, "ellipse": 4, "polygon": 7}
    marks = {}
    for number, found in enumerate(regions.values(), 1):
        for it in found:
            shape = it["shape_attributes"]
            places = [value for key, value in shape.items() if key != "name"]
            if shape["name"] == "polygon":
                places = [place for at in zip(*places, strict=True) for place in at]
            said = {"1": {"cat": "0", "dog": "1"}[it["region_attributes"]["class"]]}
            marks[f"{number}_{len(marks)}"] = {"vid": str(number), "xy": [numbers[shape["name"]], *places], "av": said}
    content = {
        "project": {"pid": "__VIA_PROJECT_ID__", "vid_list": [str(number) for number in range(1, len(regions) + 1)]},
        "attribute": {"1": {"aname": "class", "options": {"0": "cat", "1": "dog"}}},
        "file": {str(number): {"fid": number, "fname": name} for number, name in enumerate(regions, 1)},
        "metadata": marks,
        "view": {str(number): {"fid_list": [str(number)]} for number in range(1, len(regions) + 1)},
    }
    (root / "via_project.json").write_text(json.dumps(content))


def as_table(root, regions):
    header = "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes"
    rows = [header]
    for name, found in regions.items():
        for number, it in enumerate(found or [region({})]):
            cells = [json.dumps(it[key]).replace('"', '""') for key in ("shape_attributes", "region_attributes")]
            rows.append(f'{name},1000,"{{}}",{len(found)},{number},"{cells[0]}","{cells[1]}"')
    (root / "via_region_data.csv").write_text("\n".join([*rows, ""]))


WRITERS = {it.__name__: it for it in (as_export, as_first_version, as_project, as_project_of_version_3, as_table)}


def corners(dataset):
    return [boxes[:, :4].round().tolist() for boxes in dataset.boxes()]


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_regions_become_boxes_whatever_the_export(root, write):
    write(root, REGIONS)
    dataset = read_dataset(root)
    assert (dataset.task, dataset.class_names) == (DETECTION, ("cat", "dog"))
    assert corners(dataset) == [[[10, 5, 30, 20], [40, 5, 70, 35]], [[30, 10, 50, 30]], []]
    assert not [remark for remark in dataset.remarks if remark.kind != "class_without_pictures"]
    assert not audit_dataset(dataset).left_out


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_file_may_be_named_itself(root, write):
    write(root, REGIONS)
    file = next(path for path in root.iterdir() if path.suffix in {".json", ".csv"})
    assert len(read_dataset(file)) == 3


def test_regions_become_areas_where_they_are_asked_for(root):
    as_export(root, REGIONS)
    dataset = read_dataset(root, task=SEGMENTATION)
    assert dataset.class_names == ("background", "cat", "dog")
    mask = read_mask(dataset, 0)
    assert [mask[10, 15], mask[10, 45], mask[30, 65]] == [1, 2, 0]


def test_an_ellipse_is_turned(root):
    as_export(root, {"0.jpg": [region(ELLIPSE, **{"class": "cat"})]})
    assert corners(read_dataset(root))[0] == [[30, 0, 50, 40]]


def test_files_in_folders_of_parts_state_the_parts(tmp_path):
    for part in ("train", "val"):
        write_image(tmp_path / part / "0.jpg", len(part))
        as_export(tmp_path / part, {"0.jpg": REGIONS["0.jpg"]})
    dataset = read_dataset(tmp_path)
    assert dataset.frame["path"].tolist() == ["train/0.jpg", "val/0.jpg"]
    assert dataset.frame["split"].tolist() == ["train", "validation"]


def test_two_exports_of_one_project_count_once(root):
    for write in (as_export, as_project, as_table):
        write(root, REGIONS)
    assert corners(read_dataset(root)) == [[[10, 5, 30, 20], [40, 5, 70, 35]], [[30, 10, 50, 30]], []]


@pytest.mark.parametrize("written", ["images/0.jpg", "/home/me/images/0.jpg", "https://example.org/images/0.jpg"])
def test_an_image_is_found_by_its_name_in_any_folder(tmp_path, written):
    write_image(tmp_path / "images" / "0.jpg", 0)
    as_export(tmp_path, {written: REGIONS["0.jpg"]})
    assert read_dataset(tmp_path).frame["path"].tolist() == ["images/0.jpg"]


@pytest.mark.parametrize(
    "said",
    [
        {"label": "cat", "occluded": "no"},
        {"animal": {"cat": True, "dog": False}},
        {"animal": {"cat": True}},
        {"animal": " cat "},
    ],
)
def test_the_class_is_the_only_attribute_or_the_one_with_a_usual_name(root, said):
    as_export(root, {"0.jpg": [region(RECTANGLE, **said)]})
    assert read_dataset(root).class_names == ("cat",)


def test_several_attributes_are_an_error_until_one_is_named(root):
    as_export(root, {"0.jpg": [region(RECTANGLE, animal="cat", colour="red")]})
    with pytest.raises(AnnotationsError, match=r"several attributes.*'animal'.*'colour'.*--label-column"):
        read_dataset(root)
    assert read_dataset(root, label_column="colour").class_names == ("red",)
    with pytest.raises(AnnotationsError, match="'size' is no attribute"):
        read_dataset(root, label_column="size")


def test_regions_without_attributes_are_of_one_class(root):
    as_export(root, {"0.jpg": [region(RECTANGLE)]})
    dataset = read_dataset(root)
    assert dataset.class_names == ("object",)
    assert "one_class" in {remark.kind for remark in dataset.remarks}


def test_what_cannot_be_used_is_named(root):
    broken = [
        region({"name": "point", "cx": 1, "cy": 2}, **{"class": "cat"}),
        region({"name": "rect", "x": "a"}, **{"class": "cat"}),
        region({"name": "polygon", "all_points_x": [1], "all_points_y": [1]}, **{"class": "cat"}),
        region(RECTANGLE),
        "nothing",
    ]
    as_export(root, {"0.jpg": [*REGIONS["0.jpg"], *broken], "7.jpg": []})
    dataset = read_dataset(root)
    assert [len(boxes) for boxes in dataset.boxes()] == [2]
    kinds = {remark.kind for remark in dataset.remarks}
    assert {"unused_shape", "broken_box", "annotation_without_picture", "unlisted"} <= kinds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": {"file_attributes": {}, "filename": "0.jpg", "regions": [', "cannot be read"),
        ('{"a": {"filename": 1, "regions": [], "file_attributes": {}}}', "no entry has a 'filename'"),
        ('{"a": {"filename": "8.jpg", "regions": [], "file_attributes": {}}}', "None of the 1 images"),
        ('{"a": {"filename": "0.jpg", "regions": [], "file_attributes": {}}}', "no usable annotations"),
    ],
)
def test_files_without_use_are_refused(root, text, message):
    (root / "via.json").write_text(text)
    with pytest.raises(AnnotationsError, match=message):
        read_dataset(root, format="via")
