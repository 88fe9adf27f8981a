"""The panels of a dashboard as SVG, where Grafana would have them."""

from html import escape

WIDTH, COLUMN, ROW, GAP = 1008, 42, 21, 6
COLOURS = ["#c2410c", "#1d4ed8", "#0f766e", "#7c3aed", "#b45309", "#475569", "#be185d", "#4d7c0f", "#0369a1", "#a16207"]
INK, PALE, GRID, GROUND, PANEL = "#1e293b", "#64748b", "#e2e8f0", "#f1f5f9", "#ffffff"


def text(x, y, what, size=11, anchor="start", colour=INK, weight="normal"):
    look = f"font-size='{size}' fill='{colour}'"
    look += f" text-anchor='{anchor}'" if anchor != "start" else ""
    look += f" font-weight='{weight}'" if weight != "normal" else ""
    return f"<text x='{x:.0f}' y='{y:.0f}' {look}>{escape(what)}</text>"


def shown(value, unit):
    if unit == "percentunit":
        return f"{value * 100:.0f} %"
    if unit == "s":
        return f"{value * 1000:.3g} ms"
    number = f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"
    return f"{number}/s" if unit == "reqps" else number


def path(points):
    """A line in whole pixels, each point relative to the one before. Points on a level line are left out."""
    points = [(round(x), round(y)) for x, y in points]
    kept = points[:1]
    for before, one, after in zip(points, points[1:], points[2:]):
        if not before[1] == one[1] == after[1]:
            kept.append(one)
    kept += points[1:][-1:]
    steps = "".join(f"l{x - a} {y - b}" for (a, b), (x, y) in zip(kept, kept[1:]))
    return f"M{kept[0][0]} {kept[0][1]}{steps}".replace(" -", "-")


def plot(box, series, unit, duration, ticks=3):
    left, top, width, height = box
    high = max((value for _, values in series for _, value in values), default=0) * 1.1 or 1
    up = lambda value: top + height - value / high * height
    parts = []
    for tick in range(ticks):
        value = high / 1.1 * tick / (ticks - 1)
        parts.append(f"<path d='M{left} {up(value):.0f}h{width}' stroke='{GRID}'/>")
        parts.append(text(left - 5, up(value) + 4, shown(value, unit), 10, "end", PALE))
    for minute in range(duration // 60 + 1):
        x = left + width * minute * 60 / duration
        parts.append(text(x, top + height + 14, f"{minute} min", 10, "middle", PALE))
    for number, (_, values) in enumerate(series):
        if values:
            line = path([(left + width * at / duration, up(value)) for at, value in values])
            colour = COLOURS[number % len(COLOURS)]
            parts.append(f"<path d='{line}' fill='none' stroke='{colour}' stroke-width='1.5'/>")
    return parts


def timeseries(panel, box, unit, duration):
    x, y, width, height = box
    legend = min(max((len(name) for name, _ in panel["series"]), default=0) * 6 + 64, width // 2 - 30)
    plotted = (x + 52, y + 30, width - 52 - legend - 14, height - 52)
    parts = plot(plotted, panel["series"], unit, duration) if panel["series"] else []
    for number, (name, values) in enumerate(panel["series"]):
        line, at = y + 34 + 13 * number, x + width - legend
        colour = COLOURS[number % len(COLOURS)]
        parts.append(f"<path d='M{at} {line - 4}h10' stroke='{colour}' stroke-width='3'/>")
        parts.append(text(at + 14, line, name, 10))
        parts.append(text(x + width - 8, line, shown(values[-1][1], unit) if values else "", 10, "end", PALE))
    if not panel["series"]:
        parts.append(text(x + width / 2, y + height / 2, "none", 11, "middle", PALE))
    return parts


def stat(panel, box, unit, duration):
    x, y, width, height = box
    series = panel["series"][:1]
    values = series[0][1] if series else []
    last = shown(values[-1][1], unit) if values else "0" if unit != "reqps" else "0/s"
    parts = [text(x + width / 2, y + 62, last, 26, "middle", weight="bold")]
    if values:
        high = max(value for _, value in values) or 1
        bottom = y + height - 8
        points = [(x + 8 + (width - 16) * at / duration, bottom - 36 * value / high) for at, value in values]
        parts.append(f"<path d='{path(points)}' fill='none' stroke='{COLOURS[0]}' stroke-width='1.5'/>")
    return parts


def draw(panels, duration):
    parts, bottom = [], 0
    for panel in panels:
        place, unit = panel["gridPos"], panel["fieldConfig"]["defaults"]["unit"]
        box = (
            place["x"] * COLUMN + GAP // 2,
            place["y"] * ROW + GAP // 2,
            place["w"] * COLUMN - GAP,
            place["h"] * ROW - GAP,
        )
        x, y, width, height = box
        bottom = max(bottom, y + height)
        # Those that occur most come first.
        total = lambda one: -sum(value for _, value in one[1])
        panel["series"].sort(key=total)
        parts.append(f"<rect x='{x}' y='{y}' width='{width}' height='{height}' rx='3' fill='{PANEL}' stroke='{GRID}'/>")
        parts.append(text(x + 8, y + 17, panel["title"], 12, weight="bold"))
        draw_panel = stat if panel["type"] == "stat" else timeseries
        parts += draw_panel(panel, box, unit, duration)
    height = bottom + GAP // 2
    head = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' width='{WIDTH}' height='{height}'"
    ground = f"<rect width='{WIDTH}' height='{height}' fill='{GROUND}'/>"
    return "\n".join([f"{head} font-family='system-ui,sans-serif'>", ground, *parts, "</svg>"]) + "\n"
