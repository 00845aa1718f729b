"""Images with unusual numbers of bands, bits and ranges: read right, or refused with the reason."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from headstart.data import audit_dataset, decode_image, open_rgb, read_dataset
from headstart.data.inspection import inspect_file
from headstart.errors import UnreadableImageError


def tiff(pixels, *, photometric=1, sample_format=1, bits=None, byte_order="<"):
    """An uncompressed TIFF with one strip: `(height, width, bands)`; Pillow writes none of most of these."""
    height, width, bands = pixels.shape
    bits = bits or pixels.dtype.itemsize * 8
    strip = pixels.astype(pixels.dtype.newbyteorder(byte_order)).tobytes()
    tags = [(256, 3, [width]), (257, 3, [height]), (258, 3, [bits] * bands), (259, 3, [1]), (262, 3, [photometric])]
    tags += [(273, 4, [0]), (277, 3, [bands]), (278, 3, [height]), (279, 4, [len(strip)])]
    colours = {0: 1, 1: 1, 2: 3}[photometric]
    tags += [(338, 3, [0] * (bands - colours))] if bands > colours else []
    tags += [(339, 3, [sample_format] * bands)]
    after = 8 + 2 + 12 * len(tags) + 4
    entries, extra = b"", b""
    for tag, kind, values in tags:
        code = {3: "H", 4: "I"}[kind]
        packed = struct.pack(f"{byte_order}{len(values)}{code}", *values)
        if len(packed) > 4:
            place = struct.pack(f"{byte_order}I", after + len(extra))
            extra += packed
            packed = place
        entries += struct.pack(f"{byte_order}HHI", tag, kind, len(values)) + packed.ljust(4, b"\0")
    strip_at = after + len(extra)
    position = [tag for tag, *_ in tags].index(273) * 12 + 8
    entries = entries[:position] + struct.pack(f"{byte_order}I", strip_at) + entries[position + 4 :]
    mark = b"II*\0" if byte_order == "<" else b"MM\0*"
    head = mark + struct.pack(f"{byte_order}IH", 8, len(tags)) + entries + struct.pack(f"{byte_order}I", 0)
    return head + extra + strip


def pixels_of(content):
    return np.asarray(open_rgb(content))


@pytest.mark.parametrize("bands", [5, 6, 8, 13])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("byte_order", ["<", ">"])
def test_more_than_four_bands_are_refused_by_number(tmp_path, bands, kind, byte_order, caplog):
    path = tmp_path / "field.tif"
    path.write_bytes(tiff(np.full((8, 9, bands), 7, kind), photometric=2, byte_order=byte_order))
    with pytest.raises(UnreadableImageError, match=rf"{bands} bands; expected 1 to 4"):
        open_rgb(path)
    assert inspect_file(path).findings[-1][0] == "unsupported_pixels"
    assert f"{bands} bands" in inspect_file(path).findings[-1][1]


@pytest.mark.parametrize(
    ("pixels", "sample_format", "reason"),
    [
        (np.ones((4, 4, 1), np.float64), 3, "1 band of 64 bits, floating-point numbers"),
        (np.ones((4, 4, 3), np.float32), 3, "3 bands of 32 bits, floating-point numbers"),
        (np.ones((4, 4, 2), np.uint16), 1, "2 bands of 16 bits, whole numbers"),
        (np.full((4, 4, 1), -5, np.int16), 2, "from -5 to -5"),
        (np.full((4, 4, 1), 300, np.float32), 3, "from 300 to 300; expected 0 to 1"),
        (np.full((4, 4, 1), np.nan, np.float32), 3, "not finite"),
        (np.full((4, 4, 1), 70000, np.uint32), 1, "to 70000; expected 0 to 65535"),
    ],
)
def test_numbers_that_no_viewer_could_show_are_refused_with_the_reason(tmp_path, pixels, sample_format, reason):
    path = tmp_path / "field.tif"
    photometric = 2 if pixels.shape[2] == 3 else 1
    path.write_bytes(tiff(pixels, photometric=photometric, sample_format=sample_format))
    with pytest.raises(UnreadableImageError, match=reason):
        open_rgb(path)
    assert inspect_file(path).findings[-1][0] == "unsupported_pixels"


def test_grey_of_16_bits_whose_zero_is_white_is_turned_around():
    ramp = np.array([[[0], [32768], [65535]]], np.uint16)
    assert pixels_of(tiff(ramp, photometric=0))[0, :, 0].tolist() == [255, 127, 0]
    assert pixels_of(tiff(ramp, photometric=1))[0, :, 0].tolist() == [0, 128, 255]


def test_grey_of_a_tiff_that_states_12_bits_is_scaled_from_12_bits():
    packed = np.array([[[0x00], [0x0F], [0xFF]]], np.uint8)  # two values of 12 bits: 0 and 4095
    content = bytearray(tiff(packed, bits=12))
    content[content.index(struct.pack("<HHI", 256, 3, 1)) + 8] = 2  # two pixels wide
    assert pixels_of(bytes(content))[0, :, 0].tolist() == [0, 255]


def write_folder(root, highest, suffix):
    noise = np.random.default_rng(0)
    for name in ("cat/1", "cat/2", "dog/1", "dog/2"):
        path = root / f"{name}.{suffix}"
        path.parent.mkdir(exist_ok=True)
        grey = noise.integers(0, highest + 1, (40, 40)).astype(np.uint16)
        grey[0, 0] = highest
        if suffix == "tif":  # colours: Pillow writes no RGB of 16 bits
            path.write_bytes(tiff(np.repeat(grey[..., None], 3, axis=2), photometric=2))
        else:
            Image.fromarray(grey).save(path)


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize(("highest", "bits"), [(255, 8), (1000, 10), (4095, 12), (16383, 14), (40000, None)])
def test_images_of_16_bits_that_use_a_small_part_of_the_range_are_told_with_the_factor(tmp_path, suffix, highest, bits):
    write_folder(tmp_path, highest, suffix)
    findings = audit_dataset(read_dataset(tmp_path)).findings
    told = findings[findings["kind"] == "narrow_range"]
    assert len(told) == (0 if bits is None else 1)
    if bits:
        assert told["severity"].tolist() == ["warning"]
        assert f"{bits}-bit" in told["detail"].iloc[0]
        assert f"multiply all of them by {2 ** (16 - bits)} " in told["detail"].iloc[0]


def test_one_bright_image_shows_that_the_range_is_used(tmp_path):
    write_folder(tmp_path, 4095, "png")
    Image.fromarray(np.full((40, 40), 60000, np.uint16)).save(tmp_path / "cat" / "3.png")
    assert "narrow_range" not in set(audit_dataset(read_dataset(tmp_path)).findings["kind"])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"])
def test_every_usual_mode_of_a_tiff_keeps_a_bright_and_a_dark_half(tmp_path, mode):
    half = np.zeros((8, 8), np.uint8)
    half[:, 4:] = 255
    image = Image.fromarray(half)
    if mode in {"I;16", "I"}:
        image = Image.fromarray((half.astype(np.uint16) * 257).astype(np.uint16 if mode == "I;16" else np.int32))
    elif mode == "F":
        image = Image.fromarray(half.astype(np.float32) / 255)
    else:
        image = image.convert(mode)
    file = io.BytesIO()
    image.save(file, "TIFF")
    (tmp_path / "a.tif").write_bytes(file.getvalue())
    pixels = decode_image(tmp_path / "a.tif")
    assert pixels[:, :4].max() < 8
    assert pixels[:, 4:].min() > 247
