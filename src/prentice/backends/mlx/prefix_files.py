"""Prefixes on disk: what the network computed of the beginnings that prompts of one template share.

Only such beginnings are written, with no word of a task in them; a file belongs to one identity of a model. Types come
from the network, never from the file. Nothing here fails a call: a file that cannot be used is removed.
"""

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from prentice.backends.mlx.prefix_cache import shared_length
from prentice.backends.mlx.rows_cache import RowsCache
from prentice.backends.mlx.warm import SUFFIX, UNREADABLE, place_of, told_by

LEAST: Final = 64
"""Tokens that are worth a file."""

_UNUSABLE: Final = (*UNREADABLE, RuntimeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    path: Path
    tokens: NDArray[np.int32]


class PrefixFiles:
    """The files of one model, in a directory that all models share the byte budget of."""

    def __init__(self, directory: Path, *, identity: str, budget: int, caches: Callable[[], list[Any]]) -> None:
        self._root, self._place = directory, place_of(identity, root=directory)
        self._budget = budget
        self._caches = caches
        self._files: list[_File] | None = None

    def find(self, tokens: Sequence[int], *, longer_than: int) -> tuple[list[int], list[Any]] | None:
        """Give the tokens and caches of the file that knows most of a prompt, if that is more than a length."""
        prompt = np.asarray(tokens, dtype=np.int32)
        known = [(min(shared_length(file.tokens, prompt), len(prompt) - 1), file) for file in self._listed()]
        length, file = max(known, key=lambda item: item[0], default=(0, None))
        if file is None or length <= longer_than:
            return None
        try:
            caches = self._read(file)
            os.utime(file.path)
        except _UNUSABLE:
            self._remove(file)
            return None
        return [int(token) for token in file.tokens], caches

    def has(self, tokens: Sequence[int]) -> bool:
        """Whether a beginning is on disk already."""
        return any(len(file.tokens) >= len(tokens) and self._begins(file, tokens) for file in self._listed())

    def keep(self, tokens: Sequence[int], caches: list[Any], *, purpose: str = "") -> None:
        """Write a beginning, with the purpose of the calls that have it; caches that cannot be cut are not written."""
        if self._budget <= 0 or not all(isinstance(cache, RowsCache) for cache in caches):
            return
        arrays = {}
        for number, cache in enumerate(caches):
            part = cache.prefix(len(tokens))
            arrays[f"{number}.keys"], arrays[f"{number}.values"] = part.keys, part.values
        if sum(array.nbytes for array in arrays.values()) > self._budget:
            return
        known = np.asarray(tokens, dtype=np.int32)
        path = self._place / f"{hashlib.sha256(known.tobytes()).hexdigest()[:32]}{SUFFIX}"
        with contextlib.suppress(*_UNUSABLE):
            self._write(path, arrays, tokens, purpose=purpose)
            self._listed().append(_File(path=path, tokens=known))
            self._keep_to_budget()

    def _write(self, path: Path, arrays: dict[str, mx.array], tokens: Sequence[int], *, purpose: str) -> None:
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._place.mkdir(exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=self._place, prefix="writing-") as scratch:
            written = Path(scratch) / path.name
            told = {"tokens": json.dumps([int(token) for token in tokens]), "purpose": purpose}
            mx.save_safetensors(str(written), arrays, told)
            written.replace(path)

    def _read(self, file: _File) -> list[Any]:
        arrays = cast("dict[str, mx.array]", mx.load(str(file.path)))
        caches = self._caches()
        for number, cache in enumerate(caches):
            keys, values = arrays[f"{number}.keys"], arrays[f"{number}.values"]
            if not isinstance(cache, RowsCache) or keys.shape[:1] != (1,) or keys.shape[2] != len(file.tokens):
                raise ValueError("the file is not of this network")
            cache.lengths, cache.keys, cache.values = [len(file.tokens)], keys, values
        mx.eval([cache.state for cache in caches])
        return caches

    def _listed(self) -> list[_File]:
        if self._files is None:
            self._files = []
            for path in sorted(self._place.glob(f"*{SUFFIX}")):
                try:
                    self._files.append(_File(path=path, tokens=_tokens_of(path)))
                except _UNUSABLE:
                    with contextlib.suppress(OSError):
                        path.unlink()
        return self._files

    def _remove(self, file: _File) -> None:
        self._files = [item for item in self._listed() if item is not file]
        with contextlib.suppress(OSError):
            file.path.unlink()

    def _keep_to_budget(self) -> None:
        """Remove the files of any model that were not used longest."""
        used = sorted(_stats(self._root), key=lambda item: item[1])
        total = sum(size for _, _, size in used)
        for path, _, size in used:
            if total <= self._budget:
                break
            total -= size
            with contextlib.suppress(OSError):
                path.unlink()
            self._files = [item for item in self._listed() if item.path != path]

    @staticmethod
    def _begins(file: _File, tokens: Sequence[int]) -> bool:
        return shared_length(file.tokens, np.asarray(tokens, dtype=np.int32)) == len(tokens)


def _tokens_of(path: Path) -> NDArray[np.int32]:
    """Read the tokens from a file's header, without its arrays."""
    return np.asarray(json.loads(told_by(path)["tokens"]), dtype=np.int32)


def _stats(root: Path) -> Iterator[tuple[Path, float, int]]:
    for path in root.glob(f"*/*{SUFFIX}"):
        with contextlib.suppress(OSError):
            stat = path.stat()
            yield path, stat.st_mtime, stat.st_size
