import io
import json
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import headstart
from headstart.data import audit_dataset, read_dataset, split_dataset
from headstart.data.findings import KINDS, Finding, findings_frame
from headstart.data.inspection import inspect_file
from headstart.errors import NoReadableImagesError, OneClassError

EXIF_ORIENTATION = 0x0112


def picture(seed: int = 0, size: tuple[int, int] = (48, 40)) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)


def encoded(image: Image.Image, image_format: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, image_format, **options)
    return file.getvalue()


def png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, *, bits: int, rows: bytes) -> bytes:
    """A PNG written by hand, in RGB; Pillow writes none with 16 bits, and none that lies about its size."""
    header = struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, 0)
    chunks = {b"IHDR": header, b"IDAT": zlib.compress(rows), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(name, content) for name, content in chunks.items())


def png_with_16_bits() -> bytes:
    noise = np.random.default_rng(0)
    return png(40, 40, bits=16, rows=b"".join(b"\0" + noise.bytes(40 * 6) for _ in range(40)))


def with_flipped_byte(content: bytes) -> bytes:
    position = content.index(b"IDAT") + 12
    return content[:position] + bytes([content[position] ^ 0x55]) + content[position + 1 :]


def exif_turned() -> bytes:
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 6
    return encoded(picture(), "JPEG", exif=exif)


def animation() -> bytes:
    return encoded(picture(1).convert("P"), "GIF", save_all=True, append_images=[picture(2).convert("P")])


# One file of each kind, by name and content, with the kinds it must lead to.
FILES: dict[str, tuple[bytes, set[str]]] = {
    "fine.png": (encoded(picture()), set()),
    "fine.JPG": (encoded(picture(), "JPEG"), set()),
    "random.jpg": (b"\xff\xd8\xff" + bytes(range(200)), {"unreadable"}),
    "page.png": (b"<!DOCTYPE html><html>", {"unreadable"}),
    "flipped.png": (with_flipped_byte(encoded(picture())), {"unreadable"}),
    "cut.jpg": (encoded(picture(size=(400, 300)), "JPEG", quality=95)[:-4000], {"truncated"}),
    "cut.png": (encoded(picture(size=(400, 300)))[:-3000], {"truncated"}),
    "empty.jpg": (b"", {"empty_file"}),
    "notes.txt": (b"remember the milk", {"not_a_picture"}),
    "telephone.heic": (b"\0\0\0\x18ftypheic" + bytes(40), {"unsupported_format"}),
    "bomb.png": (png(60_000, 60_000, bits=8, rows=b""), {"giant"}),
    "really_png.jpg": (encoded(picture()), {"wrongly_named"}),
    "no_suffix": (encoded(picture()), {"wrongly_named"}),
    "moving.gif": (animation(), {"animated", "palette"}),
    "print.jpg": (encoded(picture().convert("CMYK"), "JPEG"), {"cmyk"}),
    "deep.png": (png_with_16_bits(), {"sixteen_bit"}),
    "deep_grey.png": (encoded(Image.fromarray(np.arange(1600, dtype=np.uint16).reshape(40, 40) * 40)), {"sixteen_bit"}),
    "deep.tif": (encoded(Image.fromarray(np.arange(1600, dtype=np.uint16).reshape(40, 40)), "TIFF"), {"sixteen_bit"}),
    "indexed.png": (encoded(picture().convert("P")), {"palette"}),
    "clear.png": (encoded(picture().convert("RGBA")), {"alpha"}),
    "turned.jpg": (exif_turned(), {"exif_rotation"}),
    "small.png": (encoded(picture(size=(40, 31))), {"tiny"}),
    "my cat.png": (encoded(picture()), {"odd_name"}),
    "kätzchen.png": (encoded(picture()), {"odd_name"}),
}
SAME_PICTURE = {"exact_duplicate", "near_duplicate", "conflicting_labels"}


def write_files(root: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def sound_files(**counts: int) -> dict[str, bytes]:
    """Different sound pictures: so many of each class."""
    return {
        f"{name}/{number}.png": encoded(picture(1000 * position + number + 10))
        for position, (name, count) in enumerate(counts.items())
        for number in range(count)
    }


def audit_of(root: Path, files: dict[str, bytes]):
    return audit_dataset(read_dataset(write_files(root, files)))


def paths_of(audit, kind: str) -> list[str]:
    return audit.findings.loc[audit.findings["kind"] == kind, "path"].tolist()


@pytest.mark.parametrize("name", FILES)
def test_each_bad_or_odd_file_is_told_by_its_kind(tmp_path, name):
    content, expected = FILES[name]
    audit = audit_of(tmp_path, {**sound_files(cat=3, dog=3), f"cat/{name}": content})
    found = audit.findings[audit.findings["path"] == f"cat/{name}"]
    assert set(found["kind"]) == expected
    left_out = any(KINDS[kind].severity == "error" for kind in expected)
    assert [path for path, _ in audit.left_out] == ([f"cat/{name}"] if left_out else [])
    assert (f"cat/{name}" in set(audit.dataset.frame["path"])) is not left_out
    assert set(audit.findings["severity"]) <= {"error", "warning", "note"}


def test_every_kind_of_finding_has_a_severity_and_a_sentence():
    assert all(kind.severity in {"error", "warning", "note"} for kind in KINDS.values())
    assert all(kind.meaning.endswith(".") for kind in KINDS.values())


def test_all_files_at_once_do_not_stop_the_audit(tmp_path):
    audit = audit_of(tmp_path, {f"cat/{name}": content for name, (content, _) in FILES.items()} | sound_files(dog=3))
    expected = {f"cat/{name}": kinds for name, (_, kinds) in FILES.items()}
    for path, kinds in expected.items():
        assert set(audit.findings.loc[audit.findings["path"] == path, "kind"]) - SAME_PICTURE == kinds
    assert audit.num_files == len(FILES) + 3
    assert len(audit.dataset) + len(audit.left_out) == audit.num_files


def test_measured_columns_describe_the_upright_picture(tmp_path):
    frame = audit_of(tmp_path, {**sound_files(cat=1, dog=3), "cat/turned.jpg": exif_turned()}).dataset.frame
    turned = frame[frame["path"] == "cat/turned.jpg"].iloc[0]
    assert (turned["width"], turned["height"]) == (40, 48)
    assert frame["sha256"].str.fullmatch("[0-9a-f]{64}").all()
    assert frame["near_hash"].str.fullmatch("[0-9a-f]{16}").all()
    assert frame["path"].is_monotonic_increasing


def test_a_turned_copy_is_a_copy_of_the_upright_picture(tmp_path):
    upright = encoded(picture().transpose(Image.Transpose.ROTATE_270), "JPEG")
    audit = audit_of(tmp_path, {**sound_files(cat=2, dog=3), "cat/a.jpg": exif_turned(), "cat/b.jpg": upright})
    assert paths_of(audit, "near_duplicate") == ["cat/b.jpg"]


def test_copies_share_a_group_and_their_likeness_is_named(tmp_path):
    files = sound_files(cat=3, dog=3)
    files["cat/exact.png"] = files["cat/0.png"]
    files["cat/near.jpg"] = encoded(picture(10).resize((60, 50)), "JPEG", quality=60)
    audit = audit_of(tmp_path, files)
    groups = audit.dataset.frame.set_index("path")["duplicate_group"]
    assert groups["cat/0.png"] == groups["cat/exact.png"] == groups["cat/near.jpg"]
    assert groups.nunique() == 6
    assert paths_of(audit, "exact_duplicate") == ["cat/exact.png"]
    assert paths_of(audit, "near_duplicate") == ["cat/near.jpg"]
    assert audit.findings["detail"].str.contains("'cat/0.png'").sum() == 2
    assert paths_of(audit, "conflicting_labels") == []


def test_the_same_picture_under_two_labels_is_told_for_both(tmp_path):
    files = sound_files(cat=3, dog=3)
    files["dog/copy.png"] = files["cat/0.png"]
    audit = audit_of(tmp_path, files)
    assert paths_of(audit, "conflicting_labels") == ["cat/0.png", "dog/copy.png"]
    assert len(audit.dataset) == 7


def test_copies_across_given_parts_leave_the_part_that_learns(tmp_path):
    parts = {"train": sound_files(cat=4, dog=4), "val": {}, "test": {}}
    parts["val"] = {name: encoded(picture(50 + number)) for number, name in enumerate(["cat/v.png", "dog/v.png"])}
    parts["test"] = {name: encoded(picture(60 + number)) for number, name in enumerate(["cat/t.png", "dog/t.png"])}
    parts["val"]["cat/of_train.png"] = parts["train"]["cat/0.png"]
    parts["test"]["cat/of_train.png"] = parts["train"]["cat/1.png"]
    parts["test"]["dog/of_val.png"] = parts["val"]["dog/v.png"]
    audit = audit_of(
        tmp_path, {f"{part}/{name}": content for part, files in parts.items() for name, content in files.items()}
    )
    expected = ["train/cat/0.png", "train/cat/1.png", "val/dog/v.png"]
    assert paths_of(audit, "duplicate_across_splits") == expected
    assert [path for path, _ in audit.left_out] == expected
    assert audit.dataset.part("test").frame["path"].str.contains("test/").sum() == 4
    assert audit.dataset.frame.groupby("duplicate_group")["split"].nunique().max() == 1


def test_groups_across_given_parts_are_a_warning(tmp_path):
    write_files(tmp_path, sound_files(cat=3, dog=3))
    rows = [
        f"{name}/{number}.png,{name},{split},p{number}"
        for name in ("cat", "dog")
        for number, split in enumerate(["train", "train", "test"])
    ]
    (tmp_path / "labels.csv").write_text(
        "\n".join(["path,label,split,group", *rows, ""]).replace("dog/2.png,dog,test,p2", "dog/2.png,dog,test,p0")
    )
    audit = audit_dataset(read_dataset(tmp_path / "labels.csv"))
    assert audit.findings.loc[audit.findings["kind"] == "group_across_splits", "detail"].tolist() == [
        "'p0' is in test and train"
    ]


def test_imbalance_and_small_classes_are_told_by_name(tmp_path):
    audit = audit_of(tmp_path, sound_files(cat=23, dog=2))
    details = audit.findings.set_index("kind")["detail"]
    assert details["imbalance"] == "'cat' has 23 images, 'dog' 2"
    assert details["class_too_small"] == "'dog' has 2 separate images in 2 files"
    assert "imbalance" not in set(audit_of(tmp_path / "fair", sound_files(cat=30, dog=3)).findings["kind"])


def test_a_class_without_a_usable_picture_is_left_out(tmp_path):
    audit = audit_of(tmp_path, {**sound_files(cat=3, dog=3), "labels/a.txt": b"x"})
    assert audit.dataset.class_names == ("cat", "dog")
    assert audit.findings.loc[audit.findings["kind"] == "class_without_pictures", "detail"].tolist() == ["'labels'"]


def test_an_odd_folder_is_named_once(tmp_path):
    audit = audit_of(tmp_path, {f"ice {name}": content for name, content in sound_files(cream=3, tea=3).items()})
    assert paths_of(audit, "odd_name") == ["ice cream", "ice tea"]


def test_remarks_of_reading_become_findings(tmp_path):
    write_files(tmp_path, sound_files(cat=3, dog=3))
    (tmp_path / "cat" / "up").symlink_to(tmp_path)
    assert paths_of(audit_dataset(read_dataset(tmp_path)), "link_loop") == ["cat/up"]


def test_nothing_readable_is_an_error_with_the_reasons(tmp_path):
    with pytest.raises(NoReadableImagesError) as caught:
        audit_of(tmp_path, {"cat/1.jpg": b"", "cat/2.jpg": b"", "dog/1.jpg": b"x"})
    assert "2 empty file, 1 unreadable" in str(caught.value)


@pytest.mark.parametrize("other", [{}, {"dog/1.jpg": b""}])
def test_one_class_is_an_error(tmp_path, other):
    with pytest.raises(OneClassError, match="'cat'"):
        audit_of(tmp_path, {**sound_files(cat=4), **other})


def test_json_holds_the_findings(tmp_path):
    audit = audit_of(tmp_path / "data", {**sound_files(cat=3, dog=3), "cat/bad.png": b"", "cat/schön.txt": b"x"})
    audit.write(tmp_path / "audit.json")
    content = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    assert content["format_version"] == 1
    assert content["num_files"] == 8
    assert content["num_usable"] == 6
    assert content["findings"] == audit.findings.to_dict("records")
    assert content["left_out"][0] == {"path": "cat/bad.png", "reason": "empty file: 0 bytes"}
    assert [row["kind"] for row in content["summary"]] == ["empty_file", "not_a_picture", "odd_name"]
    assert audit.summary()["count"].tolist() == [1, 1, 1]


def test_progress_counts_every_file(tmp_path):
    seen = []
    audit_dataset(
        read_dataset(write_files(tmp_path, sound_files(cat=3, dog=2))), progress=lambda *done: seen.append(done)
    )
    assert seen == [(number, 5) for number in range(1, 6)]


def test_findings_are_sorted_by_gravity():
    frame = findings_frame([Finding("odd_name", "b", ""), Finding("truncated", "c", ""), Finding("odd_name", "a", "")])
    assert frame["path"].tolist() == ["c", "a", "b"]


def test_several_labels_are_counted_each_and_copies_do_not_conflict(tmp_path):
    files = sound_files(all=8)
    files["all/copy.png"] = files["all/0.png"]
    write_files(tmp_path, files)
    rows = [f"all/{number}.png,{'a;b' if number % 2 else 'b'}" for number in range(8)] + ["all/copy.png,a"]
    (tmp_path / "labels.csv").write_text("\n".join(["path,label", *rows, ""]))
    audit = audit_dataset(read_dataset(tmp_path / "labels.csv"))
    assert audit.dataset.multi_label
    assert paths_of(audit, "conflicting_labels") == []
    assert split_dataset(audit.dataset).frame["split"].ne("").all()


WHOLE = [encoded(picture(), name) for name in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")] + [
    exif_turned(),
    animation(),
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(WHOLE), st.floats(0, 1), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=6))
def test_damaged_files_never_raise(tmp_path, content, kept, flips):
    damaged = bytearray(content[: round(kept * len(content))])
    for position, byte in flips:
        damaged[round(position * (len(damaged) - 1)) : round(position * (len(damaged) - 1)) + 1] = bytes([byte])
    path = tmp_path / "damaged.jpg"
    path.write_bytes(damaged)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as the audit does around all of its files
        found = inspect_file(path)
    left_out = any(KINDS[kind].severity == "error" for kind, _ in found.findings)
    assert left_out is (found.thumbnail is None)
    assert len(found.sha256) == 64


@pytest.mark.shared
def test_flowers_have_no_bad_file(shared_dir):
    audit = audit_dataset(read_dataset(shared_dir / "data" / "flowers5"))
    assert audit.left_out == []
    assert set(audit.summary()["kind"]) == {"near_duplicate"}


def test_a_folder_is_audited_by_its_path(tmp_path):
    write_files(tmp_path, sound_files(cat=3, dog=2, fox=1))
    found = headstart.audit(tmp_path, min_per_class=2)
    assert found.num_files == 6
    assert list(found.dataset.class_names) == ["cat", "dog"]
    assert list(found.findings["kind"]) == list(audit_dataset(read_dataset(tmp_path), min_per_class=2).findings["kind"])
