import contextlib
import io
import struct
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from headstart.data.images import RESIZE_MODES, ImageSource, decode_image, open_rgb, resize_image
from headstart.errors import ImageSizeError, RecipeError, UnreadableImageError

RED, GREEN, BLUE, YELLOW = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)
ORIENTATION = 0x0112

sides = st.integers(1, 64)


def four_corners(height: int = 24, width: int = 40) -> np.ndarray:
    """Red top left, green top right, blue bottom left, yellow bottom right."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = RED
    pixels[: height // 2, width // 2 :] = GREEN
    pixels[height // 2 :, : width // 2] = BLUE
    pixels[height // 2 :, width // 2 :] = YELLOW
    return pixels


def corners_of(pixels: np.ndarray) -> list[tuple[int, ...]]:
    inner = [(2, 2), (2, -3), (-3, 2), (-3, -3)]
    return [tuple(round(value / 255) * 255 for value in pixels[place]) for place in inner]


def as_stored(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """The pixels a camera held in another way stores, from the definition of the tag in the EXIF standard (4.6.4 A)."""
    row_0_is_at, column_0_is_at = {
        1: ("top", "left"),
        2: ("top", "right"),
        3: ("bottom", "right"),
        4: ("bottom", "left"),
        5: ("left", "top"),
        6: ("right", "top"),
        7: ("right", "bottom"),
        8: ("left", "bottom"),
    }[orientation]
    stored = pixels if row_0_is_at in ("top", "bottom") else pixels.transpose(1, 0, 2)
    stored = stored[::-1] if row_0_is_at in ("bottom", "right") else stored
    return stored[:, ::-1] if column_0_is_at in ("bottom", "right") else stored


def with_orientation(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return exif


def encoded(image: Image.Image, file_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tiff", "webp"])
def test_corners_stay_where_the_person_saw_them_whatever_the_exif_orientation(tmp_path, orientation, suffix):
    path = tmp_path / f"picture.{suffix}"
    exif = with_orientation(orientation)
    Image.fromarray(np.ascontiguousarray(as_stored(four_corners(), orientation))).save(path, exif=exif)

    upright = decode_image(path)

    assert upright.shape == (24, 40, 3)
    assert corners_of(upright) == [RED, GREEN, BLUE, YELLOW]
    for mode in ("stretch", "crop"):
        assert corners_of(resize_image(upright, (32, 32), mode)) == [RED, GREEN, BLUE, YELLOW]


def test_damaged_exif_does_not_make_a_picture_unreadable():
    whole = encoded(Image.fromarray(four_corners()), "JPEG", exif=with_orientation(6), quality=95)
    damaged = whole.replace(b"Exif\0\0MM\0*", b"Exif\0\0??\0*")
    assert damaged != whole
    assert corners_of(np.asarray(open_rgb(damaged))) == [RED, GREEN, BLUE, YELLOW]


def test_bytes_and_path_give_the_same_pixels(tmp_path):
    path = tmp_path / "picture.jpg"
    Image.fromarray(four_corners()).save(path)
    assert np.array_equal(open_rgb(path), open_rgb(path.read_bytes()))


def test_16_bit_grey_is_scaled_not_clipped():
    ramp = np.linspace(0, 65535, 256).round().astype(np.uint16).reshape(16, 16)
    for file_format in ("PNG", "TIFF"):
        grey = np.asarray(open_rgb(encoded(Image.fromarray(ramp), file_format)))
        assert np.array_equal(grey[..., 0].ravel(), np.arange(256)), file_format
        assert np.array_equal(grey[..., 0], grey[..., 2])


def test_16_bit_portable_greymap_is_scaled():
    values = np.array([0, 257 * 100, 65535], ">u2")
    file = b"P5 3 1 65535\n" + values.tobytes()
    assert np.asarray(open_rgb(file))[0, :, 0].tolist() == [0, 100, 255]


def test_32_bit_grey_beyond_16_bits_is_refused_because_its_white_is_unknown():
    picture = Image.fromarray(np.array([[0, 70000]], np.int32))
    with pytest.raises(UnreadableImageError, match="70000"):
        open_rgb(encoded(picture, "TIFF"))


def test_floating_point_grey_from_0_to_1_is_read_and_any_other_refused():
    floats = np.array([[0.0, 0.5, 1.0]], np.float32)
    assert np.asarray(open_rgb(encoded(Image.fromarray(floats), "TIFF")))[0, :, 0].tolist() == [0, 128, 255]
    for bad in (floats * 300, floats - 1, floats * np.nan):
        with pytest.raises(UnreadableImageError, match="floating-point"):
            open_rgb(encoded(Image.fromarray(bad), "TIFF"))


def test_1_bit_pictures_become_black_and_white():
    bits = np.array([[True, False]])
    assert np.asarray(open_rgb(encoded(Image.fromarray(bits), "PNG"))).tolist() == [[[255] * 3, [0] * 3]]


def test_cmyk_jpeg_keeps_its_colours():
    file = encoded(Image.fromarray(four_corners()).convert("CMYK"), "JPEG", quality=95)
    assert Image.open(io.BytesIO(file)).mode == "CMYK"
    assert corners_of(np.asarray(open_rgb(file))) == [RED, GREEN, BLUE, YELLOW]


def test_transparency_is_laid_on_white_even_where_the_hidden_colour_is_black():
    pixels = np.zeros((1, 3, 4), np.uint8)
    pixels[0, :, 3] = [0, 51, 255]  # hidden, one fifth, opaque; all black
    for file_format in ("PNG", "WEBP"):
        file = encoded(Image.fromarray(pixels), file_format, **({"lossless": True} if file_format == "WEBP" else {}))
        assert np.asarray(open_rgb(file))[0, :, 0].tolist() == [255, 204, 0], file_format


def test_grey_with_alpha_is_laid_on_white():
    file = encoded(Image.merge("LA", (Image.new("L", (2, 2), 0), Image.new("L", (2, 2), 0))), "PNG")
    assert np.asarray(open_rgb(file)).min() == 255


@pytest.mark.parametrize("file_format", ["PNG", "GIF"])
def test_transparent_palette_entry_becomes_white(file_format):
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 200, 100, 50])
    picture.putdata([0, 1])
    file = encoded(picture, file_format, transparency=0)
    assert np.asarray(open_rgb(file)).tolist() == [[[255, 255, 255], [200, 100, 50]]]


@pytest.mark.parametrize("file_format", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_an_animation_the_first_picture_counts(file_format):
    red, blue = Image.new("RGB", (8, 8), RED), Image.new("RGB", (8, 8), BLUE)
    options = {"lossless": True} if file_format == "WEBP" else {}
    file = encoded(red, file_format, save_all=True, append_images=[blue], **options)
    assert Image.open(io.BytesIO(file)).n_frames == 2
    assert np.asarray(open_rgb(file))[4, 4].tolist() == list(RED)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_a_file_that_was_cut_off_is_refused_by_name(tmp_path, share, suffix):
    path = tmp_path / f"holiday.{suffix}"
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(UnreadableImageError, match=r"holiday") as raised:
        open_rgb(path)
    assert raised.value.__cause__ is not None


def test_what_is_no_picture_says_what_came(tmp_path):
    text = tmp_path / "notes.jpg"
    text.write_text("milk, bread")
    empty = tmp_path / "empty.jpg"
    empty.touch()
    expected = {text: "11 bytes", empty: "an empty file", tmp_path: "a folder", tmp_path / "gone": "no file"}
    for path, received in expected.items():
        with pytest.raises(UnreadableImageError) as raised:
            open_rgb(path)
        assert received in raised.value.received
        assert str(path) in raised.value.problem
    with pytest.raises(UnreadableImageError, match="empty file"):
        open_rgb(b"")


def test_postscript_is_never_handed_to_ghostscript():
    with pytest.raises(UnreadableImageError, match="not an image in one of these"):
        open_rgb(encoded(Image.new("RGB", (4, 4)), "EPS"))


def test_decompression_bomb_is_refused_without_decoding():
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0))
    with pytest.raises(UnreadableImageError) as raised:
        open_rgb(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
    assert isinstance(raised.value.__cause__, Image.DecompressionBombError)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_bytes_give_a_picture_or_the_one_error(data):
    file = bytearray(data.draw(st.sampled_from(FILES)))
    for _ in range(data.draw(st.integers(1, 8))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on odd files
        with contextlib.suppress(UnreadableImageError):
            assert open_rgb(bytes(file)).mode == "RGB"


FILES = [
    encoded(Image.fromarray(four_corners()), file_format)
    for file_format in ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP")
]


@settings(max_examples=60, deadline=None)
@given(sides, sides, sides, sides, st.sampled_from(RESIZE_MODES))
def test_resized_pictures_have_the_size_asked_for_and_the_colour_they_had(height, width, to_height, to_width, mode):
    resized = resize_image(np.full((height, width, 3), (9, 99, 199), np.uint8), (to_height, to_width), mode)
    assert resized.shape == (to_height, to_width, 3)
    assert resized.dtype == np.uint8
    assert not resized.flags.writeable
    colours = {tuple(colour) for colour in resized.reshape(-1, 3).tolist()}
    assert (9, 99, 199) in colours
    assert colours <= {(9, 99, 199), (0, 0, 0)} if mode == "pad" else colours == {(9, 99, 199)}


@settings(max_examples=60, deadline=None)
@given(sides, sides, sides, sides)
def test_padding_keeps_proportions_to_the_pixel_and_centres(height, width, to_height, to_width):
    resized = resize_image(np.full((height, width, 3), 255, np.uint8), (to_height, to_width), "pad")
    rows, columns = np.flatnonzero(resized.any((1, 2))), np.flatnonzero(resized.any((0, 2)))
    scale = min(to_height / height, to_width / width)
    assert abs(len(rows) - max(1, height * scale)) <= 0.5
    assert abs(len(columns) - max(1, width * scale)) <= 0.5
    assert abs(rows[0] - (to_height - 1 - rows[-1])) <= 1
    assert abs(columns[0] - (to_width - 1 - columns[-1])) <= 1
    assert resized[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].min() == 255


def test_a_very_long_picture_can_be_padded():
    line = np.full((1, 3000, 3), 255, np.uint8)
    assert (resize_image(line, (32, 32), "pad") == 255).any((1, 2)).sum() == 1


def test_cropping_cuts_equally_on_both_sides():
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 255
    assert resize_image(wide, (10, 10), "crop").min() == 255


def test_resizing_to_the_same_size_changes_nothing():
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    for mode in RESIZE_MODES:
        assert np.array_equal(resize_image(pixels, (20, 30), mode), pixels), mode


def test_shrinking_averages_instead_of_skipping_pixels():
    checkers = np.indices((256, 256)).sum(0) % 2 * np.uint8(255)
    shrunk = resize_image(np.repeat(checkers[..., None].astype(np.uint8), 3, 2), (16, 16))
    assert np.abs(shrunk.astype(int) - 127.5).max() < 10


@pytest.mark.parametrize("image_size", [(0, 10), (10, -1)])
def test_a_size_below_one_pixel_is_refused(image_size):
    with pytest.raises(ImageSizeError):
        resize_image(np.zeros((4, 4, 3), np.uint8), image_size)
    with pytest.raises(ImageSizeError):
        ImageSource([], image_size=image_size)


def test_an_unknown_resize_mode_is_refused_with_the_known_ones():
    with pytest.raises(RecipeError, match="stretch, pad, crop"):
        resize_image(np.zeros((4, 4, 3), np.uint8), (8, 8), "squeeze")
    with pytest.raises(RecipeError, match="squeeze"):
        ImageSource([], image_size=(8, 8), resize_mode="squeeze")


@pytest.fixture
def pictures(tmp_path) -> list[Path]:
    paths = [tmp_path / f"{index}.png" for index in range(5)]
    for index, path in enumerate(paths):
        Image.new("RGB", (20, 10), (index * 50, 0, 0)).save(path)
    return paths


@pytest.mark.parametrize("mode", RESIZE_MODES)
def test_the_source_gives_what_reading_and_resizing_gives(pictures, mode):
    source = ImageSource(pictures, image_size=(8, 8), resize_mode=mode)
    assert len(source) == 5
    for index, path in enumerate(pictures):
        assert np.array_equal(source.load(index), resize_image(decode_image(path), (8, 8), mode))
    assert np.array_equal(source.load_all(), np.stack([source.load(index) for index in range(5)]))


def test_remembered_pictures_need_no_file_and_the_rest_are_read_again(pictures):
    source = ImageSource(pictures, image_size=(8, 8), cache_bytes=3 * 8 * 8 * 3 + 1)
    for index in range(5):
        source.load(index)
    for path in pictures:
        path.unlink()
    assert [source.load(index)[0, 0, 0] for index in range(3)] == [0, 50, 100]
    for index in (3, 4):
        with pytest.raises(UnreadableImageError, match=rf"{index}\.png"):
            source.load(index)
    assert source.failure is not None
    assert "4.png" in source.failure.problem


def test_a_source_without_cache_remembers_nothing(pictures):
    source = ImageSource(pictures, image_size=(8, 8), cache_bytes=0)
    source.load(0)
    pictures[0].unlink()
    with pytest.raises(UnreadableImageError):
        source.load(0)


def test_remembered_pictures_cannot_be_changed_by_accident(pictures):
    with pytest.raises(ValueError, match="read-only"):
        ImageSource(pictures, image_size=(8, 8)).load(0)[:] = 0


def test_many_threads_see_the_same_pictures_and_keep_within_the_cache(pictures):
    source = ImageSource(pictures, image_size=(8, 8), cache_bytes=2 * 8 * 8 * 3)
    seen: list[list[int]] = []

    def read() -> None:
        seen.append([int(source.load(index)[0, 0, 0]) for index in range(5) for _ in range(20)])

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [[value for value in (0, 50, 100, 150, 200) for _ in range(20)]] * 8
    for path in pictures:
        path.unlink()
    remembered = 0
    for index in range(5):
        with contextlib.suppress(UnreadableImageError):
            source.load(index)
            remembered += 1
    assert remembered == 2


def test_an_unreadable_picture_stops_reading_all(pictures):
    pictures[2].write_bytes(b"")
    with pytest.raises(UnreadableImageError, match=r"2\.png"):
        ImageSource(pictures, image_size=(8, 8)).load_all()


@pytest.mark.shared
def test_real_pictures_look_as_pillow_shows_them(shared_dir):
    for path in sorted((shared_dir / "data" / "trashnet").rglob("*.jpg"))[::100]:
        with Image.open(path) as image:
            assert np.array_equal(decode_image(path), ImageOps.exif_transpose(image).convert("RGB"))
