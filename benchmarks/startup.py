"""How long the command line takes to answer before any work: the time a person waits for `--help`.

Prints the best and the median of several starts of a fresh process, beside the limit that the project sets itself.
"""

import statistics
import subprocess
import sys
import time

NUM_STARTS = 10
LIMIT_SECONDS = 0.4
COMMANDS = (["--version"], ["--help"], ["train", "--help"])
PROGRAM = [sys.executable, "-c", "from headstart.cli.app import main; main()"]


def start_seconds(arguments: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run([*PROGRAM, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    for arguments in COMMANDS:
        seconds = sorted(start_seconds(arguments) for _ in range(NUM_STARTS))
        print(
            f"headstart {' '.join(arguments):14} best {seconds[0]:.2f} s, median {statistics.median(seconds):.2f} s "
            f"(limit {LIMIT_SECONDS} s)"
        )


if __name__ == "__main__":
    main()
