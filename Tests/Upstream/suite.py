"""One unit of Redis's Tcl suite: the tables that say what is expected of it, its process, and what it printed."""

import os
import re
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

# The suite ends a run by itself when no test has made progress for so many seconds.
NO_PROGRESS_SECONDS = 900
# Units may take so many times as long as units.tsv says.
SLOWEST_MACHINE = 10
# Where the suite looks for free ports (and 10,000 above): seldom the same for two runs on one machine.
BASE_PORT = 15000 + os.getpid() % 70 * 100


@dataclass
class Unit:
    """A row of units.tsv: how many results the real redis-server gives, the time limit, further options, and files of
    tests/assets whose types we do not have, which a server is started on all the same: they are emptied."""

    name: str
    tests: int
    seconds: int
    options: list[str]
    emptied: list[str]


@dataclass
class Expectations:
    """The rows of expected-failures.tsv for one unit: names with how often each is listed."""

    failing: Counter = field(default_factory=Counter)
    skipped: Counter = field(default_factory=Counter)


@dataclass
class Outcome:
    """What a unit did. Names are counted, because the suite uses some names twice."""

    passed: Counter = field(default_factory=Counter)
    failed: Counter = field(default_factory=Counter)
    ignored: int = 0
    problems: list[str] = field(default_factory=list)
    finished: bool = False
    output: str = ""
    seconds: float = 0.0


class TableError(Exception):
    """A line of one of the two tables is not understood."""


def rows(path: Path) -> list[list[str]]:
    lines = path.read_text().splitlines()
    return [line.split("\t") for line in lines if line.strip() and not line.startswith("#")]


def read_units(path: Path) -> list[Unit]:
    units = []
    for row in rows(path):
        if len(row) not in (3, 4, 5):
            raise TableError(f"{path.name}: {row}: unit, tests, seconds[, options[, emptied assets]] expected")
        options, emptied = ([*row[3:], "", ""])[:2]
        units.append(Unit(row[0], int(row[1]), int(row[2]), options.split(), emptied.split()))
    return units


def read_expectations(path: Path) -> dict[str, Expectations]:
    table: dict[str, Expectations] = {}
    for row in rows(path):
        if len(row) not in (3, 4) or (len(row) == 4 and row[3] not in ("", "skip")) or not row[2]:
            raise TableError(f"{path.name}: {row}: unit, test, reason[, skip] expected")
        unit = table.setdefault(row[0], Expectations())
        (unit.skipped if row[3:] == ["skip"] else unit.failing)[row[1]] += 1
    return table


def parse(output: str) -> Outcome:
    """Reads the suite's report. An error that names no test comes from outside the tests: a lost block."""
    outcome = Outcome(output=output)
    for line in output.splitlines():
        if match := re.match(r"\[ok\]: (.*) \(\d+ ms\)$", line):
            outcome.passed[match[1]] += 1
        elif match := re.match(r"\[err\]: (.*) in tests/\S+\.tcl$", line):
            outcome.failed[match[1]] += 1
        elif re.match(r"\[ignore\]: ", line):
            outcome.ignored += 1
        elif re.match(r"\[(err|exception|TIMEOUT)\]", line):
            outcome.problems.append(line)
        elif match := re.match(r"sock\S+ => \(IN PROGRESS\) (.*)", line):
            outcome.problems.append(f"did not come to an end: {match[1]}")
        elif re.match(r"\[1/1 done\]: (unit|integration)/", line):
            outcome.finished = True
    return outcome


def run_unit(unit: Unit, expectations: Expectations, workspace: Path, options: list[str]) -> Outcome:
    """Runs the unit in a process group of its own and ends that group at the time limit."""
    skip_file = workspace / "skip.txt"
    skip_file.write_text("".join(name + "\n" for name in expectations.skipped))
    command = [
        "tclsh8.6", "tests/test_helper.tcl", "--single", unit.name, "--durable", "--clients", "1", "--dont-clean",
        "--timeout", str(NO_PROGRESS_SECONDS), "--skipfile", str(skip_file),
        "--baseport", str(BASE_PORT), "--portcount", "100", *options,
    ]
    environment = dict(os.environ, TERM="dumb")
    report = workspace / "report.txt"
    started = time.monotonic()
    with report.open("wb") as sink:
        process = subprocess.Popen(
            command, cwd=workspace, env=environment, stdin=subprocess.DEVNULL, stdout=sink,
            stderr=subprocess.STDOUT, start_new_session=True)
        try:
            process.wait(SLOWEST_MACHINE * unit.seconds)
            late = False
        except subprocess.TimeoutExpired:
            late = True
        finally:
            end_group(process)
    outcome = parse(report.read_text(errors="replace"))
    outcome.seconds = time.monotonic() - started
    if late:
        outcome.problems.append(f"ended after its time limit of {SLOWEST_MACHINE} times {unit.seconds} s")
    outcome.problems += [f"server wrote to stderr: {text}" for text in server_errors(workspace)]
    return outcome


def end_group(process: subprocess.Popen) -> None:
    """Ends what the unit left running: servers stay in the group of the tclsh that started them."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def server_errors(workspace: Path) -> list[str]:
    """The beginnings of what servers wrote to stderr (a trap of the process, say)."""
    files = sorted(workspace.glob("tests/tmp/server.*/stderr*"))
    texts = [path.read_text(errors="replace").strip() for path in files]
    return [text[:1000] for text in texts if text]


def verdict(unit: Unit, expectations: Expectations, outcome: Outcome) -> tuple[int, list[str]]:
    """How many listed tests failed as listed, and all that was not expected, one sentence each."""
    unexpected = list(outcome.problems)
    unexpected += [f"failed: {name}" for name in (outcome.failed - expectations.failing).elements()]
    unexpected += [f"listed as failing, but passes: {name}"
                   for name in (expectations.failing & (outcome.passed - outcome.failed)).elements()]
    seen = outcome.passed.total() + outcome.failed.total()
    wanted = unit.tests - expectations.skipped.total()
    if not outcome.finished:
        unexpected.append("the unit did not come to its end")
    if seen < wanted:
        absent = (expectations.failing - outcome.failed - outcome.passed).elements()
        names = "".join(f"\n      listed, not seen: {name}" for name in absent)
        unexpected.append(f"only {seen} of {wanted} tests gave a result: a start_server block was lost{names}")
    if seen > wanted:
        print(f"  note: {unit.name} gave {seen} results, units.tsv knows {wanted}: bring the table up to date")
    return (outcome.failed & expectations.failing).total(), unexpected
