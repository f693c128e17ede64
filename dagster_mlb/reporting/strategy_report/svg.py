"""How the report's pictures become inline SVG: text stays text, no address of any kind is in it, and the same figures
give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, MUTED, GRID = "#1f2a33", "#6b7780", "#e3e8ec"
STRATEGY, MARKET, ORACLE, LOSS = "#c8553d", "#2f6690", "#8e44ad", "#f3d9d2"
SIMULATED = "#7a8b3c"

#: Pixels to a point at most; narrower pages shrink the picture.
ENLARGED = 1.45

_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.labelsize": 8.5,
    "axes.edgecolor": "#9aa5ad",
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
}
_FONTS = re.compile(r"font-family: [^;\"]*(; )?")  # the page's own
_LEAKING_STYLE = re.compile(r"<defs>\s*<style.*?</style>\s*</defs>\s*", re.DOTALL)  # would rule the whole page
_COMMENTS = re.compile(r"<!--.*?-->", re.DOTALL)
_IDS = re.compile(r' id="([^"]+)"')
_NAMESPACES = re.compile(r' xmlns(:xlink)?="[^"]*"')


@contextmanager
def drawing(width: float, height: float, name: str) -> Iterator[Figure]:
    """A figure of ``width`` × ``height`` inches in the report's style; ``name`` makes its ids its own."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    style: dict[str, Any] = {**_STYLE, "svg.hashsalt": name}
    with mpl.rc_context(style):  # type: ignore[arg-type]
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)
        yield figure


def as_svg(figure: Figure, title: str) -> str:
    """The figure as an ``<svg>`` element for a page; ``title`` is what a reader who cannot see it hears."""
    from html import escape

    written = StringIO()
    figure.savefig(
        written, format="svg", transparent=True, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type"))
    )
    text = written.getvalue()
    body = text[text.index("<svg") :]
    for what in (_NAMESPACES, _LEAKING_STYLE, _COMMENTS, _FONTS):
        body = what.sub("", body)
    referenced = set(re.findall(r"#([\w-]+)", body))
    body = _IDS.sub(lambda found: found.group(0) if found.group(1) in referenced else "", body)
    body = re.sub(r"\s*\n\s*", " ", body)
    points = figure.get_figwidth() * 72
    head = f'<svg role="img" aria-label="{escape(title, quote=True)}" style="max-width:{points * ENLARGED:.0f}px"'
    return re.sub(r'<svg(?: (?:width|height)="[\d.]+pt")+', lambda _: head, body, count=1).strip()


def plain(axes: Any, title: str = "") -> None:
    """Axes without a box, a light grid where figures are read off."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=3, color="#9aa5ad")
    if title:
        axes.set_title(title, loc="left", color=INK)


def in_percent(axes: Any, which: str, *, signed: bool = True) -> None:
    """Ticks of fractions as percent, with a true minus: at round steps, so that no tick is rounded to another."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    from dagster_mlb.reporting.numerals import percent

    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))
    low, high = axis.get_view_interval()
    ticks = axis.get_major_locator().tick_values(low, high)
    digits = 0 if len(ticks) < 2 or ticks[1] - ticks[0] > 0.0099 else 1
    axis.set_major_formatter(FuncFormatter(lambda value, _: percent(value, digits, signed=signed)))
