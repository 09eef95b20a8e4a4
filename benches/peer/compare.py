"""Steps of burn_gan and of PyTorch in turns: time, memory, and how long a program takes to its first step.

Called by benches/compare.sh, which builds and installs what it needs; benches/README.md says what is compared. Both sides
are processes that take steps on request (benches/src/bin/steps, benches/peer/steps.py), a pair for each case. They
take turns, so that a slow moment of the machine hits both; a pause between two turns lets the threads of the last one
go to sleep.

Only a machine that does nothing else gives fair ratios: PyTorch's threads wait for each other at the end of every
operation, and one that another program holds up holds up both, so that its steps take several times as long where ours
take half as long again. How much of the processors other programs had is measured with each case, and said.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

PEER = Path(__file__).parent / "steps.py"
WARM_UP = 3
# The share of the processors from which other programs spoil a comparison.
BUSY = 0.05
# How long a repetition lasts about, in milliseconds: as many steps as the faster side takes in it. A single step would be
# one from caches, and with memory, that the other side's step has emptied; training takes one step after the other.
REPETITION = 500
# glibc gives the memory of large tensors back and asks for it again, in each step; these settings keep it, as our
# program's allocator does.
KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(16 << 30),
    "MALLOC_TOP_PAD_": str(64 << 20),
}


class Side:
    """One of the two programs, started for one case."""

    def __init__(self, command, name, threads, environment=()):
        environment = {
            **os.environ,
            "RAYON_NUM_THREADS": str(threads),
            "OMP_NUM_THREADS": str(threads),
            **dict(environment),
        }
        self.command, self.name = command, name
        start = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        # What the program and its libraries take before there is any network.
        self.start_megabytes = self.megabytes()
        self.run(1)
        self.first_step = time.perf_counter() - start
        self.times = []

    def ask(self, request):
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if answer in ("", "unknown"):
            raise SystemExit(f"{' '.join(self.command)} has no answer to `{request}`")
        return answer

    def run(self, steps):
        """Milliseconds a step."""
        return float(self.ask(f"run {self.name} {steps}")) / steps

    def megabytes(self):
        """The most memory that the process has had."""
        return int(self.ask("memory")) / 1024

    def ticks(self):
        """The processor time that the process has had, in ticks of the clock."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def end(self):
        self.process.stdin.close()
        self.process.wait()

    def found(self, processor_seconds, steps):
        """What was measured; the processor time is for the steps after the warm-up."""
        return {
            "milliseconds": statistics.median(self.times),
            "least": min(self.times),
            "processor_milliseconds": 1e3 * processor_seconds / steps,
            "times": self.times,
            "peak_megabytes": self.megabytes(),
            "start_megabytes": self.start_megabytes,
            "first_step_seconds": self.first_step,
        }


def all_ticks():
    """Ticks of all processors since they started: in use, and in all. Time that a host gave to others counts as used."""
    user, nice, system, idle, waiting, *rest = map(
        int, Path("/proc/stat").read_text().split("\n")[0].split()[1:9]
    )
    used = user + nice + system + sum(rest)
    return used, used + idle + waiting


def compare(name, programs, threads, repetitions, pause):
    """One case; `programs` are commands and environments by the name of the side. At least one repetition."""
    sides = {
        side: Side(command, name, threads, environment)
        for side, (command, environment) in programs.items()
    }
    counts = {side: program.ask(f"parameters {name}") for side, program in sides.items()}
    if len(set(counts.values())) != 1:
        raise SystemExit(f"{name}: the sides differ in their numbers of parameters: {counts}")
    fastest = min(min(program.run(1) for _ in range(3)) for program in sides.values())
    steps = max(1, round(REPETITION / fastest))
    for repetition in range(WARM_UP + repetitions):
        if repetition == WARM_UP:
            used, total = all_ticks()
            own = {side: -program.ticks() for side, program in sides.items()}
        for program in sides.values():
            time.sleep(pause)
            milliseconds = program.run(steps)
            if repetition >= WARM_UP:
                program.times.append(milliseconds)
    used_after, total_after = all_ticks()
    own = {side: own[side] + program.ticks() for side, program in sides.items()}
    others = (used_after - used) - sum(own.values())
    a_tick = 1 / os.sysconf("SC_CLK_TCK")
    found = {
        side: program.found(a_tick * own[side], steps * repetitions)
        for side, program in sides.items()
    }
    for program in sides.values():
        program.end()
    return {"sides": found, "others": max(0.0, others / max(1, total_after - total))}


def programs(arguments):
    """Ours, and PyTorch in the forms that are asked for."""
    forms = ["eager", "best"] if arguments.peer_form == "both" else [arguments.peer_form]
    found = {"ours": ([arguments.ours], {})}
    for form in forms:
        command = [arguments.python, str(PEER), "--form", form]
        command += ["--threads", str(arguments.threads)]
        found[form] = (command, KEEP_MEMORY if form == "best" else {})
    return found


HEADINGS = {
    "ours": "burn_gan",
    "eager": "PyTorch eager",
    "best": "PyTorch best",
}


def row(name, found):
    """The cells of a case: times, ratios of ours to each other's, memory, time to the first step, other programs."""
    sides = found["sides"]
    ours = sides["ours"]
    others = [side for side in sides if side != "ours"]
    return [
        name,
        *(f"{side['milliseconds']:.4g}" for side in sides.values()),
        *(f"{ours['milliseconds'] / sides[side]['milliseconds']:.2f}" for side in others),
        *(f"{ours['least'] / sides[side]['least']:.2f}" for side in others),
        *(f"{side['peak_megabytes']:.0f} ({side['start_megabytes']:.0f})" for side in sides.values()),
        *(f"{side['first_step_seconds']:.2f}" for side in sides.values()),
        f"{100 * found['others']:.0f}%",
    ]


def headings(sides):
    """Those of `row`."""
    others = [side for side in sides if side != "ours"]
    to = {side: "" if len(others) == 1 else f" to {side}" for side in others}
    return [
        "case",
        *(f"{HEADINGS[side]} ms" for side in sides),
        *(f"ratio{to[side]}" for side in others),
        *(f"ratio{to[side]} of the fastest" for side in others),
        *(f"{HEADINGS[side]} MB (at start)" for side in sides),
        *(f"{HEADINGS[side]} s to first step" for side in sides),
        "other programs",
    ]


def markdown(rows):
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


def warn_of_others(found):
    """A line where other programs had more than a little of the processors, else None."""
    share = max(case["others"] for case in found)
    if share < BUSY:
        return None
    return (
        f"Other programs had up to {100 * share:.0f}% of the processors: these figures compare how the two sides "
        "stand that, and are no measure of their speed"
    )


def processor():
    try:
        names = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
        return f"{names[0]}, {len(names)} cores"
    except (OSError, IndexError):
        return platform.processor() or platform.machine()


def version(python):
    command = [python, "-c", "import torch; print(torch.__version__)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def setting(arguments):
    """What the figures were taken on."""
    return (
        f"{processor()}; PyTorch {version(arguments.python)}; {arguments.threads} threads; medians of "
        f"{arguments.repetitions} repetitions; {time.strftime('%Y-%m-%d')}"
    )


def parser(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--ours", required=True, help="the program `steps` of this repository")
    parser.add_argument("--python", default=sys.executable, help="a Python with PyTorch")
    parser.add_argument("--peer-form", choices=["eager", "best", "both"], default="best")
    parser.add_argument("--repetitions", type=int, default=15)
    parser.add_argument("--pause", type=float, default=0.05, help="seconds before each turn")
    parser.add_argument("--json", help="writes everything that was measured there")
    parser.add_argument("--markdown", help="writes the table there")
    return parser


def write(arguments, about, tables, found):
    """The files that were asked for, and the warning where one is due."""
    warning = warn_of_others(found.values())
    if warning:
        print(f"{warning}.", file=sys.stderr)
        about = f"{about}. {warning}"
    if arguments.markdown:
        text = "\n".join(markdown(table) for table in tables)
        Path(arguments.markdown).write_text(f"{about}.\n\n{text}")
    if arguments.json:
        report = {"setting": about, "found": found}
        Path(arguments.json).write_text(json.dumps(report, indent=1) + "\n")


def names_of(program):
    command, _ = program
    answer = subprocess.run(command, input="names\n", capture_output=True, text=True, check=True)
    return answer.stdout.split()


def main():
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("--cases", help="comma-separated; all by default")
    arguments.add_argument("--threads", type=int, default=2)
    arguments = arguments.parse_args()
    sides = programs(arguments)
    names = arguments.cases.split(",") if arguments.cases else names_of(sides["ours"])
    about = setting(arguments)
    print(about)
    table = [headings(sides)]
    print("; ".join(table[0]))
    found = {}
    for name in names:
        found[name] = compare(
            name, sides, arguments.threads, arguments.repetitions, arguments.pause
        )
        table.append(row(name, found[name]))
        first, *rest = table[-1]
        print(f"{first:16}", *(f"{cell:>8}" for cell in rest), flush=True)
    write(arguments, about, [table], found)


if __name__ == "__main__":
    main()
