"""Throughput and delay over arrivals, one line a policy."""

from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl

from bench.cases import ARRIVALS, MEDIANS
from bench.results import Result

mpl.use("Agg")  # draws into a file: there may be no screen
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

_COLOURS = {
    "worker": "#0b6e4f",
    "fixed-2s": "#c1292e",
    "fixed-5s": "#e07a2f",
    "fixed-10s": "#d9a441",
    "lower-bound": "#777777",
}


def plot(results: Sequence[Result], path: Path) -> None:
    """One column a median; throughput above, median delay (on a logarithmic scale) below."""
    figure, axes = plt.subplots(2, len(MEDIANS), figsize=(11, 8), sharex=True, sharey="row")
    for column, middle in enumerate(MEDIANS):
        rows = [row for row in results if row.median_seconds == middle]
        above, below = axes[0][column], axes[1][column]
        above.set_title(f"generations take {middle:g} s (median)")
        _lines(above, rows, lambda row: row.generations_per_minute)
        _lines(below, rows, lambda row: row.delay_p50_seconds)
        below.set_yscale("log")
        below.set_xlabel("try-ons arriving a minute")
        for one in (above, below):
            one.set_xticks(ARRIVALS)
            one.grid(alpha=0.25)
    axes[0][0].set_ylabel("finished a minute")
    axes[1][0].set_ylabel("median delay of the event, seconds")
    axes[0][0].legend(loc="upper left", frameon=False)
    figure.suptitle("100 requests a minute, photos already uploaded, 30 simulated minutes")
    figure.tight_layout()
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _lines(axes: Axes, rows: Sequence[Result], value: Callable[[Result], float | None]) -> None:
    for policy, colour in _COLOURS.items():
        points = [
            (row.arrivals_per_minute, number)
            for row in rows
            if row.policy == policy and (number := value(row)) is not None
        ]
        dashed = "--" if policy == "lower-bound" else "-"
        wide = 2.6 if policy == "worker" else 1.4
        axes.plot(
            [x for x, _ in points],
            [y for _, y in points],
            dashed,
            color=colour,
            linewidth=wide,
            marker="o",
            markersize=4,
            label=policy,
        )
