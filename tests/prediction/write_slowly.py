"""Writes answers with the colour predictor, slowly enough to be killed on the way: OUT FOLDER."""

import runpy
import sys
import time
from pathlib import Path

from headstart.prediction.files import count_files
from headstart.prediction.job import Job, write_answers
from headstart.prediction.sources import Model
from headstart.progress import SILENT

build_predictor = runpy.run_path(str(Path(__file__).with_name("conftest.py")))["build_predictor"]


class Slow:
    def __init__(self, runtime):
        self.runtime = runtime

    def run(self, images):
        time.sleep(0.03)
        return self.runtime.run(images)


if __name__ == "__main__":
    out, folder = map(Path, sys.argv[1:])
    predictor = build_predictor()
    slow = build_predictor(runtime=Slow(predictor.runtime))
    write_answers(Job(out, (folder,), count_files([folder]), 4), Model(slow, {"format": "colour"}), SILENT)
