"""Seconds of the steps of a run, which run.json keeps."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from headstart.run.directory import Run

logger = logging.getLogger("headstart")


@contextmanager
def timed(run: Run, step: str) -> Iterator[None]:
    """Adds the seconds of a step to those that it took before the run was interrupted."""
    started = time.perf_counter()
    logger.info("%s starts", step)
    yield
    state = run.state
    before = state.get("seconds", {})
    seconds = before.get(step, 0.0) + time.perf_counter() - started
    run.update_state(state["state"], seconds={**before, step: round(seconds, 3)})
