"""Fitting what a model is shown into a budget of tokens, with a list of what is shown and what was cut.

First the targets, then the project's conventions, then other files by rank: whole where they are short, else the
passages closest to the task, else their outline. A token is taken for three bytes of UTF-8, as for every request before
a model's own counts are known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from prentice.changes.files import Snapshot
from prentice.changes.formats import Target
from prentice.changes.symbols.table import Symbol, Unreadable, named, symbols_of
from prentice.changes.text import Text, decode
from prentice.context.conventions import Conventions
from prentice.context.excerpt import excerpt, head, tokens_of
from prentice.context.matching import weights
from prentice.context.outline import outline
from prentice.context.ranking import Ranked
from prentice.context.readable import MAX_BYTES, is_promising, is_text

Kind: TypeAlias = Literal["whole", "symbol", "outline", "excerpt", "conventions"]
CONVENTIONS_SHARE: Final = 0.15
"""Of the budget, what conventions may take."""
FILE_SHARE: Final = 1 / 3
"""Of what is left, what one file that is no target may take: the ranking's first is right about two times in three."""
LEAST: Final = 60
"""Tokens below which a piece of a file tells nothing."""


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of what is shown: of a file, or of the conventions. `symbol` is the one that a `symbol` piece is."""

    path: str
    kind: Kind
    text: str
    tokens: int
    symbol: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """What is shown, and the list of all that was considered: `{path, shown, tokens, cut, why}`.

    `cut` is what of the file is not shown, in tokens.
    """

    parts: tuple[Part, ...]
    manifest: tuple[Mapping[str, Any], ...]
    budget: int

    @property
    def tokens(self) -> int:
        """The tokens of all parts, without what the caller puts around them."""
        return sum(part.tokens for part in self.parts)

    def document(self) -> dict[str, Any]:
        """Give the manifest as JSON, without the texts."""
        return {"budget": self.budget, "tokens": self.tokens, "files": [dict(entry) for entry in self.manifest]}


def pack(
    snapshot: Snapshot,
    ranked: Sequence[Ranked],
    *,
    targets: Sequence[Target],
    budget: int,
    text: str = "",
    conventions: Conventions | None = None,
) -> Packed:
    """Choose what to show within `budget` tokens. Secrets and what is no text are never shown.

    `text` is the task's: passages close to it are shown of files that are too long to show whole.
    """
    packer = _Packer(snapshot, budget=budget, wanted=weights(text))
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
    def __init__(self, snapshot: Snapshot, *, budget: int, wanted: Mapping[str, float]) -> None:
        self._snapshot = snapshot
        self._budget = budget
        self._left = budget
        self._wanted = wanted
        self._surrounded: set[str] = set()
        self.parts: list[Part] = []
        self.manifest: list[Mapping[str, Any]] = []

    def target(self, target: Target) -> None:
        text = self._text(target.path)
        if text is None:
            self._note(target.path, "nothing", why="it is no text file that may be shown")
            return
        whole = _joined(text.lines)
        symbol = _symbol(target, text)
        if symbol is not None:
            body = _joined(text.lines[symbol.start : symbol.end])
            if self._add(target.path, "symbol", body, of=whole, why="the target", symbol=symbol.address):
                self._around(target.path, text, symbol)
                return
        elif self._add(target.path, "whole", whole, of=whole, why="the target"):
            return
        self._shortened(target.path, text, tokens=self._left, why="the target, too long to show whole")

    def conventions(self, found: Conventions) -> None:
        left = min(self._left, int(self._budget * CONVENTIONS_SHARE))
        for part in found.parts:
            text = _fitting(f"{part.text.rstrip()}\n", tokens=left)
            if tokens_of(text) >= min(LEAST, tokens_of(part.text)):
                cut = part.cut // 3
                self._add(part.path, "conventions", text, of=part.text, cut=cut, why=f"conventions ({part.kind})")
                left -= tokens_of(text)
            else:
                self._note(part.path, "nothing", cut=tokens_of(part.text), why="no room for more conventions")
        for path in found.unshown:
            self._note(path, "nothing", why="no room for more conventions")

    def other(self, found: Ranked) -> None:
        text = self._text(found.path)
        if text is None:
            self._note(found.path, "nothing", why="it is no text file that may be shown")
            return
        why = "; ".join(found.reasons)
        whole = _joined(text.lines)
        share = min(self._left, max(LEAST, int(self._left * FILE_SHARE)))
        if tokens_of(whole) <= share:
            self._add(found.path, "whole", whole, of=whole, why=why)
        else:
            self._shortened(found.path, text, tokens=share, why=why)

    def _around(self, path: str, text: Text, symbol: Symbol) -> None:
        """Show what a file's symbols stand among, once: its imports, and its outline."""
        if path in self._surrounded:
            return
        self._surrounded.add(path)
        symbols = symbols_of(path, text.lines)
        first = min((entry.start for entry in symbols), default=0) if not isinstance(symbols, Unreadable) else 0
        share = int(self._left * FILE_SHARE)
        top = head(text.lines, before=min(first, symbol.start))
        if top and tokens_of(top) <= share:
            self._add(path, "excerpt", top, of=_joined(text.lines), why="above the target")
        rest = _fitting(outline(path, _joined(text.lines).encode()), tokens=share)
        if rest:
            self._add(path, "outline", rest, of=_joined(text.lines), why="around the target")

    def _shortened(self, path: str, text: Text, *, tokens: int, why: str) -> None:
        whole = _joined(text.lines)
        close = excerpt(path, text.lines, wanted=self._wanted, tokens=tokens)
        if close:
            self._add(path, "excerpt", close, of=whole, why=why)
            return
        lines = _fitting(outline(path, whole.encode()), tokens=tokens)
        if lines:
            self._add(path, "outline", lines, of=whole, why=why)
        else:
            self._note(path, "nothing", cut=tokens_of(whole), why="no room")

    def _text(self, path: str) -> Text | None:
        file = self._snapshot.read(path) if is_promising(path) else None
        if file is None or not file.is_regular or len(file.content) > MAX_BYTES or not is_text(file.content):
            return None
        return decode(file.content)

    def _add(self, path: str, kind: Kind, text: str, *, of: str, why: str, cut: int = 0, symbol: str = "") -> bool:
        tokens = tokens_of(text)
        if tokens > self._left:
            return False
        self._left -= tokens
        self.parts.append(Part(path, kind, text, tokens, symbol))
        self._note(path, kind, tokens=tokens, cut=max(0, tokens_of(of) - tokens) + cut, why=why)
        return True

    def _note(self, path: str, shown: str, *, tokens: int = 0, cut: int = 0, why: str) -> None:
        self.manifest.append({"path": path, "shown": shown, "tokens": tokens, "cut": cut, "why": why})


def _symbol(target: Target, text: Text) -> Symbol | None:
    if not target.symbol:
        return None
    symbols = symbols_of(target.path, text.lines)
    found = [] if isinstance(symbols, Unreadable) else named(target.symbol, symbols)
    return found[0] if found else None


def _joined(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _fitting(text: str, *, tokens: int) -> str:
    """Give as many of a text's first lines as fit."""
    if tokens_of(text) <= tokens:
        return text
    kept: list[str] = []
    size = 0
    for line in text.splitlines(keepends=True):
        size += len(line.encode("utf-8", "replace"))
        if -(-size // 3) > tokens:
            break
        kept.append(line)
    return "".join(kept)
