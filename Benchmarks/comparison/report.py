"""The table, as Markdown, with the machine and the versions that it holds for."""

import datetime
import os
import platform
import subprocess
from pathlib import Path

from .rows import Row, Size

HEADINGS = ["measure", "redis-server", "Martlet", "ratio", "target", "reached"]


def number(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    is_whole = abs(value) >= 1000 or unit in ("bytes", "sessions")
    digits = 0 if is_whole else 1 if abs(value) >= 100 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f} {unit}"


def cells(row: Row) -> list[str]:
    ratio = "" if row.ratio is None else f"{row.ratio:.2f} x" + ("" if row.smaller_is_better else " (more is better)")
    reached = {True: "yes", False: "**no**", None: ""}[row.reached]
    return [row.name, number(row.redis, row.unit), number(row.martlet, row.unit), ratio, row.target, reached]


def table(rows: list[Row]) -> str:
    lines = [HEADINGS, ["---"] + ["---:"] * 3 + ["---"] * 2, *map(cells, rows)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def version_of(program: str) -> str:
    done = subprocess.run([program, "--version"], capture_output=True, text=True)
    return (done.stdout or done.stderr).strip().splitlines()[0] if (done.stdout or done.stderr).strip() else "unknown"


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def memory_size() -> str:
    kilobytes = int(Path("/proc/meminfo").read_text().split()[1])
    return f"{kilobytes / 1024 / 1024:.0f} GiB"


def facts_of(binary: str, reference: str, load: str = "") -> str:
    """The machine and the versions, a line each."""
    facts = [
        ("date", datetime.date.today().isoformat()),
        ("machine", f"{processor()}, {os.cpu_count()} cores, {memory_size()}"),
        ("system", f"{platform.system()} {platform.release()}"),
        ("Martlet", version_of(binary)),
        ("redis-server", version_of(reference)),
        ("load", version_of("redis-benchmark") + load),
    ]
    return "".join(f"- {name}: {fact}\n" for name, fact in facts)


def document(rows: list[Row], binary: str, reference: str, size: Size) -> str:
    listed = facts_of(binary, reference, ", 50 clients, 100,000 keys, 64-byte values")
    return (
        "# Martlet beside redis-server\n\n"
        "Written by `Benchmarks/compare`. Both servers run on one core and are driven from another, in alternating\n"
        f"rounds. Throughput and CPU: {size.pairs} fresh pairs of servers with {size.rounds} rounds each, twice as many\n"
        f"for PUBLISH; many clients connect once, for {size.pairs * size.rounds} rounds. Figures are medians of all rounds,\n"
        "a ratio is the median of the ratios of two rounds that ran one right behind the other. CPU is user and\n"
        "system time of the whole process; memory is resident memory over that of the empty server.\n\n"
        f"{listed}\n{table(rows)}")
