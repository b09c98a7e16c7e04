"""What is found of MLX: can it run in this Python at all, is it installed, is its arithmetic fast."""

import platform
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prentice.backends.hardware import run
from prentice.backends.mlx.runtime import load_openblas, missing, versions
from prentice.extras import install_command, requirement
from prentice.skills.doctor.finding import Finding

NEWEST: Final = (3, 14)
"""The newest Python that there are wheels of mlx 0.32.4 for, by its list of files."""

_PACKAGES: Final = {
    "debian": "sudo apt install libopenblas0-pthread",
    "fedora": "sudo dnf install openblas",
    "rhel": "sudo dnf install openblas",
    "suse": "sudo zypper install libopenblas0",
    "arch": "sudo pacman -S openblas",
}
"""By the `ID` or `ID_LIKE` of os-release, the command that installs OpenBLAS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MlxRuntime:
    """What MLX would run on. `machine` is that of this Python, which can be another than the chip's.

    `fast` is whether OpenBLAS is there (macOS brings its own), `distribution` the words of os-release.
    """

    system: str
    machine: str
    apple_chip: bool = False
    python: tuple[int, int] = (3, 12)
    where: str = ""
    missing: tuple[str, ...] = ()
    fast: bool = True
    distribution: tuple[str, ...] = ()
    versions: str = ""


def mlx_runtime() -> MlxRuntime:
    """Look at this process and machine; imports no MLX."""
    system, absent = platform.system(), missing()
    translated = system == "Darwin" and run("sysctl", "-n", "machdep.cpu.brand_string").startswith("Apple")
    return MlxRuntime(
        system=system,
        machine=platform.machine(),
        apple_chip=translated,
        python=sys.version_info[:2],
        where=sys.prefix,
        missing=absent,
        fast=bool(absent) or load_openblas(),
        distribution=_distribution(Path("/etc/os-release")),
        versions=versions(),
    )


def mlx_findings(facts: MlxRuntime, *, wanted: bool) -> Iterator[Finding]:
    """Say what keeps MLX from running, or from running fast.

    Where the user did not ask for it, its absence is no fault, and is said on Apple silicon only, where it runs best.
    """
    if facts.system == "Darwin" and facts.machine != "arm64":
        if facts.apple_chip:
            yield Finding(
                check="mlx",
                ok=False,
                found=f"this Python ({facts.where}) is built for Intel, and MLX needs one for Apple silicon",
                next_step=f"`uv tool install --python cpython-3.13-macos-aarch64 --reinstall {_wanted()}`, "
                "with a uv that is built for Apple silicon itself (`uname -m` says arm64 in its terminal).",
            )
        elif wanted:
            yield _cannot("MLX runs on Apple silicon and on Linux, not on a Mac with an Intel chip")
    elif facts.system not in {"Darwin", "Linux"}:
        if wanted:
            yield _cannot(f"MLX does not run on {facts.system}")
    elif facts.missing:
        if wanted or facts.apple_chip:
            yield _not_installed(facts, wanted=wanted)
    elif not facts.fast:
        yield Finding(
            check="mlx",
            ok=not wanted,
            found=f"{facts.versions}, without OpenBLAS: its products are about ten times slower",
            next_step=f"`{_package(facts.distribution)}`",
        )
    else:
        yield Finding(check="mlx", ok=True, found=facts.versions)


def _wanted() -> str:
    return shlex.quote(requirement("mlx"))


def _not_installed(facts: MlxRuntime, *, wanted: bool) -> Finding:
    version = ".".join(map(str, facts.python))
    says = f"{', '.join(facts.missing)} missing in the Python {version} of {facts.where}"
    if facts.python > NEWEST:
        newest = ".".join(map(str, NEWEST))
        return Finding(
            check="mlx",
            ok=not wanted,
            found=f"{says}, for which MLX is not made: {newest} is the newest",
            next_step=f"`uv tool install --python 3.13 {_wanted()}`",
        )
    return Finding(check="mlx", ok=not wanted, found=says, next_step=f"`{install_command('mlx')}`")


def _cannot(says: str) -> Finding:
    return Finding(check="mlx", ok=False, found=says, next_step="Use `--backend ollama` or `--backend auto`.")


def _package(distribution: tuple[str, ...]) -> str:
    return next((_PACKAGES[name] for name in distribution if name in _PACKAGES), _PACKAGES["debian"])


def _distribution(path: Path) -> tuple[str, ...]:
    """Give the words of `ID` and `ID_LIKE`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ()
    told = dict(line.split("=", 1) for line in lines if "=" in line)
    return tuple(word for key in ("ID", "ID_LIKE") for word in told.get(key, "").strip('"').split())
