"""The source packages that projects released, fetched with pip and kept, and which of them a patch was made for.

The data names a project and a patch for each issue, but no version. The release nearest to the patch is the one that
most of the patch's hunks fit, then the one with most of the lines that it keeps or removes and fewest of those that it
adds; of equals the newest.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

RELEASES = {
    "astropy": "2.0 3.0 5.0 5.1",
    "django": "2.1 2.2 3.0 3.1 3.2 4.0 4.1 4.2 5.0",
    "flask": "2.2.0 2.3.0",
    "matplotlib": "3.1.0 3.5.0 3.6.0 3.7.0 3.8.0",
    "pylint": "2.13.0 2.14.0 2.15.0",
    "pytest": "4.4.0 4.5.0 5.4.0 6.0.0 6.2.0",
    "requests": "2.10.0 2.11.0",
    "scikit-learn": "0.20.0 0.22 1.2.0 1.3.0",
    "seaborn": "0.11.2 0.12.0",
    "sphinx": "3.1.0 3.2.0 3.3.0 3.4.0 5.0.0 5.1.0",
    "sympy": "1.0 1.1 1.1.1 1.2 1.3 1.4 1.5 1.6 1.7 1.8 1.9 1.10 1.11 1.12",
    "xarray": "0.15.1 0.16.0 0.17.0 0.18.0",
}
"""Releases to choose among, oldest first: one for each series in which an issue of the data was mended."""


@dataclass(frozen=True, slots=True)
class FileHunk:
    """A hunk of a patch: its file, the lines it expects there, and the lines it adds."""

    path: str
    old: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)


def hunks(patch: str) -> list[FileHunk]:
    """Read the hunks of a unified diff; those of new files are left out."""
    found: list[FileHunk] = []
    path = ""
    inside = False
    for line in patch.split("\n"):
        if line.startswith("diff "):
            path, inside = "", False
        elif line.startswith("--- ") and not inside:
            path = "" if line.startswith("--- /dev/null") else line[4:].strip().removeprefix("a/")
        elif line.startswith("@@") and path:
            found.append(FileHunk(path))
            inside = True
        elif inside and line.startswith("+"):
            found[-1].added.append(line[1:].rstrip())
        elif inside and not line.startswith("\\"):
            found[-1].old.append(line[1:].rstrip())
    return found


def nearest(project: str, patch: str, *, cache_directory: Path) -> Path | None:
    """Give the tree of the release that a patch is nearest to, None where none has all of its files."""
    wanted = hunks(patch)
    best: tuple[tuple[int, int], Path] | None = None
    for version in RELEASES.get(project, "").split():
        tree = released(project, version, cache_directory=cache_directory)
        if tree is None or not all((tree / hunk.path).is_file() for hunk in wanted):
            continue
        fit = _fit(tree, wanted)
        if best is None or fit >= best[0]:
            best = (fit, tree)
    return best[1] if best else None


def _fit(tree: Path, wanted: Sequence[FileHunk]) -> tuple[int, int]:
    whole = nearby = 0
    for hunk in wanted:
        lines = _lines(tree / hunk.path)
        known = set(lines)
        old = "\n".join(hunk.old).rstrip("\n")
        whole += f"\n{old}\n" in "\n" + "\n".join(lines) + "\n"
        nearby += sum(line in known for line in hunk.old if line)
        nearby -= sum(line in known for line in hunk.added if line and line not in hunk.old)
    return whole, nearby


@cache
def _lines(path: Path) -> list[str]:
    return [line.rstrip() for line in path.read_text(encoding="utf-8", errors="replace").split("\n")]


@cache
def released(project: str, version: str, *, cache_directory: Path) -> Path | None:
    """Give the unpacked source package of a release, fetched with pip if it is not there; None if it cannot be had."""
    tree = cache_directory / f"{project}-{version}"
    if tree.is_dir():
        return tree
    print(f"fetching {project} {version}", file=sys.stderr)
    cache_directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_directory) as name:
        unpacked = _fetched(f"{project}=={version}", Path(name))
        if unpacked is None:
            return None
        shutil.move(unpacked, tree)
    return tree


def _fetched(requirement: str, directory: Path) -> Path | None:
    """Have pip fetch a source package, and give where it is unpacked.

    pip prepares the metadata of what it fetches, which old packages do not survive on a new Python; by then they are
    unpacked, and `--no-clean` leaves them.
    """
    command = [*pip(), "download", "--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--no-clean", "-q"]
    subprocess.run(
        [*command, "-d", str(directory / "kept"), requirement],
        env={**os.environ, "TMPDIR": str(directory)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        timeout=600,
    )
    name = re.split("==", requirement)[0]
    for place in sorted(directory.glob("pip-download-*/*")):
        if place.is_dir() and place.name.startswith(name):
            return place
    for archive in sorted((directory / "kept").glob("*.tar.*")):
        shutil.unpack_archive(archive, directory / "unpacked", filter="data")
        return next((directory / "unpacked").iterdir(), None)
    return None


@cache
def pip() -> tuple[str, ...]:
    """Give the command that is pip: this Python's own, else one on the path; ends the benchmark where there is none."""
    for command in ((sys.executable, "-m", "pip"), ("pip3",), ("pip",), ("python3", "-m", "pip")):
        if (
            shutil.which(command[0])
            and not subprocess.run([*command, "--version"], capture_output=True, check=False).returncode
        ):
            return command
    sys.exit("The released source packages are fetched with pip, which is not here: run `python3 -m ensurepip`.")
