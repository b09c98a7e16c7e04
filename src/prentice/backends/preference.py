"""Which of the installed models to take for planning: what fits the memory, then general models, then the larger."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from prentice.backends.protocol import ModelInfo

MEMORY_SHARE: Final = 0.8
"""The part of the available memory that weights may take; the rest is for the cache and the user's own programs."""

GENERAL: Final = (
    (re.compile(r"llama-?3(?!.*(?:vision|guard))"), "Llama 3"),
    (re.compile(r"qwen-?(?:2\.5|3)(?!.*(?:-?vl|embed|math))"), "Qwen"),
    (re.compile(r"phi-?[345]"), "Phi"),
    (re.compile(r"mi[sx]tral|ministral"), "Mistral"),
    (re.compile(r"gemma"), "Gemma"),
)
"""Families known for general reasoning, best first among models of one size."""

CODE: Final = re.compile(r"code|coder|starcoder|devstral|granite-code")
"""Names of models made for code; a plan is reasoning in words, so they come after the general ones."""

_UNKNOWN_RANK: Final = len(GENERAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Models in the order of preference, and the others with the reason against each."""

    fitting: tuple[ModelInfo, ...]
    too_large: tuple[tuple[ModelInfo, str], ...]


def rank(models: Sequence[ModelInfo], *, memory: int | None) -> Ranking:
    """Order models for general reasoning; `memory` is what is available, in bytes (None: unknown, all fit)."""
    limit = None if memory is None else int(memory * MEMORY_SHARE)
    fitting = [info for info in models if limit is None or (info.size_bytes or 0) <= limit]
    too_large = [
        (info, f"takes {gigabytes(info.size_bytes or 0)}, and {gigabytes(limit or 0)} of memory may be used")
        for info in models
        if info not in fitting
    ]
    return Ranking(fitting=tuple(sorted(fitting, key=_key)), too_large=tuple(too_large))


def why_after(info: ModelInfo, best: ModelInfo) -> str:
    """Say why a model comes after the best one."""
    kinds = ("a general model", "of a family that is not known here", "made for code")
    if _kind(info) != _kind(best):
        return f"is {kinds[_kind(info)]}; a plan prefers {kinds[_kind(best)]}"
    if (info.size_bytes or 0) < (best.size_bytes or 0):
        return f"is smaller ({gigabytes(info.size_bytes or 0)})"
    return "is as large, and comes later in the order of families and names"


def gigabytes(size: int) -> str:
    """Write a size for people, in units of 10^9 bytes."""
    return f"{size / 1e9:.1f} GB"


def _key(info: ModelInfo) -> tuple[int, int, int, str]:
    return _kind(info), -(info.size_bytes or 0), _family_rank(info), info.name


def _kind(info: ModelInfo) -> int:
    """Tell 0 for a general model, 1 for an unknown family, 2 for a code model."""
    if CODE.search(info.name.casefold()):
        return 2
    return 0 if _family_rank(info) < _UNKNOWN_RANK else 1


def _family_rank(info: ModelInfo) -> int:
    name = info.name.casefold()
    return next((place for place, (pattern, _) in enumerate(GENERAL) if pattern.search(name)), _UNKNOWN_RANK)
