import os
import platform
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from prentice.backends.graphics import Gpu
from prentice.backends.hardware import Hardware, available_memory, look

GIB = 2**30
MEMINFO = "MemTotal:       16384000 kB\nMemFree:          512000 kB\nMemAvailable:   12288000 kB\n"
CPUINFO = "processor\t: 0\nmodel name\t: AMD Ryzen 7 5800X 8-Core Processor\n\nprocessor\t: 1\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The files of a machine without anything."""
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that is all of the PATH."""
    directory = tmp_path / "programs"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    return directory


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def program(directory: Path, name: str, body: str) -> None:
    path = directory / name
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def printing(text: str) -> str:
    return f"while read -r line; do echo \"$line\"; done <<'END'\n{text}\nEND"


def test_a_linux_machine_is_read_from_its_files(root: Path, programs: Path) -> None:
    assert programs.is_dir()
    write(root, **{"proc/meminfo": MEMINFO, "proc/cpuinfo": CPUINFO})
    found = look(root, system="Linux", machine="x86_64")
    assert found.chip == "AMD Ryzen 7 5800X 8-Core Processor"
    assert (found.memory, found.available) == (16384000 * 1024, 12288000 * 1024)
    assert (found.apple_silicon, found.gpus, found.gpu_memory, found.working_set) == (False, (), None, None)
    assert found.for_models == found.available
    assert found.sources["available"] == found.sources["memory"] == "/proc/meminfo"


def test_a_container_has_what_its_limits_leave(root: Path, programs: Path) -> None:
    assert programs.is_dir()
    group = {"memory.max": f"{4 * GIB}\n", "memory.current": f"{3 * GIB}\n", "cpu.max": "150000 100000\n",
             "memory.stat": f"anon 5\ninactive_file {GIB}\n"}  # fmt: skip
    write(root, **{"proc/meminfo": MEMINFO}, **{f"sys/fs/cgroup/{name}": text for name, text in group.items()})
    found = look(root, system="Linux")
    assert (found.memory, found.available) == (4 * GIB, 2 * GIB)
    assert found.cores is not None
    assert found.cores <= 2
    assert found.sources["available"] == "the container's limit"


@pytest.mark.parametrize("limit", ["max", "9223372036854771712", "", "none"])
def test_a_container_without_a_limit_has_the_machines_memory(root: Path, programs: Path, limit: str) -> None:
    assert programs.is_dir()
    write(root, **{"proc/meminfo": MEMINFO, "sys/fs/cgroup/memory/memory.limit_in_bytes": limit,
                   "sys/fs/cgroup/memory.max": limit, "sys/fs/cgroup/cpu.max": "max 100000\n"})  # fmt: skip
    assert look(root, system="Linux").memory == 16384000 * 1024


def test_nvidia_cards_are_asked_of_their_driver(root: Path, programs: Path) -> None:
    program(programs, "nvidia-smi", 'echo "NVIDIA GeForce RTX 3070, 8192, 7681"\necho "NVIDIA GB10, [N/A], [N/A]"')
    found = look(root, system="Linux")
    assert found.gpus == (
        Gpu(name="NVIDIA GeForce RTX 3070", memory=8 * GIB, free=7681 * 2**20, source="nvidia-smi"),
        Gpu(name="NVIDIA GB10", discrete=False, source="nvidia-smi"),
    )
    assert found.gpu_memory == 8 * GIB
    assert found.sources["gpus"] == "nvidia-smi"


def test_amd_cards_are_asked_of_their_driver_and_a_built_in_part_is_none_of_its_own(root: Path, programs: Path) -> None:
    table = (
        "WARNING: AMD GPU device(s) is/are in a low-power state\n"
        "device,VRAM Total Memory (B),VRAM Total Used Memory (B),Card Series,Card Vendor\n"
        "card0,17163091968,692142080,Navi 21 [Radeon RX 6800],Advanced Micro Devices Inc. [AMD/ATI]\n"
        "card1,67108864,26079232,Raphael,Advanced Micro Devices Inc. [AMD/ATI]\n\n"
    )
    program(programs, "rocm-smi", printing(table))
    first, second = look(root, system="Linux").gpus
    assert (first.name, first.memory, first.free) == (
        "AMD Navi 21 [Radeon RX 6800]",
        17163091968,
        17163091968 - 692142080,
    )
    assert (first.discrete, second.discrete) == (True, False)


def test_cards_are_found_in_the_device_files_where_no_driver_program_is(root: Path, programs: Path) -> None:
    assert programs.is_dir()
    drm = "sys/class/drm"
    write(root, **{
        f"{drm}/card0/device/vendor": "0x1002\n",
        f"{drm}/card0/device/mem_info_vram_total": f"{8 * GIB}\n",
        f"{drm}/card0/device/mem_info_vram_used": f"{GIB}\n",
        f"{drm}/card0-DP-1/device/vendor": "0x1002\n",
        f"{drm}/card0-DP-1/device/mem_info_vram_total": f"{8 * GIB}\n",
        f"{drm}/card1/device/vendor": "0x8086\n",
        f"{drm}/card1/lmem_total_bytes": f"{16 * GIB}\n",
        f"{drm}/card2/device/vendor": "0x8086\n",
        f"{drm}/card3/device/vendor": "0x10de\n",
    })  # fmt: skip
    found = look(root, system="Linux")
    assert [(gpu.name, gpu.memory, gpu.free, gpu.discrete) for gpu in found.gpus] == [
        ("AMD card0", 8 * GIB, 7 * GIB, True),
        ("Intel card1", 16 * GIB, None, True),
        ("NVIDIA card3", None, None, False),
    ]
    assert found.gpu_memory == 24 * GIB


SYSCTL = """case "$2" in
hw.memsize) echo 17179869184;;
machdep.cpu.brand_string) echo "Apple M3";;
hw.physicalcpu) echo 8;;
iogpu.wired_limit_mb) echo {limit};;
*) exit 1;;
esac"""
VM_STAT = """Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               100000.
Pages active:                             300000.
Pages inactive:                           200000.
Pages speculative:                         50000.
"Translation faults":                  123456789."""


@pytest.mark.parametrize("machine", ["arm64", "x86_64"])
def test_apple_silicon_is_known_by_its_chip_also_from_a_translated_program(
    root: Path, programs: Path, machine: str
) -> None:
    program(programs, "sysctl", SYSCTL.format(limit=0))
    program(programs, "vm_stat", printing(VM_STAT))
    found = look(root, system="Darwin", machine=machine)
    assert (found.chip, found.apple_silicon, found.cores) == ("Apple M3", True, 8)
    assert (found.memory, found.available) == (16 * GIB, 350_000 * 16384)
    assert found.working_set == 16 * GIB * 2 // 3
    assert found.for_models == found.available
    assert found.sources["available"] == "vm_stat"


def test_a_limit_for_metal_that_the_user_set_is_taken(root: Path, programs: Path) -> None:
    program(programs, "sysctl", SYSCTL.format(limit=14000))
    found = look(root, system="Darwin", machine="arm64")
    assert found.working_set == 14000 * 2**20
    assert found.sources["working_set"] == "sysctl iogpu.wired_limit_mb"


@pytest.mark.parametrize("body", ["exit 1", "kill -9 $$", "printf '\\377\\376,,,\\n1,2,3'", "echo Apple; echo 5"])
@pytest.mark.parametrize("system", ["Linux", "Darwin", "Windows", "Plan9"])
def test_programs_that_fail_or_talk_nonsense_are_no_failure(root: Path, programs: Path, system: str, body: str) -> None:
    for name in ("nvidia-smi", "rocm-smi", "sysctl", "vm_stat"):
        program(programs, name, body)
    found = look(root, system=system)
    assert found.system == system
    assert found.gpu_memory is None


@pytest.mark.parametrize("text", ["", "MemTotal: many kB\n", "MemTotal:\n", "MemAvailable: -5 kB", "\x00\xff" * 50])
def test_files_that_say_nothing_are_no_failure(root: Path, programs: Path, text: str) -> None:
    assert programs.is_dir()
    names = ("proc/meminfo", "proc/cpuinfo", "sys/fs/cgroup/memory.max", "sys/fs/cgroup/cpu.max",
             "sys/class/drm/card0/device/vendor")  # fmt: skip
    write(root, **dict.fromkeys(names, text))
    assert look(root, system="Linux").gpus == ()


def test_this_machine_is_told_with_a_source_for_each_number() -> None:
    found = look()
    assert found.system == platform.system()
    assert found.chip
    assert found.cores
    assert found.cores <= (os.cpu_count() or 0)
    for name in ("cores", "memory", "available", "working_set"):
        assert (getattr(found, name) is not None) == (name in found.sources)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux's own tool")
def test_the_available_memory_is_what_the_system_says() -> None:
    told = [line for line in subprocess.check_output(["free", "-b"], text=True).splitlines() if line.startswith("Mem")]
    assert available_memory() == pytest.approx(int(told[0].split()[-1]), rel=0.3)


def test_a_machine_can_be_made_by_hand() -> None:
    mac = Hardware(system="Darwin", chip="Apple M2", cores=8, memory=16 * GIB, available=12 * GIB, apple_silicon=True,
                   working_set=10 * GIB)  # fmt: skip
    assert mac.for_models == 10 * GIB
    assert replace(mac, available=8 * GIB).for_models == 8 * GIB
    assert Hardware().for_models is None
    assert Hardware(gpus=(Gpu(name="a", memory=GIB), Gpu(name="b", memory=GIB))).gpu_memory == 2 * GIB


def test_drivers_are_asked_once_and_what_is_free_each_time(root: Path, programs: Path) -> None:
    program(programs, "nvidia-smi", f'echo asked >> "{root}/times"\necho "NVIDIA GeForce RTX 3070, 8192, 7681"')
    write(root, **{"proc/meminfo": MEMINFO, "proc/cpuinfo": CPUINFO})
    first = look(root, system="Linux", machine="x86_64")
    write(root, **{"proc/meminfo": MEMINFO.replace("12288000", "1024000")})
    second = look(root, system="Linux", machine="x86_64")
    assert (root / "times").read_text() == "asked\n"
    assert (first.gpus, first.available) == (second.gpus, 12288000 * 1024)
    assert second.available == 1024000 * 1024


def test_the_facts_of_a_mac_are_asked_once_and_what_is_free_each_time(programs: Path) -> None:
    program(programs, "sysctl", f'echo "$2" >> "{programs}/times"\n{SYSCTL.format(limit=0)}')
    program(programs, "vm_stat", f'echo vm_stat >> "{programs}/times"')
    assert look(system="Darwin", machine="arm64") == look(system="Darwin", machine="arm64")
    asked = (programs / "times").read_text().split()
    assert sorted(set(asked) - {"vm_stat"}) == sorted(item for item in asked if item != "vm_stat")
    assert asked.count("vm_stat") == 2
