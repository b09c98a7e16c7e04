"""How much of the machine MLX may take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of the engine. Times are in seconds, sizes in bytes; a size of 0 turns that cache off.

    `idle_seconds` is how long a model stays in memory after its last reply, `parallel` how many replies decode at once.
    """

    idle_seconds: float = 600.0
    parallel: int = 8
    memory_cache_bytes: int = 1_000_000_000
    disk_cache_bytes: int = 2_000_000_000
