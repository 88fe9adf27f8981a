#!/usr/bin/env python3
"""Draws docs/operations/dashboard.svg: the panels of the Grafana dashboard, with the metrics of a running server.

    python3 bench/dashboard                 starts everything, waits four minutes, and writes the picture
    python3 bench/dashboard FILE            writes it to another file

It starts the `server` example with an issuer, an introspection endpoint and Redis, sends it requests while parts of
them fail, has Prometheus record the metrics, and asks Prometheus the query of each panel. It needs `prometheus`,
`redis-server`, `openssl` and a built `target/debug/server`.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

# Nothing is written beside the scripts.
sys.dont_write_bytecode = True

from picture import draw
from scenario import DURATION, Scenario, free_port

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DASHBOARD = os.path.join(ROOT, "docs", "operations", "dashboard.json")
# In the place of Grafana's variable: several scrapes.
INTERVAL = "12s"
STEP = 3


def prometheus(folder, target):
    """Starts Prometheus, which reads the metrics of the server once a second. Returns the process and its URL."""
    port = free_port()
    config = os.path.join(folder, "prometheus.yml")
    with open(config, "w", encoding="utf-8") as file:
        file.write(
            "global: { scrape_interval: 1s }\n"
            f"scrape_configs: [{{ job_name: orders, static_configs: [{{ targets: ['{target}'] }}] }}]\n"
        )
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data"]
    process = subprocess.Popen(
        [*command, f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return process, f"http://127.0.0.1:{port}"


def query(url, expression, start, end):
    """Returns the series of an expression: their labels, and the values by second since the start."""
    expression = expression.replace("$__rate_interval", INTERVAL)
    parameters = {"query": expression, "start": start, "end": end, "step": STEP}
    with urllib.request.urlopen(f"{url}/api/v1/query_range?{urllib.parse.urlencode(parameters)}") as response:
        result = json.load(response)["data"]["result"]
    series = []
    for one in result:
        values = [(at - start, float(value)) for at, value in one["values"] if value != "NaN"]
        series.append((one["metric"], values))
    return series


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "docs", "operations", "dashboard.svg")
    with open(DASHBOARD, encoding="utf-8") as file:
        panels = json.load(file)["panels"]
    with tempfile.TemporaryDirectory() as folder, Scenario(ROOT, folder) as scenario:
        recorder, url = prometheus(folder, scenario.address)
        try:
            # The first rates need some scrapes.
            scenario.run(15)
            start = time.time()
            scenario.play()
            end = start + DURATION
            for panel in panels:
                panel["series"] = []
                for target in panel["targets"]:
                    for labels, values in query(url, target["expr"], start, end):
                        name = target.get("legendFormat", "")
                        for label, value in labels.items():
                            name = name.replace("{{%s}}" % label, scenario.shown(value))
                        panel["series"].append((name, values))
        finally:
            recorder.terminate()
            recorder.wait()
    picture = draw(panels, DURATION)
    with open(path, "w", encoding="utf-8") as file:
        file.write(picture)
    print(f"{path}: {len(picture)} bytes")


main()
