"""The pictures of the docs, drawn from kept results: quality over cost, calibration, gains per slice. PNG and SVG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from board.context import MAIN
from unisono.types import Json

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {
    "unisono": "#0b6e4f",
    "kNN-100": "#d17a22",
    "linear (ridge)": "#7a5195",
    "shuffled-label control": "#8a8a8a",
    "price mixing (hull of singles)": "#222222",
    "oracle": "#c0392b",
}
DASHED = ("price mixing (hull of singles)", "shuffled-label control")


def draw(found: dict[str, Json | None], folder: Path) -> None:
    """Draw what can be drawn from the results at hand."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams.update(
        {"svg.hashsalt": "unisono", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    )
    folder.mkdir(parents=True, exist_ok=True)
    if found.get("sets"):
        for name in MAIN:
            _curves(name, found["sets"]["found"][name], folder / name)
        _slices(found["sets"]["found"], folder / "slices")
    if found.get("calibration"):
        _calibration(found["calibration"]["found"], folder / "calibration")


def _save(figure: Figure, file: Path) -> None:
    import matplotlib.pyplot as plt

    figure.savefig(file.with_suffix(".png"), dpi=110, bbox_inches="tight", metadata={"Software": None})
    figure.savefig(file.with_suffix(".svg"), bbox_inches="tight", metadata={"Date": None, "Creator": None})
    plt.close(figure)


def _curves(name: str, part: Json, file: Path) -> None:
    import matplotlib.pyplot as plt
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    figure, axes = plt.subplots(figsize=(7.2, 4.4))
    for label, (cost, height, low, high) in part["curves"].items():
        if label == "oracle":
            continue
        colour = COLOURS[label]
        cost = [1000 * c for c in cost]
        style = "--" if label in DASHED else "-"
        axes.plot(cost, height, style, color=colour, label=label, linewidth=2.2 if label == "unisono" else 1.3)
        if label in ("unisono", "price mixing (hull of singles)"):
            axes.fill_between(cost, low, high, color=colour, alpha=0.13, linewidth=0)
    for model, (cost, score) in part["singles"].items():
        axes.plot(1000 * cost, score, "o", color="#222222", markersize=3.5)
        axes.annotate(
            model, (1000 * cost, score), xytext=(4, -9), textcoords="offset points", fontsize=6.5, color="#555555"
        )
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda usd, _: f"{usd:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("USD per 1,000 prompts")
    axes.set_ylabel("mean score")
    axes.set_title(f"{name}.test: quality over cost, bands of 95 %", loc="left")
    axes.legend(frameon=False, loc="lower right")
    _save(figure, file)


def _calibration(found: Json, file: Path) -> None:
    import matplotlib.pyplot as plt

    from board.calibration import KNOWN

    figure, panels = plt.subplots(1, 2, figsize=(8.4, 4.1), sharex=True, sharey=True)
    for axes, known in zip(panels, (True, False), strict=True):
        axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=1)
        for name, part in found.items():
            if (name in KNOWN) == known:
                xs, ys = zip(*part["curve"], strict=True)
                axes.plot(xs, ys, "o-", markersize=3, linewidth=1.2, label=f"{name}: ECE {part['error']:.3f}")
        axes.set_title("kinds of tasks that were trained on" if known else "unseen tasks", loc="left")
        axes.set_xlabel("expected score")
        axes.legend(frameon=False, fontsize=7.5, loc="upper left" if known else "lower right")
    panels[0].set_ylabel("mean score")
    _save(figure, file)


def _slices(found: Json, file: Path) -> None:
    import matplotlib.pyplot as plt

    rows = [(name, label, part) for name in MAIN for label, part in found[name]["slices"].items()]
    figure, panels = plt.subplots(1, 2, figsize=(8.4, 0.27 * len(rows) + 1.2), sharey=True)
    places = list(range(len(rows)))[::-1]
    gains, saved = [100 * p["gained"] for _, _, p in rows], [100 * p["saved"] for _, _, p in rows]
    widths = [100 * p["half_width"] for _, _, p in rows]
    panels[0].barh(places, gains, xerr=widths, color="#0b6e4f", ecolor="#888888", height=0.6, error_kw={"linewidth": 1})
    panels[0].set_title("points of quality against the best single model", loc="left", fontsize=9)
    panels[1].barh(places, saved, color="#d17a22", height=0.6)
    panels[1].set_title("percent of its bill saved", loc="left", fontsize=9)
    for axes in panels:
        _zero_line(axes)
    panels[0].set_yticks(places, [f"{label} ({p['n']})" for _, label, p in rows], fontsize=7.5)
    figure.tight_layout()
    _save(figure, file)


def _zero_line(axes: Axes) -> None:
    axes.axvline(0, color="#444444", linewidth=0.8)
    axes.grid(axis="x", color="#eeeeee")
    axes.set_axisbelow(True)
