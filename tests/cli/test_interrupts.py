"""Ctrl-C stops work that says how far it is, even where the first error was lost on its way."""

import io
import signal
import subprocess
import sys
import threading
from contextlib import suppress

import pytest
from rich.console import Console

from headstart.cli.interrupts import Interrupts
from headstart.cli.progress import ProgressLines

# Presses the key in the very function whose errors TensorFlow's compiled half does not expect.
PRESS_INSIDE_TENSORFLOW = """
import signal
import time

import tensorflow as tf
from tensorflow.python.eager import context

from headstart.cli.interrupts import Interrupts

PRESSING = '''
def _handle(self):
    signal.raise_signal(signal.SIGINT)
    return self._context_handle
'''

signal.signal(signal.SIGINT, signal.default_int_handler)
tf.constant(1.0)
context.signal = signal
exec(PRESSING, context.__dict__)
context.Context._handle = property(context._handle)
try:
    with Interrupts().noticed():
        tf.constant(2.0)
        print("not yet")
        time.sleep(60)
except KeyboardInterrupt:
    print("raised")
"""

# Presses it in a function that passes for TensorFlow's; the second press comes while it cleans up, or so late that the
# block would be over.
PRESS_AND_CLEAN_UP = """
import signal
import sys
import time

from headstart.cli import interrupts

cleaning, late = map(float, sys.argv[1:])
press_again = interrupts._press_ctrl_c
interrupts._press_ctrl_c = lambda thread: (time.sleep(late), press_again(thread))
inside_tensorflow = {"__name__": "tensorflow.python.eager.context", "signal": signal}
exec("def press(): signal.raise_signal(signal.SIGINT)", inside_tensorflow)
signal.signal(signal.SIGINT, signal.default_int_handler)
for _ in range(3):
    noticing = interrupts.Interrupts()
    try:
        with noticing.noticed():
            inside_tensorflow["press"]()
            try:
                noticing.check()
            finally:
                time.sleep(cleaning)
                print("cleaned")
    except KeyboardInterrupt:
        continue
time.sleep(late)
print("end")
"""

# Presses it there as well; the second press never arrives.
PRESS_AND_LOSE = """
import signal
import time

from headstart.cli import interrupts

interrupts._press_ctrl_c = lambda thread: None
inside_tensorflow = {"__name__": "tensorflow.python.eager.context", "signal": signal}
exec("def press(): signal.raise_signal(signal.SIGINT)", inside_tensorflow)
signal.signal(signal.SIGINT, signal.default_int_handler)
noticing = interrupts.Interrupts()
try:
    with noticing.noticed():
        inside_tensorflow["press"]()
        while not noticing._is_again:
            time.sleep(0.001)
        print("sent")
except KeyboardInterrupt:
    print("raised")
"""


@pytest.fixture(autouse=True)
def plain_ctrl_c():
    """As a program finds it; tests in the background ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press_ctrl_c() -> None:
    """What Python does on Ctrl-C. The key itself is pressed in test_processes.py, in a process that may die of it."""
    signal.getsignal(signal.SIGINT)(signal.SIGINT, None)


def work(interrupts: Interrupts, done: list[int]) -> None:
    """Loses the first error, as a library does that calls back into Python, and goes on."""
    progress = ProgressLines(Console(file=io.StringIO()), check=interrupts.check)
    progress.start("training", 10)
    for number in range(10):
        try:
            if number == 3:
                press_ctrl_c()
        except KeyboardInterrupt:
            pass
        progress.advance()
        done.append(number)


def test_a_lost_interrupt_is_raised_again_by_the_next_progress():
    interrupts, done = Interrupts(), []
    with pytest.raises(KeyboardInterrupt), interrupts.noticed():
        work(interrupts, done)
    assert done == [0, 1, 2]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_without_ctrl_c_nothing_is_raised():
    interrupts = Interrupts()
    with interrupts.noticed():
        interrupts.check()
    interrupts.check()


def test_ctrl_c_is_raised_at_once_as_ever():
    with suppress(KeyboardInterrupt), Interrupts().noticed(), pytest.raises(KeyboardInterrupt):
        press_ctrl_c()


def test_where_tensorflow_would_crash_it_is_raised_a_moment_later():
    process = subprocess.run(
        [sys.executable, "-c", PRESS_INSIDE_TENSORFLOW], capture_output=True, text=True, timeout=120, check=False
    )
    assert process.stdout == "not yet\nraised\n", (process.returncode, process.stderr)


@pytest.mark.parametrize(("cleaning", "late"), [("0.2", "0"), ("0.05", "0.3")], ids=["meanwhile", "after it"])
def test_what_progress_raised_is_not_raised_again_into_the_clean_up_or_after_it(cleaning, late):
    process = subprocess.run(
        [sys.executable, "-c", PRESS_AND_CLEAN_UP, cleaning, late],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert process.stdout == "cleaned\n" * 3 + "end\n", (process.returncode, process.stderr)


def test_a_second_press_that_never_arrives_is_not_waited_for_forever():
    process = subprocess.run(
        [sys.executable, "-c", PRESS_AND_LOSE], capture_output=True, text=True, timeout=60, check=False
    )
    assert process.stdout == "sent\nraised\n", (process.returncode, process.stderr)


def test_what_was_lost_is_raised_when_the_block_ends():
    with pytest.raises(KeyboardInterrupt), Interrupts().noticed(), suppress(KeyboardInterrupt):
        press_ctrl_c()


def test_handlers_of_others_and_other_threads_are_left_alone():
    def notice() -> None:
        with Interrupts().noticed():
            seen.append(signal.getsignal(signal.SIGINT))

    seen: list[object] = []
    thread = threading.Thread(target=notice)
    thread.start()
    thread.join()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        notice()
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [signal.default_int_handler, signal.SIG_IGN]
