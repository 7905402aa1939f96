#!/usr/bin/env python3
"""The server as a process among others: Debian's own configuration file, the background, signals, supervisors, the log.

Needs /etc/redis/redis.conf (apt: redis-server) and redis-cli (apt: redis-tools).
"""
import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # no __pycache__ in the source tree

from server import eventually, free_port

DEBIAN_CONFIGURATION = "/etc/redis/redis.conf"
results = []


def check(name, condition, detail=""):
    results.append(bool(condition))
    print(f"{'ok  ' if condition else 'FAIL'} {name}{': ' + str(detail) if detail and not condition else ''}")


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


class Place:
    """A directory, a port, and a server that writes nowhere else."""

    def __init__(self, binary):
        self.binary = os.path.abspath(binary)
        self.directory = tempfile.mkdtemp()
        self.port = free_port()
        self.log = os.path.join(self.directory, "log")
        self.pid_file = os.path.join(self.directory, "pid")

    def start(self, *arguments, **environment):
        return subprocess.Popen(
            [self.binary, *arguments, "--port", str(self.port), "--dir", self.directory, "--logfile", self.log,
             "--pidfile", self.pid_file], env={**os.environ, **environment})

    def cli(self, *words):
        return subprocess.run(
            ["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True, timeout=60).stdout.strip()

    def is_up(self):
        return eventually(lambda: self.cli("PING") == "PONG")

    def pid(self):
        return int(self.cli("INFO", "server").split("process_id:")[1].split()[0])


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "State:\tZ" not in read(f"/proc/{pid}/status")


def debian(binary):
    place = Place(binary)
    # A copy, for the server is asked to write it anew.
    copy = os.path.join(place.directory, "redis.conf")
    shutil.copyfile(DEBIAN_CONFIGURATION, copy)
    first = place.start(copy)
    check("Debian's file: the first process ends well", first.wait(30) == 0)
    check("Debian's file: it serves", place.is_up(), read(place.log))
    check("Debian's file: the pid file", eventually(lambda: read(place.pid_file).strip() == str(place.pid())))
    pid = place.pid()
    check("Debian's file: a session of its own", os.getsid(pid) == pid)
    check("Debian's file: no directive is without effect", "no effect" not in read(place.log), read(place.log))
    check("Debian's file: the title", f"127.0.0.1:{place.port}" in read(f"/proc/{pid}/cmdline"),
          read(f"/proc/{pid}/cmdline"))
    settings = place.cli("CONFIG", "GET", "save", "bind", "pidfile").split("\n")
    check("Debian's file: the file speaks", "3600 1 300 100 60 10000" in settings and "127.0.0.1 -::1" in settings,
          settings)
    check("a write", place.cli("SET", "key", "value") == "OK")
    os.rename(place.log, place.log + ".1")
    os.kill(pid, signal.SIGHUP)
    place.cli("CONFIG", "SET", "loglevel", "debug")
    place.cli("CONFIG", "REWRITE")
    check("a log that was moved away is begun anew", eventually(lambda: read(place.log) != ""))
    os.kill(pid, signal.SIGTERM)
    check("SIGTERM ends it", eventually(lambda: not is_alive(pid)))
    check("the data was saved", os.path.exists(os.path.join(place.directory, "dump.rdb")))
    check("the pid file is gone", not os.path.exists(place.pid_file))


def systemd(binary):
    place = Place(binary)
    path = os.path.join(place.directory, "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(path)
        supervisor.settimeout(30)
        server = place.start("--supervised", "systemd", NOTIFY_SOCKET=path)
        check("systemd hears of readiness", b"READY=1" in supervisor.recv(4096))
        check("it is ready then", place.cli("PING") == "PONG")
        check("INFO names the supervisor", "process_supervised:systemd" in place.cli("INFO", "server"))
        server.send_signal(signal.SIGTERM)
        check("systemd hears of the end", b"STOPPING=1" in supervisor.recv(4096))
        check("the end", server.wait(30) == 0)
        server = place.start("--supervised", "systemd", "--daemonize", "yes", NOTIFY_SOCKET=path)
        check("who is supervised stays in the foreground",
              b"READY=1" in supervisor.recv(4096) and server.poll() is None and place.pid() == server.pid)
        server.send_signal(signal.SIGTERM)
        check("the end", server.wait(30) == 0)
    place = Place(binary)
    server = place.start("--supervised", "systemd")
    check("nobody supervises", place.is_up() and "NOTIFY_SOCKET not found" in read(place.log), read(place.log))
    server.send_signal(signal.SIGTERM)
    check("the end", server.wait(30) == 0)


def signals(binary):
    for options, is_saved in (((), True), (("--shutdown-on-sigterm", "nosave"), False)):
        place = Place(binary)
        server = place.start("--save", "3600 1", *options)
        check("started", place.is_up())
        place.cli("SET", "key", "value")
        server.send_signal(signal.SIGTERM)
        check(f"SIGTERM with {options}: status", server.wait(30) == 0)
        saved = os.path.exists(os.path.join(place.directory, "dump.rdb"))
        check(f"SIGTERM with {options}: saved {is_saved}", saved == is_saved)


def crash(binary):
    for kind, options, is_reported in (("SEGFAULT", (), True), ("PANIC", (), True), ("ASSERT", (), True),
                                       ("SEGFAULT", ("--crash-log-enabled", "no"), False)):
        place = Place(binary)
        server = place.start("--enable-debug-command", "yes", *options)
        check("started", place.is_up())
        place.cli("DEBUG", kind)
        number = signal.SIGSEGV if kind == "SEGFAULT" else signal.SIGABRT
        check(f"DEBUG {kind} ends with its signal", server.wait(60) == -number, server.returncode)
        log = read(place.log)
        found = f"crashed by signal: {number}" in log and "STACK TRACE" in log
        check(f"DEBUG {kind} is reported: {is_reported}", found == is_reported, log[-500:])


def exit_on_panic(binary):
    for kind, status, reports in (("PANIC", 1, "yes"), ("ASSERT", 1, "yes"), ("PANIC", 1, "no"),
                                  ("SEGFAULT", -signal.SIGSEGV, "yes")):
        place = Place(binary)
        server = place.start("--enable-debug-command", "yes", "--use-exit-on-panic", "yes",
                             "--crash-log-enabled", reports)
        check("started", place.is_up())
        place.cli("DEBUG", kind)
        check(f"DEBUG {kind} ends with status {status}", server.wait(60) == status, server.returncode)
        check(f"DEBUG {kind} is reported: {reports}", ("STACK TRACE" in read(place.log)) == (reports == "yes"))


def watchdog(binary):
    place = Place(binary)
    configuration = os.path.join(place.directory, "redis.conf")
    with open(configuration, "w") as file:
        file.write("enable-debug-command yes\nrequirepass topsecret\n")
    client = ("-a", "topsecret", "--no-auth-warning")
    expired = "--- WATCHDOG TIMER EXPIRED ---"

    def period():
        return place.cli(*client, "CONFIG", "GET", "watchdog-period").split("\n")[-1]

    def sleep(seconds):
        return place.cli(*client, "DEBUG", "SLEEP", str(seconds)) == "OK"

    def reports():
        return read(place.log).count(expired)

    # A slow machine may look at a turn too late, or write of it after its end: there are others.
    def reports_a_turn():
        count = reports()
        return eventually(lambda: sleep(0.5) and reports() > count)

    def overlooks_a_turn():
        count = reports()
        return sleep(0.5) and reports() == count

    server = place.start(configuration)
    check("started", eventually(lambda: period() == "0"), read(place.log))
    check("it sleeps", sleep(0.5))
    check("without a period nobody watches", expired not in read(place.log))
    check("a period", place.cli(*client, "CONFIG", "SET", "watchdog-period", "50") == "OK")
    check("too short ones are raised", period() == "200", period())
    check("the watchdog reports", reports_a_turn(), read(place.log))
    check("the stack names the command's function", eventually(
        lambda: sleep(0.5) and "STACK TRACE" in read(place.log) and "debugCommand" in read(place.log)), read(place.log))
    check("it has an effect", "no effect" not in read(place.log), read(place.log))
    check("it reports other turns, too", all(reports_a_turn() for _ in range(3)), read(place.log))
    check("no secrets in the log", "topsecret" not in read(place.log))
    check("the file is written anew", place.cli(*client, "CONFIG", "REWRITE") == "OK")
    check("the period stands in it", "watchdog-period 200\n" in read(configuration), read(configuration))
    check("switched off", place.cli(*client, "CONFIG", "SET", "watchdog-period", "0") == "OK" and period() == "0")
    check("switched off it is silent", eventually(overlooks_a_turn) and overlooks_a_turn(), read(place.log))
    server.send_signal(signal.SIGTERM)
    check("the end", server.wait(60) == 0, server.returncode)
    os.unlink(place.log)
    server = place.start(configuration)
    check("started again with a period", eventually(lambda: period() == "200"), read(place.log))
    check("the watchdog reports", reports_a_turn(), read(place.log))
    server.send_signal(signal.SIGTERM)
    check("the end", server.wait(60) == 0, server.returncode)


def background(binary):
    for words in (("--dir", "/nonexistent"), ("--logfile", "/nonexistent/log")):
        done = subprocess.run([binary, "--daemonize", "yes", *words], capture_output=True, text=True, timeout=60)
        check(f"the background with {words}: refused", done.returncode == 1 and "No such file" in done.stderr,
              done.stderr)

    place = Place(binary)
    first = subprocess.run(
        [binary, "--daemonize", "yes", "--set-proc-title", "no", "--port", str(place.port), "--dir", place.directory,
         "--logfile", place.log, "--pidfile", place.pid_file, "-"], input=b"requirepass topsecret\n", timeout=60)
    check("a configuration from standard input", first.returncode == 0)
    check("it is in the background", eventually(lambda: place.cli("PING").startswith("NOAUTH")), read(place.log))
    pid = int(read(place.pid_file))
    check("its password is nobody else's", "topsecret" not in read(f"/proc/{pid}/cmdline"))
    check("its password lets in", "PONG" in place.cli("-a", "topsecret", "PING"))
    os.kill(pid, signal.SIGTERM)
    check("the end", eventually(lambda: not is_alive(pid)))


def loading(binary):
    place = Place(binary)
    server = place.start("--enable-debug-command", "yes")
    check("started", place.is_up())
    place.cli("DEBUG", "POPULATE", "1000")
    place.cli("SHUTDOWN", "SAVE")
    server.wait(60)
    server = place.start("--key-load-delay", "1000000")
    check("it loads", eventually(lambda: "LOADING" in place.cli("GET", "a")), read(place.log))
    check("the pid file is there while it loads", read(place.pid_file).strip() == str(server.pid))
    check("the file tells what its data took", "loading_rdb_used_mem:0" not in place.cli("INFO", "persistence"))
    server.kill()
    server.wait(60)


def users(binary):
    place = Place(binary)
    configuration = os.path.join(place.directory, "redis.conf")
    with open(configuration, "w") as file:
        file.write("user default on nopass ~* &* +@all\nuser ann on >pw ~a* +get +set +lpush -eval\n")
    server = place.start(configuration)
    check("started", place.is_up(), read(place.log))
    ann = ("--user", "ann", "--pass", "pw", "--no-auth-warning")
    check("a user's own key", place.cli(*ann, "SET", "a", "1") == "OK")
    check("another key", place.cli(*ann, "SET", "b", "1").startswith("NOPERM"))
    place.cli("ACL", "SETUSER", "ann", "-set")
    check("the file is written anew", place.cli("CONFIG", "REWRITE") == "OK")
    server.send_signal(signal.SIGTERM)
    server.wait(60)
    server = place.start(configuration)
    check("started again", place.is_up(), read(place.log))
    check("what was rewritten holds", place.cli(*ann, "SET", "a", "2").startswith("NOPERM"))
    server.send_signal(signal.SIGTERM)
    check("the end", server.wait(60) == 0)


def kernel(binary):
    place = Place(binary)
    server = place.start("--oom-score-adj", "absolute", "--oom-score-adj-values", "123 200 800")
    check("started", place.is_up())
    check("oom-score-adj", read(f"/proc/{server.pid}/oom_score_adj").strip() == "123")
    check("a title of one's own", place.cli("CONFIG", "SET", "proc-title-template", "bird {port}") == "OK")
    check("it shows", read(f"/proc/{server.pid}/cmdline").rstrip("\0") == f"bird {place.port}",
          read(f"/proc/{server.pid}/cmdline"))
    check("a wrong template", "invalid" in place.cli("CONFIG", "SET", "proc-title-template", "{bird}"))
    server.send_signal(signal.SIGINT)
    check("SIGINT ends it", server.wait(30) == 0)


def statuses(server, field):
    """What the kernel says of each of a process's threads."""
    found = set()
    for thread in os.listdir(f"/proc/{server.pid}/task"):
        lines = read(f"/proc/{server.pid}/task/{thread}/status").splitlines()
        found.update(line.split()[1] for line in lines if line.startswith(field + ":"))
    return found


def processors(binary):
    """All threads keep to the processors that server-cpulist names; a list that cannot be kept stops nobody."""
    last = max(os.sched_getaffinity(0))
    place = Place(binary)
    server = place.start("--server-cpulist", str(last))
    check("started", place.is_up())
    place.cli("BGSAVE")
    check("processors", statuses(server, "Cpus_allowed_list") == {str(last)}, statuses(server, "Cpus_allowed_list"))
    check("CONFIG GET", place.cli("CONFIG", "GET", "server-cpulist").split() == ["server-cpulist", str(last)])
    check("no huge pages", statuses(server, "THP_enabled") == {"0"}, statuses(server, "THP_enabled"))
    server.send_signal(signal.SIGTERM)
    check("the end", server.wait(60) == 0)
    for words in ("0-", "1023"):
        place = Place(binary)
        server = place.start("--server_cpulist", words, "--disable-thp", "no")
        check("started", place.is_up())
        check("a complaint", f"server-cpulist '{words}'" in read(place.log), read(place.log))
        own = [line.split()[1] for line in read("/proc/self/status").splitlines() if "Cpus_allowed_list" in line]
        check("all processors", statuses(server, "Cpus_allowed_list") == set(own))
        check("huge pages, as the system has them", statuses(server, "THP_enabled") == {"1"})
        server.send_signal(signal.SIGTERM)
        check("the end", server.wait(60) == 0)


def system_log(binary):
    """Only where nobody else listens at /dev/log, and we may."""
    if os.path.exists("/dev/log") or os.getuid() != 0:
        print("left out: /dev/log is somebody else's")
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind("/dev/log")
        journal.settimeout(30)
        try:
            place = Place(binary)
            server = place.start("--syslog-enabled", "yes", "--syslog-ident", "bird", "--syslog-facility", "local3")
            lines = []
            while not lines or "Ready to accept connections" not in lines[-1]:
                lines.append(journal.recv(4096).decode())
            # Facility local3 is 19, and a notice's priority 5.
            check("the system's log", lines[-1].startswith(f"<{19 * 8 + 5}>") and f"bird[{server.pid}]: " in lines[-1],
                  lines[-1])
            check("the log file has the line, too", "Ready to accept connections" in read(place.log))
            server.send_signal(signal.SIGTERM)
            check("the end", server.wait(30) == 0)
        finally:
            os.unlink("/dev/log")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    binary = parser.parse_args().binary
    for case in (debian, systemd, signals, crash, exit_on_panic, watchdog, background, loading, users, kernel,
                 processors, system_log):
        case(binary)
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
