"""What this machine has for a model: chip, cores, memory, the memory of its graphics cards.

Looked up without a model runtime and without an exception: what the system does not tell is None, and `sources` says
where each fact comes from. What cannot change is asked once a process; what is free is read each time.
"""

import functools
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from prentice.backends.graphics import Gpu, graphics_cards

_ROOT: Final = Path("/")
_PROGRAM_SECONDS: Final = 3.0
"""How long a program that is asked may take; drivers that wake up a card need a second."""

_BIG_MAC: Final = 36 * 2**30
"""Bytes of memory from which macOS lets the graphics part use three quarters instead of two thirds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """A machine as a model sees it; sizes in bytes, None where the system does not say.

    `cores` counts those that this process may use; `available` is what can be taken before the machine swaps, all
    limits of a container applied. `working_set` is what Metal recommends at most for one program's models.
    """

    system: str = ""
    chip: str = ""
    cores: int | None = None
    memory: int | None = None
    available: int | None = None
    apple_silicon: bool = False
    working_set: int | None = None
    gpus: tuple[Gpu, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def gpu_memory(self) -> int | None:
        """All memory of cards of their own, in bytes; None without such a card."""
        sizes = [gpu.memory for gpu in self.gpus if gpu.discrete and gpu.memory is not None]
        return sum(sizes) or None

    @property
    def for_models(self) -> int | None:
        """The bytes that a model may take where it runs best: on Apple silicon within the working set, else in RAM."""
        if self.working_set is None or self.available is None:
            return self.available
        return min(self.available, self.working_set)


class _Facts:
    """Collects facts with their sources."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}

    def first(self, name: str, *ways: tuple[str, Callable[[], int | None]]) -> int | None:
        """Take the first way that gives a number."""
        for source, way in ways:
            if (value := way()) is not None and value > 0:
                self.sources[name] = source
                return value
        return None


def look(root: Path = _ROOT, *, system: str = "", machine: str = "") -> Hardware:
    """Look at this machine. `root` is where its files stand; `system` and `machine` are as `platform` names them."""
    system, machine = system or platform.system(), machine or platform.machine()
    facts = _Facts()
    if system == "Darwin":
        return _mac(machine, facts)
    memory, available = _linux_memory(root) if system == "Linux" else (None, None)
    limit, free = _container(root) if system == "Linux" else (None, None)
    chip = _cpu_name(root) or platform.processor() or machine
    facts.sources["chip"] = "/proc/cpuinfo" if _cpu_name(root) else "platform"
    gpus = _cards(root, os.environ.get("PATH", ""))
    if gpus:
        facts.sources["gpus"] = ", ".join(dict.fromkeys(gpu.source for gpu in gpus))
    return Hardware(
        system=system,
        chip=chip,
        cores=facts.first("cores", ("cpu.max", lambda: _cpu_quota(root)), ("affinity", _usable_cores)),
        memory=facts.first(
            "memory",
            ("the container's limit", lambda: _smaller(limit, memory)),
            ("/proc/meminfo", lambda: memory),
            ("sysconf", _physical_memory),
        ),
        available=facts.first(
            "available",
            ("the container's limit", lambda: _smaller(free, available)),
            ("/proc/meminfo", lambda: available),
            ("sysconf", _physical_memory),
        ),
        gpus=gpus,
        sources=facts.sources,
    )


def available_memory() -> int | None:
    """Give the bytes that a model may take before the machine swaps; None where the system does not say.

    Linux tells what is available now (`MemAvailable`, and the limit of a container), macOS what is free or not used of
    late. Elsewhere it is all the memory there is, or unknown.
    """
    if sys.platform == "win32":
        return None
    if sys.platform == "darwin":
        return _mac_available() or _physical_memory()
    memory, available = _linux_memory(_ROOT)
    return _smaller(_container(_ROOT)[1], available) or available or memory or _physical_memory()


def run(*command: str) -> str:
    """Give what a program prints; empty if it is not there, fails, or takes too long."""
    try:
        finished = subprocess.run(
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_PROGRAM_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError, ValueError):
        return ""
    return finished.stdout.decode("utf-8", "replace") if finished.returncode == 0 else ""


def _mac(machine: str, facts: _Facts) -> Hardware:
    names = ("hw.memsize", "machdep.cpu.brand_string", "hw.physicalcpu", "iogpu.wired_limit_mb")
    told = {name: _sysctl(name, os.environ.get("PATH", "")) for name in names}
    # A program translated for Intel sees another machine type; the chip's name tells the truth.
    silicon = machine == "arm64" or told[names[1]].startswith("Apple")
    memory = facts.first("memory", ("sysctl hw.memsize", lambda: _whole(told[names[0]])), ("sysconf", _physical_memory))
    limit = (_whole(told[names[3]]) or 0) * 2**20
    facts.sources["chip"] = "sysctl machdep.cpu.brand_string" if told[names[1]] else "platform"
    return Hardware(
        system="Darwin",
        chip=told[names[1]] or machine,
        cores=facts.first("cores", ("sysctl hw.physicalcpu", lambda: _whole(told[names[2]])), ("os", os.cpu_count)),
        memory=memory,
        available=facts.first("available", ("vm_stat", _mac_available), ("all the memory", lambda: memory)),
        apple_silicon=silicon,
        working_set=facts.first(
            "working_set",
            ("sysctl iogpu.wired_limit_mb", lambda: limit),
            ("a share of the memory", lambda: _metal_share(memory)),
        )
        if silicon
        else None,
        sources=facts.sources,
    )


@functools.lru_cache(maxsize=16)
def _sysctl(name: str, _path: str) -> str:
    """Ask the system for one of its values, once a process: none of them changes while it runs."""
    return run("sysctl", "-n", name).strip()


@functools.lru_cache(maxsize=16)
def _cards(root: Path, _path: str) -> tuple[Gpu, ...]:
    """List the cards, once a process: a driver that wakes one up takes a second, and none is plugged in meanwhile."""
    return graphics_cards(root, run=run)


def _metal_share(memory: int | None) -> int | None:
    """Give the share that macOS recommends at least: three quarters from 36 GB on, two thirds below.

    The lowest values of `recommendedMaxWorkingSetSize` that people report: 10.67 of 16 GB (exo#1672); newer systems
    give more, up to 107.5 of 128 GB (ds4#893). Asking Metal itself would take its bindings.
    """
    if memory is None:
        return None
    return memory * 3 // 4 if memory >= _BIG_MAC else memory * 2 // 3


def _mac_available() -> int | None:
    """Add up the pages that are free or were not used of late, as psutil does for macOS."""
    lines = run("vm_stat").splitlines()
    if not lines:
        return None
    size = next((int(word) for word in lines[0].split() if word.isdigit()), 4096)
    pages = {name.strip(): _whole(count.strip(" .")) for name, _, count in (line.partition(":") for line in lines[1:])}
    wanted = ("Pages free", "Pages speculative", "Pages inactive")
    return sum(pages.get(name) or 0 for name in wanted) * size or None


def _linux_memory(root: Path) -> tuple[int | None, int | None]:
    """Give all memory, and what is available of it."""
    lines = (line.partition(":") for line in _text(root / "proc/meminfo").splitlines())
    told = {name: value.split() for name, _, value in lines}
    sizes = [
        _whole(words[0]) if (words := told.get(name)) and words[-1] == "kB" else None
        for name in ("MemTotal", "MemAvailable")
    ]
    memory, available = (None if size is None else size * 1024 for size in sizes)
    return memory, available


def _container(root: Path) -> tuple[int | None, int | None]:
    """Give the limit of the control group that this process sees as its root, and what is left of it."""
    group = root / "sys/fs/cgroup"
    for limit_file, used_file in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        limit, used = _whole(_text(group / limit_file).strip()), _whole(_text(group / used_file).strip())
        if limit is not None and limit < 2**60:  # version 1 writes a number near 2**63 for no limit
            return limit, None if used is None else max(limit - used + _cache(group), 1)
    return None, None


def _cache(group: Path) -> int:
    """Give the bytes of the group's file cache that the kernel takes back before it fails."""
    for name, key in (("memory.stat", "inactive_file"), ("memory/memory.stat", "total_inactive_file")):
        for line in _text(group / name).splitlines():
            word, _, value = line.partition(" ")
            if word == key:
                return _whole(value) or 0
    return 0


def _cpu_quota(root: Path) -> int | None:
    """Give the whole processors that a container may use, at least one; None without a limit."""
    quota, _, period = _text(root / "sys/fs/cgroup/cpu.max").strip().partition(" ")
    allowed, length, cores = _whole(quota), _whole(period), _usable_cores()
    if not allowed or not length:
        return None
    return min(max(1, round(allowed / length)), cores or 2**16)


def _cpu_name(root: Path) -> str:
    for line in _text(root / "proc/cpuinfo").splitlines():
        name, separator, value = line.partition(":")
        if separator and name.strip() in {"model name", "Model"}:
            return value.strip()
    return ""


def _usable_cores() -> int | None:
    try:
        return len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        return os.cpu_count()


def _physical_memory() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _smaller(limit: int | None, value: int | None) -> int | None:
    """Give a container's limit where it is the smaller one."""
    return limit if limit is not None and (value is None or limit < value) else None


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return ""
