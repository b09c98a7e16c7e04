"""Which beginnings of prompts are computed already: read from the headers of their files, without MLX."""

import contextlib
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Final

SUFFIX: Final = ".safetensors"
UNREADABLE: Final = (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error)
_LARGEST_HEADER: Final = 10_000_000
_MOST_FILES: Final = 32


def place_of(identity: str, *, root: Path) -> Path:
    """Give the directory that holds the prefixes of one model."""
    return root / identity[:32]


def told_by(path: Path) -> Mapping[str, str]:
    """Read what a file of a prefix says of itself: `tokens`, a JSON list, and `purpose`.

    Raises:
        OSError, ValueError, KeyError, TypeError, AttributeError, struct.error: it is no such file (`UNREADABLE`).
    """
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > _LARGEST_HEADER:
            raise ValueError("the header is too long")
        header = json.loads(file.read(length))
    told = header["__metadata__"]
    return {str(key): str(value) for key, value in told.items()}


def on_disk(identity: str, *, root: Path) -> dict[str, int]:
    """Give for each purpose of calls how many tokens of its prompts' beginning are on disk for a model."""
    known: dict[str, int] = {}
    for path in sorted(place_of(identity, root=root).glob(f"*{SUFFIX}"))[:_MOST_FILES]:
        with contextlib.suppress(*UNREADABLE):
            told = told_by(path)
            if purpose := told.get("purpose"):
                known[purpose] = max(known.get(purpose, 0), len(json.loads(told["tokens"])))
    return known
