"""The symbols of a file, looked up as people and models write their names."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final, Literal, TypeAlias

Language: TypeAlias = Literal["python", "javascript", "typescript", "tsx", "go", "rust", "java", "c", "cpp"]
_SUFFIXES: Final[dict[str, Language]] = {
    ".py": "python", ".pyi": "python",
    ".js": "javascript", ".jsx": "javascript", ".mjs": "javascript", ".cjs": "javascript",
    ".ts": "typescript", ".mts": "typescript", ".cts": "typescript", ".tsx": "tsx",
    ".go": "go", ".rs": "rust", ".java": "java",
    ".c": "c", ".h": "cpp", ".cc": "cpp", ".cpp": "cpp", ".cxx": "cpp", ".hh": "cpp", ".hpp": "cpp", ".hxx": "cpp",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """One definition on lines `start:end` (from 0), decorators included.

    `name` is qualified with dots (`Class.method`); where several have the same name, `number` counts them from 1 and
    `address` says which (`Class.method#2`). `parent` is what it stands in. `whole_lines` is false where other code
    shares its first or last line.
    """

    name: str
    kind: str
    start: int
    end: int
    parent: str = ""
    number: int = 0
    decorators: int = 0
    whole_lines: bool = True

    @property
    def address(self) -> str:
        """The name that means this symbol alone."""
        return f"{self.name}#{self.number}" if self.number else self.name

    @property
    def last(self) -> str:
        """The name without what it stands in."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a file's symbols are not known: a code and a sentence."""

    code: str
    sentence: str


def language_of(path: str) -> Language | None:
    """Give the language that a file's suffix stands for, None for one without symbols."""
    return _SUFFIXES.get(PurePosixPath(path).suffix.lower())


def symbols_of(path: str, lines: Sequence[str], *, names: Collection[str] = ()) -> list[Symbol] | Unreadable:
    """Give a file's symbols in the order of their first lines; at least those that `names` may mean, where told."""
    from prentice.changes.symbols import grammar, python  # noqa: PLC0415 - each serves other files; tree-sitter is optional

    language = language_of(path)
    if language is None:
        return Unreadable("no_symbols", "Symbols are not known in files of this kind.")
    if language == "python":
        found = python.symbols(lines)
    else:
        found = grammar.symbols(lines, language=language, lasts={_last(name) for name in names})
    return found if isinstance(found, Unreadable) else numbered(found)


def numbered(symbols: Sequence[Symbol]) -> list[Symbol]:
    """Order symbols and number those that share a name."""
    counts = Counter(symbol.name for symbol in symbols)
    seen: Counter[str] = Counter()
    result: list[Symbol] = []
    for symbol in sorted(symbols, key=lambda symbol: (symbol.start, -symbol.end)):
        seen[symbol.name] += 1
        result.append(replace(symbol, number=seen[symbol.name]) if counts[symbol.name] > 1 else symbol)
    return result


def named(name: str, symbols: Sequence[Symbol]) -> list[Symbol]:
    """Give the symbols that a name means: by address, by qualified name, by the end of either; all that fit."""
    wanted = _plain(name)
    exact = [symbol for symbol in symbols if symbol.address == wanted] or [
        symbol for symbol in symbols if symbol.name == wanted
    ]
    return exact or [
        symbol for symbol in symbols if symbol.name.endswith("." + wanted) or wanted.endswith("." + symbol.name)
    ]


def _plain(name: str) -> str:
    """Give a name with dots between its parts, without what people and models write around it."""
    return re.sub(r"\(.*", "", name.strip().strip("`")).replace("<locals>.", "").replace("::", ".").strip(". ")


def _last(name: str) -> str:
    """Give `Symbol.last` of what a name may mean."""
    return re.sub(r"#\d+\Z", "", _plain(name).rpartition(".")[2])
