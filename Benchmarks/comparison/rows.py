"""What a measurement gives, and how large it is."""

from dataclasses import dataclass


@dataclass
class Size:
    """How long everything takes: a full run, or a quick one that only shows that it works."""

    # Fresh pairs of servers for a measure of CPU, rounds of each pair, and about how many seconds a round takes.
    pairs: int
    rounds: int
    seconds: float
    stored_keys: int
    connections: int
    due_keys: int
    expiry_rounds: int
    hashes: int
    publications: int
    transactions: int
    # Calls of each round of a process that measures itself.
    local_calls: int
    watched_keys: int
    # Connected clients of which one in a hundred is active.
    crowd: int
    cached_requests: int
    cached_seconds: float


FULL = Size(pairs=4, rounds=6, seconds=0.5, stored_keys=1_000_000, connections=2000, due_keys=300_000, expiry_rounds=3,
            hashes=200_000, publications=5_000, transactions=100_000, local_calls=50_000, watched_keys=1000,
            crowd=10_000, cached_requests=300_000, cached_seconds=15)
QUICK = Size(pairs=1, rounds=3, seconds=0.3, stored_keys=200_000, connections=500, due_keys=60_000, expiry_rounds=1,
             hashes=50_000, publications=2_000, transactions=40_000, local_calls=50_000, watched_keys=200,
             crowd=1000, cached_requests=60_000, cached_seconds=3)


@dataclass
class Row:
    """A line of the table. A target is a ratio to redis-server, or a value of Martlet's own."""

    name: str
    redis: float | None
    martlet: float
    unit: str
    largest_ratio: float | None = None
    largest_value: float | None = None
    smallest_ratio: float | None = None
    smallest_value: float | None = None
    smaller_is_better: bool = True
    # The median ratio of pairs of rounds, where there are such.
    paired_ratio: float | None = None

    @property
    def ratio(self) -> float | None:
        if self.paired_ratio is not None:
            return self.paired_ratio
        return self.martlet / self.redis if self.redis else None

    @property
    def target(self) -> str:
        if self.largest_ratio is not None:
            return f"at most {self.largest_ratio:g} x"
        if self.smallest_ratio is not None:
            return f"at least {self.smallest_ratio:g} x"
        if self.smallest_value is not None:
            return f"at least {self.smallest_value:,g} {self.unit}"
        return f"at most {self.largest_value:g} {self.unit}" if self.largest_value is not None else ""

    @property
    def reached(self) -> bool | None:
        if self.largest_ratio is not None:
            return None if self.ratio is None else self.ratio <= self.largest_ratio
        if self.smallest_ratio is not None:
            return None if self.ratio is None else self.ratio >= self.smallest_ratio
        if self.smallest_value is not None:
            return self.martlet >= self.smallest_value
        return None if self.largest_value is None else self.martlet <= self.largest_value
