"""Alternating rounds of the two servers, and what they give: medians of each side, and the median of the ratios of
rounds that ran one right behind the other. What the machine's host takes or gives meets both rounds of such a pair, so
that ratio scatters less than the ratio of the two medians."""

import statistics
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from .processes import Contenders, Server
from .rows import Row, Size

Run = TypeVar("Run")


@dataclass
class Rounds(Generic[Run]):
    """The runs of redis-server and of Martlet; those with the same index ran one right behind the other."""

    redis: list[Run] = field(default_factory=list)
    martlet: list[Run] = field(default_factory=list)

    def alternate(self, count: int, run: Callable[[int], Run]) -> None:
        """Adds so many pairs of `run(index)`, the order turned round after each; one before them warms up."""
        sides = (self.redis, self.martlet)
        run(0), run(1)
        for number in range(count):
            for index in ((0, 1) if number % 2 == 0 else (1, 0)):
                sides[index].append(run(index))

    def row(self, name: str, unit: str, value: Callable[[Run], float] = float, **columns) -> Row:
        """A line of the table for one figure of each run."""
        redis, martlet = list(map(value, self.redis)), list(map(value, self.martlet))
        ratio = statistics.median(ours / theirs for ours, theirs in zip(martlet, redis))
        return Row(name, statistics.median(redis), statistics.median(martlet), unit, paired_ratio=ratio, **columns)


def on_fresh_pairs(contenders: Contenders, size: Size, measure: Callable[[list[Server]], None]) -> None:
    """Calls `measure` with both servers side by side, and again with new ones: where a process happens to lie in
    memory stays the same for its whole life."""
    for _ in range(size.pairs):
        with ExitStack() as stack:
            measure([stack.enter_context(start()) for start in contenders.starters()])
