"""Which edit format a model is asked for: by the size of what it has to rewrite, its window, and its own record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prentice.changes.formats import Format
from prentice.errors import UsageError

WHOLE_TOKENS: Final = 1_500
"""The largest file, in tokens, that is rewritten whole by default; its text goes through the window twice."""
_FEW_TOKENS: Final = 400
"""A file so small is rewritten whole even where a symbol is named: it costs no more, and may need an import."""
_REPLY_ROOM: Final = 300
"""Tokens of a reply beside its edits: what it says of them, names and fences."""
_GROWTH: Final = 1_500
"""Tokens of code that may come where there was next to none: the longest of the reference solutions of Exercism's
Python exercises, each written into a stub of a few lines, has 1,350. A small window gives a quarter of itself."""

PRIOR: Final[Mapping[Format, float]] = {
    Format.SYMBOL: 0.90, Format.WHOLE: 0.88, Format.SEARCH_REPLACE: 0.60, Format.V4A: 0.45, Format.UNIFIED: 0.35,
}  # fmt: skip
"""How often a small model's reply is expected to be usable before it has a record. Whole files are well-formed nearly
always, search/replace and diffs much less often (aider's published tables of local models); a symbol rewrite has
nothing to match."""
_WEIGHT: Final = 8.0
"""How many replies the prior counts for beside those of the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """One target: the tokens of its file and of its symbol. A new file has none; no symbol is `symbol=None`."""

    path: str
    file: int
    symbol: int | None = None
    is_new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatChoice:
    """A format, the reason for it, and the tokens that its reply may take."""

    format: Format
    why: str
    reply_tokens: int


Counts = Mapping[Format, tuple[int, int]]
"""By format: how many of a model's replies could be used, and of how many."""


def format_named(name: str) -> Format:
    """Give the format that a user means.

    Raises:
        UsageError: there is none of that name.
    """
    try:
        return Format(name.strip().lower().replace("_", "-"))
    except ValueError:
        raise UsageError(
            f"There is no edit format named {name!r}.",
            next_step=f"Use one of {', '.join(f'`{item.value}`' for item in Format)}, or leave `--format` out.",
        ) from None


def choose_format(
    sizes: Sequence[Size], *, window: int, counts: Counts | None = None, asked: Format | None = None
) -> FormatChoice:
    """Choose how edits shall be written. `window` is the context window in tokens; `asked` is the user's own word."""
    counts = counts or {}
    if asked is not None:
        return FormatChoice(format=asked, why="you asked for it", reply_tokens=_reply(asked, sizes, window=window))
    possible = [format_ for format_ in Format if _fits(format_, sizes, window=window)] or [Format.SEARCH_REPLACE]
    best = max(possible, key=lambda format_: _expected(format_, sizes, counts))
    return FormatChoice(format=best, why=_why(best, sizes, counts), reply_tokens=_reply(best, sizes, window=window))


def _fits(format_: Format, sizes: Sequence[Size], *, window: int) -> bool:
    """Whether the targets can be written so at all."""
    if format_ is Format.SYMBOL:
        return bool(sizes) and all(size.symbol is not None for size in sizes)
    if format_ is Format.WHOLE:
        fits = sum(size.file for size in sizes) * 2 + _REPLY_ROOM <= window
        return bool(sizes) and fits and all(size.file <= WHOLE_TOKENS for size in sizes)
    return not all(size.is_new for size in sizes) or not sizes


def _expected(format_: Format, sizes: Sequence[Size], counts: Counts) -> float:
    """Estimate how often a reply in this format can be used: the prior and the record, each by its weight."""
    right, of = counts.get(format_, (0, 0))
    prior = PRIOR[format_]
    if format_ is Format.WHOLE and sizes and all(size.file <= _FEW_TOKENS for size in sizes):
        prior = max(PRIOR.values()) + 0.02
    return (right + prior * _WEIGHT) / (of + _WEIGHT)


def _reply(format_: Format, sizes: Sequence[Size], *, window: int) -> int:
    """Give the most tokens that a reply may take: what is rewritten, half as much again, and what comes new."""
    if format_ is Format.SYMBOL and all(size.symbol is not None for size in sizes):
        rewritten = sum(size.symbol or 0 for size in sizes)
    elif format_ in {Format.SYMBOL, Format.WHOLE}:
        rewritten = sum(size.file for size in sizes)
    else:
        rewritten = min(sum(size.file for size in sizes), 1_200)
    return round(rewritten * 1.5) + min(_GROWTH, window // 4) + _REPLY_ROOM + 300


def _why(format_: Format, sizes: Sequence[Size], counts: Counts) -> str:
    right, of = counts.get(format_, (0, 0))
    record = f"; {right} of this model's last {of} replies in it could be used" if of else ""
    if format_ is Format.SYMBOL:
        return f"the task concerns single definitions{record}"
    if format_ is Format.WHOLE:
        is_new = all(size.is_new for size in sizes)
        return f"{'the file is new' if is_new else 'the files are small'}{record}"
    return f"the files are too large to be written whole, and no single definition is meant{record}"
