"""Redis 7.0.15's own source, from Debian's source package.

The tree is fetched once with apt-get into a cache directory and used again afterwards. What runs is a copy of its
`tests` folder in a directory of its own, beside a `src` folder in which `redis-server` is the binary under test and
the tools are Debian's.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

VERSION = "7.0.15"
TOOLS = ("redis-cli", "redis-benchmark", "redis-check-aof", "redis-check-rdb")
NEEDED = ("tclsh8.6",) + TOOLS
NEEDED_TO_FETCH = ("apt-get", "dpkg-source")


class SourceError(Exception):
    """The tree or a program that it needs cannot be had; the text says why and what to install."""


def check_programs(names: tuple[str, ...]) -> None:
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        raise SourceError(f"missing programs: {' '.join(missing)} (apt: tcl8.6 redis-tools dpkg-dev)")


def source_entries() -> str:
    """The machine's own apt sources, asking for source packages; in either of apt's two notations."""
    apt = Path("/etc/apt")
    modern = sorted(apt.glob("sources.list.d/*.sources"))
    if modern:
        text = "\n\n".join(path.read_text() for path in modern)
        lines = ["Types: deb-src" if line.startswith("Types:") else line for line in text.splitlines()]
        return "\n".join(lines) + "\n"
    legacy = [apt / "sources.list", *sorted(apt.glob("sources.list.d/*.list"))]
    lines = [line for path in legacy if path.exists() for line in path.read_text().splitlines()]
    return "\n".join("deb-src" + line[3:] for line in lines if line.startswith("deb ")) + "\n"


def fetch(destination: Path) -> None:
    """Downloads and unpacks the package (Debian's patched tree) to `destination`, whole or not at all."""
    check_programs(NEEDED_TO_FETCH)
    modern = any(Path("/etc/apt/sources.list.d").glob("*.sources"))
    with tempfile.TemporaryDirectory(prefix="martlet-upstream-") as name:
        scratch = Path(name)
        (scratch / "lists/partial").mkdir(parents=True)
        (scratch / "cache").mkdir()
        sources = scratch / ("src.sources" if modern else "src.list")
        sources.write_text(source_entries())
        apt = [
            "apt-get", "-q",
            "-o", f"Dir::Etc::SourceList={sources}", "-o", "Dir::Etc::SourceParts=/dev/null",
            "-o", f"Dir::State::Lists={scratch}/lists", "-o", f"Dir::Cache={scratch}/cache",
        ]
        run_quietly([*apt, "update"], scratch)
        run_quietly([*apt, "--download-only", "source", "redis"], scratch)
        packages = sorted(scratch.glob(f"redis_{VERSION}-*.dsc"))
        if not packages:
            raise SourceError(f"the apt sources of this machine do not offer redis {VERSION}")
        run_quietly(["dpkg-source", "--no-check", "-x", str(packages[-1]), str(scratch / "tree")], scratch)
        destination.parent.mkdir(parents=True, exist_ok=True)
        partial = destination.with_name(destination.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(scratch / "tree", partial, symlinks=True)
        partial.rename(destination)


def run_quietly(command: list[str], directory: Path) -> None:
    done = subprocess.run(command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise SourceError(f"{' '.join(command[:1] + command[-2:])} failed:\n{done.stdout[-2000:]}")


def cached_tree(cache: Path) -> Path:
    """The unpacked source tree, fetched if the cache has none."""
    tree = cache / f"redis-{VERSION}"
    if not (tree / "tests/test_helper.tcl").exists():
        shutil.rmtree(tree, ignore_errors=True)
        print(f"fetching redis {VERSION} from Debian into {tree}", flush=True)
        fetch(tree)
    return tree


# Header, end, no checksum.
EMPTY_SNAPSHOT = b"REDIS0010\xff" + bytes(8)


def prepare_workspace(tree: Path, workspace: Path, binary: Path, emptied: list[str]) -> None:
    """A fresh directory to run the suite in: its tests copied, `src/redis-server` being `binary`, and in the place of
    some files of tests/assets a snapshot of no data."""
    shutil.copytree(tree / "tests", workspace / "tests", symlinks=True)
    for name in emptied:
        (workspace / "tests/assets" / name).write_bytes(EMPTY_SNAPSHOT)
    programs = workspace / "src"
    programs.mkdir()
    (programs / "redis-server").symlink_to(binary)
    for tool in TOOLS:
        found = shutil.which(tool)
        if found is None:
            raise SourceError(f"missing program: {tool}")
        (programs / tool).symlink_to(found)
