"""Figures as the benches write them: bench, row, figure, value and bar, with tabs between."""

from typing import NamedTuple, Optional


class Figure(NamedTuple):
    row: str
    name: str
    value: str
    bar: Optional[float]

    @property
    def number(self):
        return float(self.value)

    @property
    def is_met(self):
        """Whether it is within its bar, as the bench prints it."""
        if self.name.startswith("two threads, %"):
            return self.number >= self.bar
        return self.number <= self.bar


class Figures:
    """All of one bench."""

    def __init__(self, path):
        self.all = []
        for line in path.read_text().splitlines():
            _, row, name, value, bar = line.split("\t")
            self.all.append(Figure(row, name, value, float(bar) if bar else None))
        self.by_name = {(figure.row, figure.name): figure for figure in self.all}

    def rows(self):
        """The names of all rows, in the order of the bench."""
        return list(dict.fromkeys(figure.row for figure in self.all if figure.row != "machine"))

    def get(self, row, name):
        """One number, or none."""
        figure = self.by_name.get((row, name))
        return None if figure is None else figure.number

    def text(self, row, name):
        figure = self.by_name.get((row, name))
        return None if figure is None else figure.value

    def machine(self):
        return f"{self.text('machine', 'processor')}, {self.text('machine', 'threads')} threads"
