"""Training steps of PyTorch on request: the peer of benches/src/bin/steps, with the same requests and answers.

Reads lines from standard input and answers each with one line: `run NAME COUNT` takes so many steps of a case, which the
first request sets up, and answers with their milliseconds; `parameters NAME` with how many numbers are trained in the
generator and in the discriminator; `memory` with the most memory that the process has had, in kB; `names` with the
cases; `version` with PyTorch's. `benches/compare.sh` is what calls it.

    python3 benches/peer/steps.py --form best --threads 2
"""

import argparse
import sys
import time

import torch

from cases import NAMES, Case, is_case
from training import FORMS


def memory():
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return line.split()[1]
    return "unknown"


class Cases:
    """Those that were asked for."""

    def __init__(self, form):
        self.form, self.known = form, {}

    def __getitem__(self, name):
        if name not in self.known:
            self.known[name] = Case(name, self.form)
        return self.known[name]


def answer(words, cases):
    match words:
        case ["names"]:
            return " ".join(NAMES)
        case ["version"]:
            return torch.__version__
        case ["memory"]:
            return memory()
        case ["parameters", name] if is_case(name):
            return " ".join(map(str, cases[name].parameters()))
        case ["run", name, count] if is_case(name):
            run = cases[name].run
            start = time.perf_counter()
            for _ in range(int(count)):
                run()
            return 1e3 * (time.perf_counter() - start)
    return "unknown"


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--form", choices=FORMS, default="best")
    arguments.add_argument("--threads", type=int, default=2)
    arguments = arguments.parse_args()
    torch.set_num_threads(arguments.threads)
    cases = Cases(arguments.form)
    for line in sys.stdin:
        print(answer(line.split(), cases), flush=True)


if __name__ == "__main__":
    main()
