"""How long the command line takes to answer before any work: the time a person waits for `--help`.

Prints the median of several starts of a fresh process, and the processor time of one, which other programs on the
machine disturb less.
"""

import os
import statistics
import subprocess
import sys
import time

NUM_STARTS = 10
LIMIT_SECONDS = 0.4
COMMANDS = (["--version"], ["--help"], ["train", "--help"])
PROGRAM = [sys.executable, "-c", "from headstart.cli.app import main; main()"]


def start_seconds(arguments: list[str]) -> tuple[float, float]:
    """Wall-clock and processor seconds of one start."""
    started, before = time.perf_counter(), os.times()
    subprocess.run([*PROGRAM, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    processor = after.children_user - before.children_user + after.children_system - before.children_system
    return time.perf_counter() - started, processor


def main() -> None:
    for arguments in COMMANDS:
        walls, processors = zip(*(start_seconds(arguments) for _ in range(NUM_STARTS)), strict=True)
        wall, processor = statistics.median(walls), statistics.median(processors)
        name = " ".join(["headstart", *arguments])
        print(f"{name:24} {wall:.2f} s, of which processor {processor:.2f} s (limit {LIMIT_SECONDS} s)")


if __name__ == "__main__":
    main()
