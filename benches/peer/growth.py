"""How the cost of a step grows: a DCGAN with batch normalisation over batch, filters, side and threads.

Called by `benches/compare.sh growth`. One size moves at a time, from a side of 32, 64 filters and a batch of 64; every
point is measured on both sides in turns, as compare.py does. Tables and a plot of step time, images a second and the most
memory.
"""

import argparse

from compare import compare, parser, programs, setting, write

START = {"side": 32, "filters": 64, "batch": 64}
GROWTH = {
    "batch": [16, 32, 64, 128, 256],
    "filters": [16, 32, 64, 128],
    "side": [16, 32, 64, 128],
}
QUANTITIES = {
    "milliseconds": "ms a step",
    "images_per_second": "images a second",
    "peak_megabytes": "MB",
}


def points(text):
    """`batch=16,batch=256,side=64`: the points to measure by size; all of them without a text."""
    if not text:
        return GROWTH
    found = {}
    for pair in text.split(","):
        size, _, value = pair.partition("=")
        if size not in START or not value.isdecimal():
            raise argparse.ArgumentTypeError(f"{pair} is no point like batch=16")
        found.setdefault(size, []).append(int(value))
    return found


def name_of(sizes):
    return "dcgan:" + ",".join(f"{size}={value}" for size, value in sizes.items())


def measure(arguments, threads, known, sizes):
    """One point; the point that all sizes start from is measured once."""
    arguments.threads = threads
    name = name_of(sizes)
    key = f"{name}, {threads} threads"
    if key not in known:
        case = compare(
            name, programs(arguments), threads, arguments.repetitions, arguments.pause
        )
        for side in case["sides"].values():
            side["images_per_second"] = 1e3 * sizes["batch"] / side["milliseconds"]
        known[key] = case
        times = {side: round(of["milliseconds"], 1) for side, of in case["sides"].items()}
        print(key, times, f"other programs {100 * case['others']:.0f}%", flush=True)
    return known[key]


def table(size, rows):
    """Rows are (value, threads, case)."""
    sides = list(rows[0][2]["sides"])
    head = [size, "threads"]
    head += [f"{side} {unit}" for unit in QUANTITIES.values() for side in sides]
    found = [head + ["other programs"]]
    for value, threads, case in rows:
        cells = [f"{case['sides'][side][of]:.4g}" for of in QUANTITIES for side in sides]
        found.append([str(value), str(threads), *cells, f"{100 * case['others']:.0f}%"])
    return found


def plot(path, tables):
    """A row of panels a quantity, a column a size."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(
        len(QUANTITIES), len(tables), figsize=(4 * len(tables), 9), squeeze=False
    )
    for column, (size, rows) in enumerate(tables.items()):
        for line, (quantity, unit) in enumerate(QUANTITIES.items()):
            panel = panels[line][column]
            for side in rows[0][2]["sides"]:
                for threads in sorted({threads for _, threads, _ in rows}):
                    found = [
                        (value, case["sides"][side][quantity])
                        for value, of_threads, case in rows
                        if of_threads == threads
                    ]
                    panel.plot(
                        *zip(*found),
                        marker="o",
                        color="tab:blue" if side == "ours" else "tab:orange",
                        linestyle="-" if threads > 1 else "--",
                        label=f"{'burn_gan' if side == 'ours' else 'PyTorch'}, {threads} threads",
                    )
            panel.set_xscale("log", base=2)
            panel.set_yscale("log")
            values = sorted({value for value, _, _ in rows})
            panel.set_xticks(values, map(str, values))
            panel.set_xlabel(size)
            panel.set_ylabel(unit)
            panel.grid(True, alpha=0.3)
    panels[0][0].legend()
    figure.tight_layout()
    figure.savefig(path, dpi=100)


def main():
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("--points", type=points, default=GROWTH, help="like batch=16,side=64")
    arguments.add_argument("--plot", help="writes the figure there, a PNG")
    arguments.add_argument("--threads", default="1,2", help="numbers of threads")
    arguments.set_defaults(repetitions=7)
    arguments = arguments.parse_args()
    counts = [int(count) for count in arguments.threads.split(",")]
    if arguments.peer_form == "both":
        raise SystemExit("one form of PyTorch's side at a time")
    known, tables = {}, {}
    for size, values in arguments.points.items():
        tables[size] = [
            (value, threads, measure(arguments, threads, known, {**START, size: value}))
            for threads in counts
            for value in values
        ]
    arguments.threads = " and ".join(map(str, counts))
    write(arguments, setting(arguments), [table(*item) for item in tables.items()], known)
    if arguments.plot:
        plot(arguments.plot, tables)


if __name__ == "__main__":
    main()
