"""The MLX backend as the settings want it."""

import os
from pathlib import Path
from typing import Final

import platformdirs

from prentice.backends.mlx.backend import MlxBackend
from prentice.backends.mlx.engine import shared_engine
from prentice.backends.mlx.limits import Limits
from prentice.backends.mlx.model_directory import expanded
from prentice.config import Settings

_MEGABYTE: Final = 1_000_000


def opened(settings: Settings) -> MlxBackend:
    """Give the backend on the process's one engine, which takes over these settings; imports no MLX."""
    home = os.environ.get("PRENTICE_HOME")
    caches = Path(home) / "cache" if home else Path(platformdirs.user_cache_dir("prentice", appauthor=False))
    engine = shared_engine(caches / "prefixes")
    engine.limits = Limits(
        idle_seconds=settings.mlx_idle_seconds,
        parallel=settings.mlx_parallel,
        memory_cache_bytes=settings.mlx_memory_cache_mb * _MEGABYTE,
        disk_cache_bytes=settings.mlx_disk_cache_mb * _MEGABYTE,
    )
    return MlxBackend(
        engine,
        directories=tuple(expanded(item) for item in settings.mlx_directories),
        load_seconds=settings.load_seconds,
    )
