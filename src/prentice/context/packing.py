"""Fitting what a model is shown into a budget of tokens, with a list of what is shown and what was cut.

A token is taken for three bytes of UTF-8, as for every request before a model's own counts are known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from prentice.changes.files import Snapshot
from prentice.changes.formats import Target
from prentice.changes.symbols.table import Unreadable, named, symbols_of
from prentice.changes.text import Text, decode
from prentice.context.conventions import Conventions
from prentice.context.outline import outline
from prentice.context.ranking import Ranked
from prentice.context.readable import MAX_BYTES, is_promising, is_text

BYTES_PER_TOKEN: Final = 3
Kind: TypeAlias = Literal["whole", "symbol", "outline", "excerpt", "conventions"]


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of what is shown. `symbol` names the one that a piece of kind `symbol` is."""

    path: str
    kind: Kind
    text: str
    tokens: int
    symbol: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """What is shown, and the list of all that was considered: `{path, shown, tokens, cut, why}`."""

    parts: tuple[Part, ...]
    manifest: tuple[Mapping[str, Any], ...]
    budget: int

    @property
    def tokens(self) -> int:
        """The tokens of all parts."""
        return sum(part.tokens for part in self.parts)

    def document(self) -> dict[str, Any]:
        """Give the manifest as JSON, without the texts."""
        return {"budget": self.budget, "tokens": self.tokens, "files": [dict(entry) for entry in self.manifest]}


def tokens_of(text: str) -> int:
    """Estimate the tokens of a text: its UTF-8 bytes / 3."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


def pack(
    snapshot: Snapshot,
    ranked: Sequence[Ranked],
    *,
    targets: Sequence[Target],
    budget: int,
    conventions: Conventions | None = None,
) -> Packed:
    """Choose what to show within `budget` tokens: the targets, the conventions, then the other files by rank."""
    packer = _Packer(snapshot, budget)
    for target in targets:
        packer.target(target)
    if conventions is not None:
        packer.conventions(conventions)
    shown = {target.path for target in targets}
    for found in ranked:
        if found.path not in shown:
            packer.other(found)
    return Packed(parts=tuple(packer.parts), manifest=tuple(packer.manifest), budget=budget)


class _Packer:
    def __init__(self, snapshot: Snapshot, budget: int) -> None:
        self._snapshot = snapshot
        self._left = budget
        self.parts: list[Part] = []
        self.manifest: list[Mapping[str, Any]] = []

    def target(self, target: Target) -> None:
        text = self._text(target.path)
        if text is None:
            self._note(target.path, "nothing", why="it is no readable text file")
            return
        whole = "\n".join(text.lines) + "\n"
        if target.symbol and not isinstance(symbols := symbols_of(target.path, text.lines), Unreadable):
            for symbol in named(target.symbol, symbols)[:1]:
                body = "\n".join(text.lines[symbol.start : symbol.end]) + "\n"
                if self._add(target.path, "symbol", body, why="the task's target", symbol=symbol.address):
                    self._add(target.path, "outline", outline(target.path, whole.encode()), why="around the target")
                return
        if not self._add(target.path, "whole", whole, why="the task's target"):
            self._add(target.path, "outline", outline(target.path, whole.encode()), why="too long to show whole")

    def conventions(self, found: Conventions) -> None:
        self._add("", "conventions", found.text(), why="the project's conventions")

    def other(self, found: Ranked) -> None:
        text = self._text(found.path)
        if text is None:
            return
        whole = "\n".join(text.lines) + "\n"
        why = ", ".join(found.reasons)
        if tokens_of(whole) <= self._left // 4 and self._add(found.path, "whole", whole, why=why):
            return
        self._add(found.path, "outline", outline(found.path, whole.encode()), why=why)

    def _text(self, path: str) -> Text | None:
        file = self._snapshot.read(path) if is_promising(path) else None
        if file is None or not file.is_regular or len(file.content) > MAX_BYTES or not is_text(file.content):
            return None
        return decode(file.content)

    def _add(self, path: str, kind: Kind, text: str, *, why: str, symbol: str = "") -> bool:
        tokens = tokens_of(text)
        if not text.strip() or tokens > self._left:
            self._note(path, "nothing", cut=tokens, why="no room" if text.strip() else "nothing to show")
            return False
        self._left -= tokens
        self.parts.append(Part(path, kind, text, tokens, symbol))
        self._note(path, kind, tokens=tokens, why=why)
        return True

    def _note(self, path: str, shown: str, *, tokens: int = 0, cut: int = 0, why: str) -> None:
        self.manifest.append({"path": path, "shown": shown, "tokens": tokens, "cut": cut, "why": why})
