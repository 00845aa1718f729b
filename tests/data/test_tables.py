import pandas as pd
import pytest

from headstart.data import read_dataset
from headstart.errors import SplitError, TableColumnsError, TablePathMissingError, TablePathOutsideError


@pytest.fixture
def folder(tmp_path):
    """A folder for tables with four files, which reading never opens, and one file outside it."""
    root = tmp_path / "data"
    (root / "images").mkdir(parents=True)
    for number in range(4):
        (root / "images" / f"{number}.jpg").write_bytes(b"x")
    (tmp_path / "outside.jpg").write_bytes(b"x")
    return root


def write_table(folder, text, name="labels.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_csv_gives_one_row_a_picture(folder):
    dataset = read_dataset(write_table(folder, "path,label\nimages/1.jpg,dog\nimages/0.jpg,cat\n"))
    assert dataset.frame.to_dict("list") == {
        "path": ["images/0.jpg", "images/1.jpg"],
        "target": ["cat", "dog"],
        "group": ["", ""],
        "split": ["", ""],
    }
    assert dataset.root == folder.resolve()
    assert dataset.class_names == ("cat", "dog")


def test_all_table_formats_give_the_same_data_set(folder):
    table = pd.DataFrame(
        {
            "path": ["images/0.jpg", "images/1.jpg"],
            "label": ["NA", "001"],
            "split": ["train", "TEST"],
            "group": ["g", ""],
        }
    )
    table.to_csv(folder / "a.csv", index=False)
    table.to_csv(folder / "a.tsv", index=False, sep="\t")
    table.to_parquet(folder / "a.parquet")
    frames = [read_dataset(folder / name).frame for name in ("a.csv", "a.tsv", "a.parquet")]
    assert frames[0].to_dict("list") == {
        "path": ["images/0.jpg", "images/1.jpg"],
        "target": ["NA", "001"],
        "group": ["g", ""],
        "split": ["train", "test"],
    }
    pd.testing.assert_frame_equal(frames[0], frames[1])
    pd.testing.assert_frame_equal(frames[0], frames[2])


def test_whole_numbers_in_parquet_stay_whole(folder):
    table = pd.DataFrame({"path": ["images/0.jpg", "images/1.jpg"], "label": [10, 9], "group": [1, None]})
    table.to_parquet(folder / "a.parquet")
    dataset = read_dataset(folder / "a.parquet")
    assert dataset.class_names == ("9", "10")
    assert dataset.frame["group"].tolist() in (["1", ""], ["1.0", ""])


def test_semicolons_make_labels_multiple(folder):
    text = "path,label\nimages/0.jpg,dog; cat\nimages/1.jpg,dog\nimages/2.jpg,cat;dog;cat\n"
    dataset = read_dataset(write_table(folder, text))
    assert dataset.multi_label
    assert dataset.class_names == ("cat", "dog")
    assert dataset.frame["target"].tolist() == ["cat;dog", "dog", "cat;dog"]


def test_other_column_names_can_be_named(folder):
    text = "file,kind,fold,patient\nimages/0.jpg,a,val,p1\nimages/1.jpg,b,training,p2\n"
    dataset = read_dataset(
        write_table(folder, text), path_column="file", label_column="kind", split_column="fold", group_column="patient"
    )
    assert dataset.frame["split"].tolist() == ["validation", "train"]
    assert dataset.frame["group"].tolist() == ["p1", "p2"]


def test_byte_order_mark_and_blanks_of_spreadsheets_do_no_harm(folder):
    dataset = read_dataset(write_table(folder, "\ufeffpath, label\nimages/0.jpg, cat \nimages/1.jpg, dog\n"))
    assert dataset.class_names == ("cat", "dog")


def test_missing_column_offers_the_nearest(folder):
    with pytest.raises(TableColumnsError, match="'labels'"):
        read_dataset(write_table(folder, "path,labels,x\nimages/0.jpg,a,1\n"))
    with pytest.raises(TableColumnsError, match="'filename'"):
        read_dataset(write_table(folder, "filename,label\nimages/0.jpg,a\n"))
    with pytest.raises(TableColumnsError, match="no column 'fold'"):
        read_dataset(write_table(folder, "path,label\nimages/0.jpg,a\n"), split_column="fold")
    with pytest.raises(TableColumnsError, match="semicolons between"):
        read_dataset(write_table(folder, "path;label\nimages/0.jpg;a\n"))


@pytest.mark.parametrize("content", [b"", b"path,label\n", b"path,label\n\xff\xfe,a\n", b'path,label\n"open'])
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
def test_empty_and_unreadable_tables_are_refused(folder, content, suffix):
    path = folder / f"labels{suffix}"
    path.write_bytes(content)
    with pytest.raises(TableColumnsError):
        read_dataset(path)


@pytest.mark.parametrize("label", ["", "  ", ";", " ; "])
def test_empty_labels_are_refused(folder, label):
    with pytest.raises(TableColumnsError, match="row 2"):
        read_dataset(write_table(folder, f"path,label\nimages/0.jpg,a\nimages/1.jpg,{label}\n"))


def test_missing_files_are_counted_and_the_first_named(folder):
    rows = "".join(f"images/{number}.jpg,a\n" for number in range(12))
    with pytest.raises(TablePathMissingError) as caught:
        read_dataset(write_table(folder, "path,label\n" + rows))
    message = str(caught.value)
    assert "8 pictures" in message
    assert "'images/4.jpg'" in message
    assert "3 more" in message
    assert "images/9.jpg" not in message


@pytest.mark.parametrize("path", ["images", "nul\0l.jpg", "x" * 5000, '""'])
def test_what_is_no_file_is_missing(folder, path):
    with pytest.raises(TablePathMissingError):
        read_dataset(write_table(folder, f"path,label\n{path},a\nimages/0.jpg,b\n"))


@pytest.mark.parametrize(
    "path", ["../outside.jpg", "images/../../outside.jpg", "{outside}", "link.jpg", "linked/outside.jpg"]
)
def test_paths_out_of_the_folder_are_refused(folder, path):
    outside = folder.parent / "outside.jpg"
    (folder / "link.jpg").symlink_to(outside)
    (folder / "linked").symlink_to(folder.parent)
    with pytest.raises(TablePathOutsideError, match="1 picture "):
        read_dataset(write_table(folder, f"path,label\n{path.format(outside=outside)},a\nimages/0.jpg,b\n"))


@pytest.mark.parametrize(
    "path", ["./images/0.jpg", "images//0.jpg", "images/../images/0.jpg", "images\\0.jpg", "{root}/images/0.jpg"]
)
def test_paths_within_the_folder_may_be_written_in_any_way(folder, path):
    dataset = read_dataset(write_table(folder, f"path,label\n{path.format(root=folder)},a\nimages/1.jpg,b\n"))
    assert dataset.frame["path"].tolist() == ["images/0.jpg", "images/1.jpg"]


def test_a_name_beginning_with_two_dots_lies_inside(folder):
    (folder / "..0.jpg").write_bytes(b"x")
    assert len(read_dataset(write_table(folder, "path,label\n..0.jpg,a\nimages/1.jpg,b\n"))) == 2


def test_a_table_reached_through_a_link_uses_the_folder_it_lies_in(folder, tmp_path):
    link = tmp_path / "labels.csv"
    link.symlink_to(write_table(folder, "path,label\nimages/0.jpg,a\n"))
    assert read_dataset(link).root == folder.resolve()


def test_unknown_and_hopeless_splits_are_refused(folder):
    with pytest.raises(SplitError, match="'later'"):
        read_dataset(write_table(folder, "path,label,split\nimages/0.jpg,a,later\nimages/1.jpg,b,train\n"))
    with pytest.raises(SplitError, match="nothing to train on"):
        read_dataset(write_table(folder, "path,label,split\nimages/0.jpg,a,test\nimages/1.jpg,b,val\n"))


def test_repeated_rows_count_once_and_contradictions_are_refused(folder):
    text = "path,label\nimages/0.jpg,a\nimages/0.jpg,a\nimages/1.jpg,b\n"
    assert len(read_dataset(write_table(folder, text))) == 2
    with pytest.raises(TableColumnsError, match="'a;b'"):
        read_dataset(write_table(folder, text + "images/0.jpg,b\n"))
