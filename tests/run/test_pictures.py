"""Images of a run are compared with their hashes."""

import os

from headstart.run.pictures import file_hash
from headstart.similarity.search import _hash


def test_a_pipe_in_place_of_an_image_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "image.png")
    assert file_hash(tmp_path / "image.png") == "missing"
    assert _hash(tmp_path / "image.png") == "unreadable"
