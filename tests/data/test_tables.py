import numpy as np
import pandas as pd
import pytest
from PIL import Image

from headstart.data import audit_dataset, read_dataset, split_dataset
from headstart.errors import (
    ClassTooSmallError,
    SplitError,
    TableColumnsError,
    TablePathMissingError,
    TablePathOutsideError,
)
from headstart.task_spec import CLASSIFICATION, REGRESSION


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


@pytest.mark.parametrize(
    "lines", ["path,label,,|{},cat,,|{},dog,,", ",path,label,|1,{},cat,x|2,{},dog,y", "path,label,,|{},cat,,|{},dog"]
)
def test_columns_without_a_name_are_passed_over(folder, lines):
    text = lines.replace("|", "\n").format("images/1.jpg", "images/0.jpg")
    assert read_dataset(write_table(folder, text)).frame["target"].tolist() == ["dog", "cat"]


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


def test_missing_column_offers_the_columns_that_are_there_the_nearest_first(folder):
    with pytest.raises(TableColumnsError, match=r"no column 'fold'.*the columns 'path', 'label'"):
        read_dataset(write_table(folder, "path,label\nimages/0.jpg,a\n"), split_column="fold")
    with pytest.raises(TableColumnsError, match=r"no column 'labell'.*the columns 'label', 'path'"):
        read_dataset(write_table(folder, "path,label\nimages/0.jpg,a\n"), label_column="labell")
    with pytest.raises(TableColumnsError, match=r"no column 'label'.*'weather'.*--label-column"):
        read_dataset(write_table(folder, "path,weather,mood\nimages/0.jpg,dry,good\n"))


@pytest.mark.parametrize("content", [b"", b"path,label\n", b"path,label\n\xff\xfe,a\n", b'path,label\n"open'])
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
def test_empty_and_unreadable_tables_are_refused(folder, content, suffix):
    path = folder / f"labels{suffix}"
    path.write_bytes(content)
    with pytest.raises(TableColumnsError):
        read_dataset(path)


@pytest.mark.parametrize("label", ["", "  ", ";", " ; ", "nan", "NaN", "NULL", "null", "<NA>", "#N/A", "NaT"])
def test_rows_without_a_label_are_left_out_and_named(folder, label):
    dataset = read_dataset(write_table(folder, f"path,label\nimages/0.jpg,a\nimages/1.jpg,{label}\nimages/2.jpg,b\n"))
    assert dataset.class_names == ("a", "b")
    assert dataset.frame["path"].tolist() == ["images/0.jpg", "images/2.jpg"]
    (remark,) = dataset.remarks
    assert (remark.kind, remark.path) == ("missing_label", "images/1.jpg")
    assert "row 2" in remark.detail


@pytest.mark.parametrize("label", ["None", "NA", "N/A", "?", "unknown"])
def test_what_may_be_the_name_of_a_class_stays_one_and_is_remarked(folder, label):
    dataset = read_dataset(write_table(folder, f"path,label\nimages/0.jpg,a\nimages/1.jpg,{label}\n"))
    assert label in dataset.class_names
    (remark,) = dataset.remarks
    assert remark.kind == "perhaps_missing"
    assert repr(label) in remark.detail


def test_a_table_without_any_label_is_refused(folder):
    with pytest.raises(TableColumnsError, match="no labels"):
        read_dataset(write_table(folder, "path,label\nimages/0.jpg,\nimages/1.jpg,nan\n"))


def test_missing_files_are_counted_and_the_first_named(folder):
    rows = "".join(f"images/{number}.jpg,a\n" for number in range(12))
    with pytest.raises(TablePathMissingError) as caught:
        read_dataset(write_table(folder, "path,label\n" + rows))
    message = str(caught.value)
    assert "8 images" in message
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
    with pytest.raises(TablePathOutsideError, match="1 image "):
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


@pytest.mark.parametrize("task", [None, CLASSIFICATION])
@pytest.mark.parametrize("label_column", ["label", "daisy,rose,yellow"])
@pytest.mark.parametrize("marks", [("0", "1"), ("0.0", "1.0"), ("False", "True"), ("-1", "1")])
def test_columns_of_0_and_1_are_classes_of_which_a_picture_may_have_several(folder, marks, label_column, task):
    no, yes = marks
    rows = [f"images/0.jpg,{yes},{no},{yes}", f"images/1.jpg,{no},{yes},{no}", f"images/2.jpg,{no},{no},{no}"]
    path = write_table(folder, "\n".join(["image,daisy,rose,yellow", *rows]))
    dataset = read_dataset(path, task=task, label_column=label_column)
    assert dataset.task == CLASSIFICATION
    assert dataset.multi_label
    assert dataset.class_names == ("daisy", "rose", "yellow")
    assert dataset.labels() == [("daisy", "yellow"), ("rose",), ()]
    assert dataset.class_matrix().tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 0]]
    assert {"marked_classes", "no_class"} <= {remark.kind for remark in dataset.remarks}


def test_columns_of_0_and_1_with_exactly_one_1_a_row_are_single_classes(folder):
    dataset = read_dataset(write_table(folder, "id,b,a\nimages/0.jpg,1,0\nimages/1.jpg,0,1\n"))
    assert not dataset.multi_label
    assert dataset.class_names == ("a", "b")
    assert dataset.frame["target"].tolist() == ["b", "a"]


def test_columns_of_0_and_1_are_numbers_when_asked_for(folder):
    path = write_table(folder, "path,a,b\nimages/0.jpg,1,0\nimages/1.jpg,0,1\n")
    assert read_dataset(path, task=REGRESSION, label_column="a,b").numbers().tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    "path_column", ["image", "filename", "File_Name", "file", "image_path", "img", "id", "image_id"]
)
@pytest.mark.parametrize("label_column", ["Label", "class", "category", "target", "species", "something"])
def test_columns_are_found_by_their_usual_names_and_told(folder, path_column, label_column):
    dataset = read_dataset(write_table(folder, f"{path_column},{label_column}\nimages/0.jpg,a\nimages/1.jpg,b\n"))
    assert dataset.class_names == ("a", "b")
    (remark,) = dataset.remarks
    assert remark.kind == "columns_taken"
    assert repr(path_column) in remark.detail
    assert repr(label_column) in remark.detail


def test_of_two_columns_that_could_hold_paths_the_one_with_file_names_is_meant(folder):
    text = "image_id,name,class\n7,images/0.jpg,a\n8,images/1.jpg,b\n"
    assert read_dataset(write_table(folder, text)).frame["path"].tolist() == ["images/0.jpg", "images/1.jpg"]
    with pytest.raises(TableColumnsError, match=r"several columns that could be the path: 'image', 'file'"):
        read_dataset(write_table(folder, "image,file,class\nimages/0.jpg,images/1.jpg,a\n"))
    with pytest.raises(TableColumnsError, match=r"several columns that could be the label: 'class', 'species'"):
        read_dataset(write_table(folder, "path,class,species\nimages/0.jpg,a,b\n"))


def test_a_column_of_parts_is_used_whatever_its_name(folder):
    text = "path,label,usage\nimages/0.jpg,a,Train\nimages/1.jpg,b,valid\nimages/2.jpg,a,test\n"
    assert read_dataset(write_table(folder, text)).frame["split"].tolist() == ["train", "validation", "test"]
    text = "name,label,is_valid\nimages/0.jpg,a,False\nimages/1.jpg,b,True\nimages/2.jpg,a,False\n"
    assert read_dataset(write_table(folder, text)).frame["split"].tolist() == ["train", "validation", "train"]


def test_folders_of_parts_in_the_paths_are_used_where_no_column_says_parts(folder):
    for part in ("train", "val"):
        (folder / part).mkdir()
        (folder / part / "1.jpg").write_bytes(b"x")
    text = "path,label\ntrain/1.jpg,a\nval/1.jpg,b\n"
    assert read_dataset(write_table(folder, text)).frame["split"].tolist() == ["train", "validation"]


def test_ids_without_ending_folder_or_capitals_are_found_by_name(folder):
    (folder / "images" / "007.JPG").write_bytes(b"x")
    dataset = read_dataset(write_table(folder, "id,label\n0,a\n1.JPG,b\n007,a\n"))
    assert dataset.frame["path"].tolist() == ["images/0.jpg", "images/007.JPG", "images/1.jpg"]
    assert "found_by_name" in {remark.kind for remark in dataset.remarks}


def test_a_name_that_fits_two_files_is_refused_with_both_unless_the_table_is_named_like_one_folder(folder):
    for name in ("train_images", "test_images"):
        (folder / name).mkdir()
        (folder / name / "9.png").write_bytes(b"x")
    with pytest.raises(TablePathMissingError, match=r"'test_images/9.png', 'train_images/9.png'"):
        read_dataset(write_table(folder, "id,label\n9,a\n"))
    dataset = read_dataset(write_table(folder, "id,label\n9,a\n", name="train.csv"))
    assert dataset.frame["path"].tolist() == ["train_images/9.png"]


@pytest.mark.parametrize(
    "path",
    [
        "C:\\Users\\me\\images\\0.jpg",
        "/home/me/data/images/0.jpg",
        "file:///C:/me/images/0.jpg",
        "file://{root}/images/0.jpg",
    ],
)
def test_paths_of_another_machine_are_found_by_their_last_folders(folder, path):
    dataset = read_dataset(write_table(folder, f"path,label\n{path.format(root=folder)},a\nimages/1.jpg,b\n"))
    assert dataset.frame["path"].tolist() == ["images/0.jpg", "images/1.jpg"]


def test_web_addresses_are_refused_with_what_to_do(folder):
    with pytest.raises(TablePathMissingError, match="Download the images first"):
        read_dataset(write_table(folder, "path,label\nhttps://example.com/images/0.jpg,a\n"))


@pytest.mark.parametrize("separator", [";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_other_separators_and_unicode_encodings_are_read(folder, separator, encoding):
    rows = ["path,label", "images/0.jpg,Müll", "images/1.jpg,b", ",", ""]
    (folder / "a.csv").write_text("\n".join(rows).replace(",", separator), encoding=encoding)
    assert read_dataset(folder / "a.csv").class_names == ("b", "Müll")


def test_tables_in_old_encodings_are_refused_with_what_to_do(folder):
    (folder / "a.csv").write_text("path,label\nimages/0.jpg,Müll\n", encoding="latin-1")
    with pytest.raises(TableColumnsError, match=r"not encoded in UTF-8.*CSV UTF-8"):
        read_dataset(folder / "a.csv")


def test_the_line_that_excel_puts_before_the_header_is_no_header(folder):
    text = "sep=;\r\npath;label\r\nimages/0.jpg;a\r\nimages/1.jpg;b\r\n"
    assert read_dataset(write_table(folder, text)).class_names == ("a", "b")


def test_a_table_without_a_header_is_read_where_two_columns_can_mean_only_one_thing(folder):
    dataset = read_dataset(write_table(folder, "images/0.jpg,a\nimages/1.jpg,b\n"))
    assert dataset.frame["target"].tolist() == ["a", "b"]
    with pytest.raises(TableColumnsError, match="'1', '2', '3'"):
        read_dataset(write_table(folder, "images/0.jpg,a,x\nimages/1.jpg,b,y\n"))


def test_columns_of_one_name_ragged_rows_and_line_breaks_in_cells_are_seen(folder):
    with pytest.raises(TableColumnsError, match="two columns 'label'"):
        read_dataset(write_table(folder, "path,label,label\nimages/0.jpg,a,b\n"))
    with pytest.raises(TableColumnsError, match="row 2 has 3 cells"):
        read_dataset(write_table(folder, "path,label\nimages/0.jpg,a\nimages/1.jpg,b,c\n"))
    text = 'path,label,\nimages/0.jpg,"a\nb",\nimages/1.jpg,c,\n'
    assert read_dataset(write_table(folder, text)).class_names == ("a b", "c")


def test_images_inside_a_parquet_file_are_named(folder):
    pd.DataFrame({"image": [{"bytes": b"x", "path": None}], "label": [0]}).to_parquet(folder / "a.parquet")
    with pytest.raises(TableColumnsError, match="holds the images themselves"):
        read_dataset(folder / "a.parquet")


def test_lists_in_a_parquet_file_are_several_labels(folder):
    table = {"path": ["images/0.jpg", "images/1.jpg"], "label": [["a", "b"], ["b"]]}
    pd.DataFrame(table).to_parquet(folder / "a.parquet")
    assert read_dataset(folder / "a.parquet").frame["target"].tolist() == ["a;b", "b"]


@pytest.mark.parametrize(("step", "is_told"), [(7, True), (0.5, True), (0, False)])
def test_classes_that_are_numbers_and_nearly_all_different_are_told_and_the_refusal_says_how_to_learn_them(
    tmp_path, step, is_told
):
    for number in range(12):
        write_image(tmp_path / f"{number}.png", number)
    ages = [round(1 + number * step) if step != 0.5 else 0.5 + number % 2 for number in range(12)]
    rows = [f"{number}.png,{age}" for number, age in enumerate(ages if step else [0, 1] * 6)]
    dataset = read_dataset(write_table(tmp_path, "\n".join(["path,label", *rows])))
    assert dataset.task == CLASSIFICATION
    assert ("numbers_as_classes" in {remark.kind for remark in dataset.remarks}) == is_told
    if step == 7:
        with pytest.raises(ClassTooSmallError, match="--task image-regression"):
            split_dataset(audit_dataset(dataset).dataset)


def write_image(path, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((40, 40), Image.Resampling.BICUBIC).save(path)


def test_a_folder_of_images_may_be_named_for_the_table_in_it(folder):
    write_table(folder, "id,label\n0,a\n1,b\n")
    dataset = read_dataset(folder)
    assert dataset.frame["path"].tolist() == ["images/0.jpg", "images/1.jpg"]
    assert dataset.frame["target"].tolist() == ["a", "b"]


def test_class_folders_go_before_a_table_beside_them(folder):
    for name in ("cat/1.jpg", "dog/2.jpg"):
        (folder / name).parent.mkdir()
        (folder / name).write_bytes(b"x")
    write_table(folder, "path,label\ncat/1.jpg,a\ndog/2.jpg,b\n")
    assert read_dataset(folder, format="folders").class_names == ("cat", "dog", "images")
    assert read_dataset(folder).class_names == ("cat", "dog", "images")
    assert read_dataset(folder, format="table").class_names == ("a", "b")


def test_of_several_tables_in_a_folder_those_of_parts_are_meant_or_all_are_named(folder):
    write_table(folder, "id,label\n0,a\n1,b\n", name="train.csv")
    write_table(folder, "id,label\n2,a\n3,a\n", name="sample_submission.csv")
    assert read_dataset(folder).frame["path"].tolist() == ["images/0.jpg", "images/1.jpg"]
    write_table(folder, "id,label\n2,a\n1,c\n", name="val.csv")
    dataset = read_dataset(folder)
    assert dataset.class_names == ("a", "b", "c")
    assert dataset.frame["target"].tolist() == ["a", "c", "a"]
    assert dataset.frame["split"].tolist() == ["train", "validation", "validation"]
    assert ("listed_twice", "images/1.jpg") in {(remark.kind, remark.path) for remark in dataset.remarks}
    (folder / "train.csv").rename(folder / "labels.csv")
    (folder / "val.csv").rename(folder / "more.csv")
    with pytest.raises(TableColumnsError, match=r"'labels.csv', 'more.csv', 'sample_submission.csv'"):
        read_dataset(folder)


def test_tables_of_parts_with_other_tasks_are_refused(folder):
    write_table(folder, "path,label\nimages/0.jpg,a\nimages/1.jpg,b\n", name="train.csv")
    write_table(folder, "path,label\nimages/2.jpg,0.25\nimages/3.jpg,1.5\n", name="test.csv")
    with pytest.raises(TableColumnsError, match="do not have the same labels"):
        read_dataset(folder)


def test_labels_that_look_like_several_are_told(folder):
    text = "path,label\nimages/0.jpg,a|b\nimages/1.jpg,a\nimages/2.jpg,b\n"
    (remark,) = read_dataset(write_table(folder, text)).remarks
    assert remark.kind == "perhaps_several"
    assert "'a|b'" in remark.detail


def test_blanks_around_quoted_cells_do_no_harm(folder):
    text = 'path , label\n"images/0.jpg" , "a"\n"images/1.jpg" , "b" \n'
    assert read_dataset(write_table(folder, text)).class_names == ("a", "b")


def test_leaving_out_rare_classes_keeps_images_of_none_of_the_classes(tmp_path):
    rows = [f"{number}.png,{number % 3 == 0:d},{number % 3 == 1:d},{number == 1:d}" for number in range(12)]
    for number in range(12):
        write_image(tmp_path / f"{number}.png", number)
    dataset = read_dataset(write_table(tmp_path, "\n".join(["path,cat,dog,rare", *rows])))
    kept = audit_dataset(dataset, min_per_class=2).dataset
    assert kept.class_names == ("cat", "dog")
    assert [len(names) for names in kept.labels()].count(0) == 4
