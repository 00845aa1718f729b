"""Files in forms that are not read: what each is, and what to do."""

import pytest
from PIL import Image

from headstart.data import read_dataset
from headstart.errors import NoClassFoldersError

FORMS = {
    "labels.xlsx": ("a spreadsheet", "Save it as CSV"),
    "labels.XLS": ("a spreadsheet", "Save it as CSV"),
    "labels.ods": ("a spreadsheet", "CSV UTF-8"),
    "labels.gsheet": ("a link to a spreadsheet", "Comma-separated values"),
    "labels.jsonl": ("one JSON object per line", "Save it as CSV"),
    "train.txt": ("a text file", "save it as CSV"),
    "labels.csv.gz": ("a packed table", "Unpack it"),
    "images.zip": ("an archive", "Unpack it"),
    "images.tar.gz": ("an archive", "Unpack it"),
    "images.rar": ("an archive", "Unpack it"),
    "train.tfrecord": ("TensorFlow records", "Write its images to files"),
    "train.tfrecord-00000-of-00010": ("TensorFlow records", "Write its images to files"),
    "digits.npz": ("NumPy arrays", "Write its images to files"),
    "imagelabels.mat": ("MATLAB", "Write its images to files"),
    "camelyon.h5": ("HDF5", "Write its images to files"),
    "train.arrow": ("packed data", "Write its images to files"),
    "labels.sqlite": ("a database", "Save it as CSV"),
    "scan.dcm": ("a medical or microscope image", "Convert the images"),
    "film.mp4": ("a video", "Save its frames"),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("beside", [False, True])
def test_files_of_other_forms_are_named_with_what_to_do(tmp_path, name, beside):
    (tmp_path / name).write_bytes(b"PK")
    if beside:  # images that nothing labels do not change the advice
        Image.new("RGB", (4, 4)).save(tmp_path / "1.jpg")
    what, hint = FORMS[name]
    for path in (tmp_path / name, tmp_path):
        with pytest.raises(NoClassFoldersError) as caught:
            read_dataset(path)
        assert what in str(caught.value)
        assert hint in str(caught.value)
        assert name in str(caught.value)


def test_several_files_of_a_form_are_counted_and_notes_are_not_taken_for_lists(tmp_path):
    for number in range(3):
        (tmp_path / f"{number}.npz").write_bytes(b"")
    (tmp_path / "README.txt").write_text("About this data.")
    with pytest.raises(NoClassFoldersError, match=r"'0.npz' and 2 more such files"):
        read_dataset(tmp_path)


def test_a_folder_with_a_note_only_is_described_as_before(tmp_path):
    (tmp_path / "README.txt").write_text("About this data.")
    with pytest.raises(NoClassFoldersError, match="no class folders"):
        read_dataset(tmp_path)


def test_a_folder_of_images_beside_a_spreadsheet_is_no_class(tmp_path):
    (tmp_path / "images").mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "images" / "1.jpg")
    (tmp_path / "labels.xlsx").write_bytes(b"PK")
    with pytest.raises(NoClassFoldersError, match=r"labels.xlsx.*Save it as CSV"):
        read_dataset(tmp_path)
    assert read_dataset(tmp_path, format="folders").class_names == ("images",)
