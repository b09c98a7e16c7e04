"""How much of the machine a command may take."""

from dataclasses import dataclass
from typing import Final, Self

from prentice.config import Settings

MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one command with all its children; what crosses one is ended. Megabytes are 10^6 bytes."""

    seconds: float = 300.0
    memory_mb: int = 4_000
    processes: int = 512
    output_mb: int = 32
    disk_mb: int = 4_000
    """What it may write beside what was there, and the largest single file."""
    private_mb: int = 1_000
    """The size of `/tmp`, which lies in memory."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Give the limits that the settings name."""
        return cls(
            seconds=settings.checks_seconds, memory_mb=settings.checks_memory_mb, disk_mb=settings.checks_disk_mb
        )
