"""Plots as SVG: bars that lie, lines, and phases. They are read on white and on black pages, so they bring their own ground."""

import math
import re
from html import escape

WIDTH = 760
COLOURS = ["#c2410c", "#1d4ed8", "#0f766e", "#7c3aed", "#475569", "#b45309"]
OURS, OTHERS = "#c2410c", "#94a3b8"
INK, GRID = "#1e293b", "#e2e8f0"


def svg(height, parts):
    style = f"font-family='system-ui,sans-serif' font-size='13' fill='{INK}'"
    size = f"viewBox='0 0 {WIDTH} {height}' width='{WIDTH}' height='{height}'"
    head = f"<svg xmlns='http://www.w3.org/2000/svg' {size} {style}>"
    ground = f"<rect width='{WIDTH}' height='{height}' fill='#ffffff'/>"
    return "\n".join([head, ground, *parts, "</svg>"]) + "\n"


def text(x, y, what, anchor="start", weight="normal", colour=INK):
    look = f"text-anchor='{anchor}' font-weight='{weight}' fill='{colour}'"
    return f"<text x='{x:.1f}' y='{y:.1f}' {look}>{escape(what)}</text>"


def line(x1, y1, x2, y2, colour=GRID, width=1):
    return f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='{colour}' stroke-width='{width}'/>"


def bars(title, about, groups, limit):
    """`groups`: a heading, and bars as (name, value, whether it is ours). What is beyond `limit` is cut."""
    left, right, step = 270, WIDTH - 60, 20
    parts, y = [text(16, 26, title, weight="bold"), text(16, 46, about, colour="#64748b")], 66
    top = y
    body = []
    for heading, rows in groups:
        y += 14
        body.append(text(16, y, heading, weight="bold"))
        y += 8
        for name, value, is_ours in rows:
            length = min(value, limit) / limit * (right - left)
            colour = OURS if is_ours else OTHERS
            body.append(text(left - 8, y + 14, name, "end", "bold" if is_ours else "normal"))
            size = f"width='{max(length, 1):.1f}' height='{step - 6}'"
            body.append(f"<rect x='{left}' y='{y + 3}' {size} fill='{colour}'/>")
            cut = " (cut)" if value > limit else ""
            body.append(text(left + length + 6, y + 14, f"{value:.2f}{cut}"))
            y += step
        y += 10
    one = left + (right - left) / limit
    parts.append(line(one, top, one, y, "#64748b"))
    parts.append(text(one, y + 14, "1 = the signature alone", "middle", colour="#64748b"))
    return svg(y + 30, parts + body)


def lines(title, about, x_name, series, log_y=False, names=str):
    """`series`: names, and points as (x, y). The x axis is logarithmic; the y axis begins at 0, or is, too."""
    left, right, top, bottom = 80, WIDTH - 170, 70, 330
    xs = sorted({x for _, points in series for x, _ in points})
    ys = [y for _, points in series for _, y in points]
    high, low = max(ys) * 1.08, (min(ys) / 1.5 if log_y else 0)
    along = lambda x: left + (math.log(x) - math.log(xs[0])) / (math.log(xs[-1]) - math.log(xs[0])) * (right - left)
    if log_y:
        up = lambda y: bottom - (math.log(y) - math.log(low)) / (math.log(high) - math.log(low)) * (bottom - top)
    else:
        up = lambda y: bottom - y / high * (bottom - top)
    parts = [text(16, 26, title, weight="bold"), text(16, 46, about, colour="#64748b")]
    for y in ticks(low, high, log_y):
        parts += [line(left, up(y), right, up(y)), text(left - 8, up(y) + 4, short(y), "end")]
    for x in xs:
        parts.append(text(along(x), bottom + 20, names(x), "middle"))
    parts.append(text((left + right) / 2, bottom + 42, x_name, "middle"))
    ends = []
    for number, (name, points) in enumerate(series):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{along(x):.1f},{up(y):.1f}" for x, y in points)
        parts.append(f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2'/>")
        parts += [f"<circle cx='{along(x):.1f}' cy='{up(y):.1f}' r='3' fill='{colour}'/>" for x, y in points]
        ends.append([up(points[-1][1]) + 4, name, colour])
    parts += [text(right + 8, y, name, colour=colour) for y, name, colour in apart(ends)]
    return svg(bottom + 60, parts)


def phases(title, about, names, panels):
    """A panel for each protocol, on top of each other: `panels` are names, and lines by kind, of points as (phases, y)."""
    left, right, top, tall, gap = 80, WIDTH - 16, 92, 150, 34
    kinds = list(dict.fromkeys(kind for _, series in panels for kind in series))
    colours = {kind: OTHERS if kind == "no authentication" else COLOURS[kinds.index(kind) - 1] for kind in kinds}
    ys = [y for _, series in panels for lines in series.values() for points in lines for _, y in points]
    high, low = max(ys) * 1.3, min(ys) / 1.3
    along = lambda x: left + x / len(names) * (right - left)
    parts = [text(16, 26, title, weight="bold"), text(16, 46, about, colour="#64748b")]
    x = left
    for kind, colour in colours.items():
        parts += [line(x, 64, x + 18, 64, colour, 3), text(x + 24, 68, kind, colour=colour)]
        x += 40 + 8 * len(kind)
    for number, (name, series) in enumerate(panels):
        above = top + number * (tall + gap)
        bottom = above + tall
        up = lambda y: bottom - (math.log(y) - math.log(low)) / (math.log(high) - math.log(low)) * tall
        for phase in range(len(names)):
            begin, end = along(phase + 0.2), along(phase + 0.8)
            parts.append(f"<rect x='{begin:.1f}' y='{above}' width='{end - begin:.1f}' height='{tall}' fill='#f1f5f9'/>")
        for y in ticks(low, high, True):
            parts += [line(left, up(y), right, up(y)), text(left - 8, up(y) + 4, short(y), "end")]
        parts.append(text(left + 4, above + 14, name, weight="bold"))
        for kind, lines in series.items():
            for points in lines:
                path = " ".join(f"{along(x):.1f},{up(y):.1f}" for x, y in points)
                parts.append(f"<polyline points='{path}' fill='none' stroke='{colours[kind]}' stroke-width='2'/>")
        parts += [line(along(phase), above, along(phase), bottom, "#94a3b8") for phase in range(len(names) + 1)]
    for phase, name in enumerate(names):
        for row, words in enumerate(re.sub(" (?=while|unreachable|hangs$)", "\n", name, count=1).split("\n")):
            parts.append(text(along(phase + 0.5), bottom + 20 + 16 * row, words, "middle"))
    return svg(bottom + 50, parts)


def apart(ends):
    """Names at the ends of lines, so that none covers another."""
    ends.sort(key=lambda end: end[0])
    for above, below in zip(ends, ends[1:]):
        below[0] = max(below[0], above[0] + 15)
    return ends


def ticks(low, high, log):
    if log:
        powers = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
        return [10.0**power for power in powers]
    step = 10 ** math.floor(math.log10(high / 2))
    step *= next(factor for factor in (1, 2, 5) if high / (step * factor) < 7)
    return [step * number for number in range(int(high / step) + 1)]


def short(number):
    """1500000 as 1.5 M."""
    for size, name in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= size:
            return f"{number / size:g}{name}"
    return f"{number:g}"
