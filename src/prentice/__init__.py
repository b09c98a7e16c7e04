"""Prentice: the easy part of software work, done by the language model on your own machine, under review.

`prentice.open(directory)` is the library's door; everything else is reached through what it returns.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prentice.library import Prentice as Prentice
    from prentice.library import open_project as open  # noqa: A004 - the library's one verb reads as `prentice.open`

__version__ = "0.1.0"
__all__ = ["Prentice", "__version__", "open"]

_LAZY = {"Prentice": "Prentice", "open": "open_project"}


def __getattr__(name: str) -> object:
    """Load the library on first use, so that `prentice --version` costs nothing (PEP 562)."""
    if name in _LAZY:
        from prentice import library  # noqa: PLC0415 - the lazy door itself

        return getattr(library, _LAZY[name])
    raise AttributeError(f"module 'prentice' has no attribute {name!r}")
