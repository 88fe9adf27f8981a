#!/usr/bin/env python3
"""Compares the metrics and labels that the alerts and the dashboard use with those of a running server."""

import json
import re
import sys

# They appear when something is lost, or with a shared store or security events, which this check has not.
RARE = {
    "portcullis_revocations_evicted_total",
    "portcullis_security_events_total",
    "portcullis_shared_revocations_current",
    "portcullis_token_uses_lost_total",
}


def served(path):
    """Returns the labels of each series that the server has, by its name."""
    series = {}
    for line in open(path, encoding="utf-8"):
        match = re.match(r"(portcullis_\w+)(?:{([^}]*)})? ", line)
        if match:
            labels = re.findall(r'(\w+)="', match[2] or "")
            series.setdefault(match[1], set()).update(labels)
    return series


def used():
    """Returns the expressions of the alerts and of the dashboard."""
    alerts = open("docs/operations/alerts.yml", encoding="utf-8").read()
    expressions = re.findall(r"expr: (?:>-\n((?: {10,}.*\n)+)|(.*)\n)", alerts)
    yield from (block or line for block, line in expressions)
    dashboard = json.load(open("docs/operations/dashboard.json", encoding="utf-8"))
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])


def main():
    series, problems, count = served(sys.argv[1]), [], 0
    for expression in used():
        count += 1
        names = set(re.findall(r"portcullis_\w+", expression))
        for name in names - RARE - set(series):
            problems.append(f"no series `{name}`: {expression.strip()}")
        labels = set(re.findall(r"(\w+)=~?\"", expression))
        for by in re.findall(r"by \(([^)]*)\)", expression):
            labels.update(label.strip() for label in by.split(","))
        known = set().union(*(series.get(name, set()) for name in names))
        if names - RARE and labels - known:
            problems.append(f"no label {sorted(labels - known)}: {expression.strip()}")
    if count < 15:
        problems.append(f"only {count} expressions were found")
    print("\n".join(problems) or f"{count} expressions use series of the server")
    sys.exit(1 if problems else 0)


main()
