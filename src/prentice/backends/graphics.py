"""The graphics cards of a machine and their memory, from the drivers' own programs and from Linux's device files."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_NVIDIA: Final = ("nvidia-smi", "/usr/lib/wsl/lib/nvidia-smi")  # the second is where WSL keeps it, off the PATH
_QUERY: Final = ("--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits")
_MEBIBYTE: Final = 2**20
_OWN_MEMORY: Final = 2**30
"""Bytes below which memory counts as set aside from the machine's own: what firmware gives to a built-in part."""

_VENDORS: Final = {"0x1002": "AMD", "0x10de": "NVIDIA", "0x8086": "Intel"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """A graphics card; sizes in bytes, None where the driver does not say. `discrete`: with memory of its own."""

    name: str
    memory: int | None = None
    free: int | None = None
    discrete: bool = True
    source: str = ""


def graphics_cards(root: Path, *, run: Callable[..., str]) -> tuple[Gpu, ...]:
    """List the cards; `run` gives what a program prints, empty where it cannot be run."""
    nvidia = _nvidia(run)
    amd = _amd(run)
    known = {"NVIDIA" for _ in nvidia} | {"AMD" for _ in amd}
    return (*nvidia, *amd, *(gpu for vendor, gpu in _device_files(root) if vendor not in known))


def _nvidia(run: Callable[..., str]) -> tuple[Gpu, ...]:
    printed = next(filter(None, (run(program, *_QUERY) for program in _NVIDIA)), "")
    found = []
    for line in printed.splitlines():
        name, *sizes = (part.strip() for part in line.split(","))
        if len(sizes) == 2:
            total, free = (_scaled(size, _MEBIBYTE) for size in sizes)
            # A chip that shares the machine's memory (Jetson, GB10) answers [N/A].
            own = total is not None and total >= _OWN_MEMORY
            found.append(Gpu(name=name, memory=total, free=free, discrete=own, source="nvidia-smi"))
    return tuple(found)


def _amd(run: Callable[..., str]) -> tuple[Gpu, ...]:
    printed = run("rocm-smi", "--showproductname", "--showmeminfo", "vram", "--csv").splitlines()
    start = next((at for at, line in enumerate(printed) if line.startswith("device,")), len(printed))
    found = []
    for row in csv.DictReader(printed[start:]):
        total = _scaled(row.get("VRAM Total Memory (B)") or "", 1)
        used = _scaled(row.get("VRAM Total Used Memory (B)") or "", 1)
        if total is not None:
            found.append(_card(f"AMD {row.get('Card Series') or row['device']}", total, used=used, source="rocm-smi"))
    return tuple(found)


def _device_files(root: Path) -> list[tuple[str, Gpu]]:
    """Read what amdgpu and Intel's drivers tell of their memory under `/sys/class/drm`."""
    found = []
    try:
        devices = sorted((root / "sys/class/drm").glob("card[0-9]*/device"))
    except OSError:
        return []
    for device in devices:
        if "-" in device.parent.name:  # a connector of the card
            continue
        vendor = _VENDORS.get(_read(device / "vendor"), "")
        total = _size(device / "mem_info_vram_total") or _size(device.parent / "lmem_total_bytes")
        used = _size(device / "mem_info_vram_used")
        if free := _size(device.parent / "lmem_avail_bytes"):
            used = (total or free) - free
        if vendor and (total is not None or vendor == "NVIDIA"):
            name = _read(device / "product_name") or f"{vendor} {device.parent.name}"
            found.append((vendor, _card(name, total, used=used, source=f"/sys/class/drm/{device.parent.name}")))
    return found


def _card(name: str, total: int | None, *, used: int | None, source: str) -> Gpu:
    free = None if total is None or used is None else max(total - used, 0)
    own = total is not None and total >= _OWN_MEMORY
    return Gpu(name=name, memory=total, free=free, discrete=own, source=source)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except (OSError, ValueError):
        return ""


def _size(path: Path) -> int | None:
    return _scaled(_read(path), 1)


def _scaled(text: str, unit: int) -> int | None:
    stripped = text.strip()
    return int(stripped) * unit if stripped.isascii() and stripped.isdigit() else None
