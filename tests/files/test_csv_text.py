"""What is written as CSV is read back the same, whatever the names hold."""

import csv
import io

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from headstart.files import csv_line, csv_text, frame_csv, read_table, write_csv

# Every character but halves of surrogate pairs, which UTF-8 cannot hold; the awkward ones more often.
NAMES = st.text(st.one_of(st.sampled_from('\r\n\t ",;=\x00\x1b\x85\u2028\u202e\ufeff'), st.characters(codec="utf-8")))
ROWS = st.lists(st.tuples(NAMES, NAMES), max_size=5)


@given(ROWS)
def test_every_name_comes_back_from_a_file(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "table.csv"
    write_csv(path, ("path", "label"), rows)
    paths, labels = map(list, zip(*rows, strict=True)) if rows else ([], [])
    assert read_table(path) == {"path": paths, "label": labels}


@given(ROWS)
def test_every_name_comes_back_from_the_standard_reader_and_from_pandas(rows):
    text = csv_text(("path", "label"), rows)
    assert list(csv.reader(io.StringIO(text, newline=""), strict=True))[1:] == [list(row) for row in rows]
    if "\x00" not in text:  # where pandas' reader ends a cell
        read = pd.read_csv(io.StringIO(text, newline=""), dtype=str, keep_default_na=False)
        assert list(read.itertuples(index=False, name=None)) == rows


def test_a_cell_is_quoted_only_where_a_reader_could_stumble():
    assert csv_line(["cat.jpg", "Löwe 花", 0.5, None, float("nan"), "=1+1"]) == "cat.jpg,Löwe 花,0.5,,,=1+1\n"
    for awkward in ("a\rb", "a\nb", "a,b", " a", "a ", "\ta", "a\x0bb", "a\u2028b"):
        assert csv_line([awkward, 1]) == f'"{awkward}",1\n'
    assert csv_line(['a"b']) == '"a""b"\n'
    assert csv_line([""]) == '""\n'


def test_a_cell_may_be_longer_than_the_standard_reader_allows(tmp_path):
    long = "x" * 200_000
    write_csv(tmp_path / "long.csv", ("boxes",), [(long,)])
    limit = csv.field_size_limit()
    assert read_table(tmp_path / "long.csv") == {"boxes": [long]}
    assert csv.field_size_limit() == limit


def test_numbers_of_a_frame_keep_the_digits_of_their_own_precision():
    frame = pd.DataFrame({"p": np.array([0.1, np.nan], np.float32), "n": [1, 2], "x": [1e-05, 0.1], "b": [True, False]})
    assert frame_csv(frame) == frame.to_csv(index=False, lineterminator="\n")
