"""Which words tell nothing, may stand for another, or may not: the lists of `wording.toml`, as roots."""

import tomllib
from functools import cache, lru_cache
from importlib import resources

from prentice.skills.optimize.guards.inflection import root


@cache
def scaffold() -> frozenset[str]:
    """Give the words that tell nothing about the user's program."""
    return frozenset(root(word) for word in str(_lists()["scaffold"]).split())


@lru_cache(maxsize=8192)
def meanings(word: str) -> frozenset[str]:
    """Give a word, by its root, with all that may stand for it."""
    return frozenset({word}).union(*(group for group in _synonyms() if word in group))


@cache
def opposites() -> tuple[tuple[frozenset[str], ...], ...]:
    """Give groups of words of which one may not become another; words on one side say the same."""
    rows = _lists()["opposites"]
    assert isinstance(rows, list)  # noqa: S101 - the file is part of the package
    return tuple(tuple(frozenset(root(word) for word in side.split()) for side in row.split("|")) for row in rows)


@cache
def _synonyms() -> tuple[frozenset[str], ...]:
    rows = _lists()["synonyms"]
    assert isinstance(rows, list)  # noqa: S101 - the file is part of the package
    return tuple(frozenset(root(word) for word in row.split()) for row in rows)


@cache
def _lists() -> dict[str, object]:
    source = resources.files("prentice.skills.optimize.guards").joinpath("wording.toml").read_text(encoding="utf-8")
    return tomllib.loads(source)
