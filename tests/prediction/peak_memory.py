"""Prints the most bytes held at once by what is asked for: walk FOLDER, or answer PICTURE COUNT.

In a process of its own: threads of other tests would be counted as well.
"""

import runpy
import sys
import tracemalloc
from itertools import repeat
from pathlib import Path

from headstart.prediction.files import count_files
from headstart.prediction.stream import answer_batches

predictor = runpy.run_path(str(Path(__file__).with_name("conftest.py")))["build_predictor"]()


def answer(picture: Path, count: int) -> None:
    for _ in answer_batches(predictor, repeat(picture, count), batch_size=4):
        pass


if __name__ == "__main__":
    what, path, *count = sys.argv[1:]
    if what == "answer":
        answer(Path(path), 12)  # what is made once and kept
    tracemalloc.start()
    if what == "answer":
        answer(Path(path), int(count[0]))
    else:
        count_files([path])
    sys.stdout.write(f"{tracemalloc.get_traced_memory()[1]}\n")
