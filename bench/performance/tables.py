"""Tables of docs/performance.md, from figures."""


def table(heads, rows):
    """In Markdown, numbers to the right."""
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def number(value, form="{:,.0f}", missing="–"):
    return missing if value is None else form.format(value).replace("-", "−")


def bars(*benches):
    """What was to be reached, and what was."""
    rows = []
    for bench in benches:
        for figure in bench.all:
            if figure.bar is None:
                continue
            form = "{:,.1f}" if "%" in figure.name else "{:,.3f}" if "×" in figure.name else "{:,.0f}"
            value = number(figure.number, form)
            met = "met" if figure.is_met else "**missed**"
            bar = number(figure.bar, "{:,.0f}" if figure.bar > 100 else "{:g}")
            rows.append([figure.row, figure.name, value, bar, met])
    return table(["row", "figure", "reached", "bar", ""], rows)


def requests(figures):
    """Every row of one request, on one thread."""
    rows = []
    for row in figures.rows():
        median = figures.get(row, "median ns")
        if median is None or ", beside " in row:
            continue
        rest = [figures.get(row, name) for name in ("low ns", "allocations", "bytes")]
        rows.append([row, number(median), *(number(value) for value in rest)])
    return table(["one request, ns", "median", "lowest tenth", "allocations", "bytes"], rows)


def threads(figures):
    columns = [("two threads, factor", "{:.2f}"), ("two threads, % on router alone", "{:+.1f} %")]
    return table(["two threads", "times as much as one", "beside the router"], rows_with(figures, columns))


def rows_with(figures, columns):
    """The rows that have the first of these figures, with all of them in their formats."""
    rows = []
    for row in figures.rows():
        values = [figures.get(row, name) for name, _ in columns]
        if values[0] is not None:
            rows.append([row, *(number(value, form) for value, (_, form) in zip(values, columns))])
    return rows


def flood(figures):
    rows = []
    for row in figures.rows():
        if ", beside " in row:
            token, neighbour = row.split(", beside ")
            times = [figures.get(row, name) for name in ("median ns", "99 % ns")]
            rows.append([token, neighbour, *(number(time) for time in times)])
    return table(["token", "while the other thread sends", "median, ns", "99 %, ns"], rows)


REFUSED = ["no token", "garbage", "16 KB without a dot", "unknown kid", "bad signature, RS256"]


def peers(figures):
    """One line for each peer, ours first."""
    heads = ["", "RS256", "ES256", "EdDSA", "allocations", *(name.removesuffix(", RS256") for name in REFUSED)]
    rows = []
    for name in names(figures):
        net = [figures.get(f"accepted, {kind}: {name}", f"net × raw {kind}") for kind in ("RS256", "ES256", "EdDSA")]
        allocations = figures.get(f"accepted, RS256: {name}", "allocations")
        rejected = [figures.get(f"{kind}: {name.split(',')[0]}", "median ns") for kind in REFUSED]
        if name.startswith("portcullis") and not name.endswith("no cache"):
            rejected = [None] * len(rejected)
        cells = [number(value, "{:.2f}" if value is None or value >= 0.1 else "{:.3f}") for value in net]
        cells += [number(allocations), *(number(value) for value in rejected)]
        is_ours = name.startswith("portcullis")
        version = figures.text(name, "version")
        label = f"**{name}**" if is_ours else " ".join(filter(None, [name, version]))
        rows.append([label, *cells])
        if name == "portcullis, no cache":
            rejected = [figures.get(f"{kind}: portcullis, no body", "median ns") for kind in REFUSED]
            rows.append(["**portcullis, rejections without a body**", *[number(None)] * 4, *map(number, rejected)])
    return table(heads, rows)


def names(figures):
    """Ours, then the peers, in the order of the bench."""
    found = [row.split(": ")[1] for row in figures.rows() if row.startswith("accepted")]
    return list(dict.fromkeys(found))


def answers(figures):
    """What is said to a token with an unknown `kid`: a body takes time, too."""
    rows = []
    for name in dict.fromkeys(name.split(",")[0] for name in names(figures)):
        row = f"unknown kid: {name}"
        challenge = "yes" if figures.get(row, "challenge") else "no"
        rows.append([name, number(figures.get(row, "answer")), challenge, number(figures.get(row, "answer bytes"))])
    return table(["rejected, unknown kid", "status", "challenge", "bytes of body"], rows)


def baselines(figures):
    rows = [row for row in figures.rows() if ": " not in row and figures.get(row, "median ns")]
    cells = [[row, number(figures.get(row, "median ns")), number(figures.get(row, "allocations"))] for row in rows]
    return table(["in the same run", "ns", "allocations"], cells)


def tokens(growth):
    rows = []
    for row in growth.rows():
        if row.startswith("tokens, "):
            _, bound, count = row.split(", ")
            each = growth.get(row, "bytes each beyond its length")
            ns, kept = growth.get(row, "median ns"), growth.get(row, "bytes in memory") / 2**20
            rows.append([bound, number(int(count)), number(ns), number(kept, "{:,.2f}"), number(each)])
    return table(["bound", "tokens met", "ns for one of them", "MiB held", "bytes each beyond its length"], rows)


PROTOCOLS = ["HTTP/1.1", "HTTP/2", "gRPC"]
# What is sent to do harm, or instead of that.
FLOODS = ["unknown kid", "other requests"]
PLAIN = "no authentication"
CPU = [("CPU µs", "{:.1f}"), ("more µs", "{:+.1f}")]


def saturated(http):
    """The CPU time of a request, and how much of it is authentication."""
    beginning = "HTTP/1.1, saturated, "
    names = [row.removeprefix(beginning) for row in http.rows() if row.startswith(beginning)]
    rows = []
    for name in names:
        cells = [(f"{protocol}, saturated, {name}", *form) for protocol in PROTOCOLS for form in CPU]
        rows.append([name, *(number(http.get(row, figure), form) for row, figure, form in cells)])
    return table(["CPU time of a request, µs", *both("more")], rows)


def both(second):
    return [name for protocol in PROTOCOLS for name in (protocol, second)]


def phases(http):
    """The names of the phases, in the order of the bench."""
    rows = [row.split(", ") for row in http.rows()]
    return list(dict.fromkeys(row[1] for row in rows if len(row) == 3 and row[1] != "saturated"))


def tokens_of(http, phase):
    """What is sent in a phase."""
    rows = [row.split(", ") for row in http.rows()]
    return list(dict.fromkeys(row[2] for row in rows if len(row) == 3 and row[1] == phase))


def tails(http):
    """Latencies within the window of each phase."""
    rows = []
    for phase in phases(http):
        for token in tokens_of(http, phase):
            rows.append([phase, token, *(latencies(http, f"{protocol}, {phase}, {token}") for protocol in PROTOCOLS)])
    return table(["phase", "token", *PROTOCOLS], rows)


def latencies(http, row):
    """Without a percentile that so few requests don't have."""
    names = ["median µs", "99 % µs", *(["99.9 % µs"] if (http.get(row, "requests") or 0) >= 1000 else []), "most µs"]
    values = [number(http.get(row, name)) for name in names]
    return " / ".join(values if len(values) == 4 else [*values[:2], number(None), *values[2:]])


def added(http):
    """What authentication adds to the latencies of the same load."""
    rows = []
    for phase in phases(http):
        for token in tokens_of(http, phase):
            if token in (PLAIN, *FLOODS):
                continue
            row = [phase, token]
            for protocol in PROTOCOLS:
                for name in ("median µs", "99 % µs"):
                    ours = http.get(f"{protocol}, {phase}, {token}", name)
                    plain = http.get(f"{protocol}, {phase}, {PLAIN}", name)
                    row.append(number(None if None in (ours, plain) else ours - plain, "{:+,.0f}"))
            rows.append(row)
    heads = [f"{protocol}, {name}" for protocol in PROTOCOLS for name in ("median", "99 %")]
    return table(["phase", "token, µs more", *heads], rows)


def cpu(http):
    """The CPU time of a request at fixed rates, with and without authentication."""
    rows = []
    for phase in phases(http):
        names = ("CPU µs", "CPU µs, no authentication")
        values = [http.get(f"{protocol}, {phase}", name) for protocol in PROTOCOLS for name in names]
        rows.append([phase, *(number(value, "{:.1f}") for value in values)])
    return table(["CPU time of a request, µs", *both("without")], rows)


def responses(http):
    """How many requests of each phase got which response."""
    rows = []
    for phase in phases(http):
        for token in tokens_of(http, phase):
            if token in (PLAIN, "other requests"):
                continue
            rows.append([phase, token, *(replies(http, protocol, f"{protocol}, {phase}, {token}") for protocol in PROTOCOLS)])
    return table(["phase", "token", *PROTOCOLS], rows)


def replies(http, protocol, row):
    """Each status and its count."""
    is_http = protocol != "gRPC"
    names = {
        "accepted": "200" if is_http else "OK",
        "rejected": "401" if is_http else "UNAUTHENTICATED",
        "unavailable": "503" if is_http else "UNAVAILABLE",
        "other responses": "**other**",
        "not sent": "not sent",
    }
    counts = [(name, http.get(row, figure)) for figure, name in names.items()]
    return ", ".join(f"{name}: {number(count)}" for name, count in counts if count)


def instructions(path):
    lines = [line.split("\t") for line in path.read_text().splitlines()[1:]]
    return table(["one request", "instructions"], [[row, number(int(count))] for row, count in lines])


def assumed(scale):
    """What is assumed about the service at scale."""
    rows = [[row.removeprefix("assumed: "), number_or_text(scale.text(row, "value"))] for row in scale.rows() if row.startswith("assumed: ")]
    return table(["assumed", ""], rows)


def number_or_text(text):
    return f"{float(text):,.0f}" if text.replace(".", "").isdigit() else text


def scale(figures, group, head):
    """The loads of one server or resource, on paper and simulated."""
    rows = []
    for row in figures.rows():
        if row.startswith(f"{group}: "):
            unit = figures.text(row, "unit")
            name = row.removeprefix(f"{group}: ") + (f", {unit}" if unit else "")
            values = [three_digits(figures.get(row, name)) for name in ("on paper", "simulated")]
            rows.append([name, figures.text(row, "formula"), *values])
    return table([head, "formula", "on paper", "simulated"], rows)


def three_digits(value):
    """Numbers of any size, as far as they mean something."""
    if value is None or value != value:
        return number(None)
    return number(value, "{:,.0f}" if value >= 100 else "{:.1f}" if value >= 10 else "{:.3g}")


def limits(figures):
    """Where each design breaks."""
    rows = []
    for row in figures.rows():
        if row.startswith("limit: "):
            unit, formula, then = (figures.text(row, name) for name in ("unit", "formula", "then"))
            value = figures.get(row, "value")
            digits = max(0, len(str(int(value))) - 2)
            rows.append([row.removeprefix("limit: "), formula, f"{round(value, -digits):,.0f} {unit}", then])
    return table(["design", "limit", "with these costs", "beyond that"], rows)


def redis(figures):
    """What Redis spends on one of each."""
    columns = [("CPU µs", "{:,.1f}"), ("bytes sent", "{:,.0f}")]
    return table(["Redis, for one", "CPU µs", "bytes sent"], rows_with(figures, columns))
