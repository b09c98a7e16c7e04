"""What a task concerns: files and symbols to be changed, files to be made, and the paths that may change at all."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final, Self

from prentice.backends.context_window import estimate_tokens
from prentice.changes.files import Snapshot
from prentice.changes.formats import Target
from prentice.changes.guards.objection import Policy
from prentice.changes.guards.tests import is_test_path
from prentice.changes.paths import path_problem, place_problem
from prentice.changes.symbols.table import Symbol, Unreadable, named, symbols_of
from prentice.changes.text import decode
from prentice.context.readable import MAX_BYTES
from prentice.skills.execute.choosing_format import Size

MOST: Final = 6
"""Files that one small task may change where it names them itself."""
_UNNAMED: Final = 2
"""Files taken from the ranking where the task names none."""
_GOING: Final = re.compile(r"(?i)\b(?:remove|delete|drop|rename|retire|get rid of|replace)\b")
_TEST_PLACES: Final = ("tests/", "test/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """Where a change may go. `new` are files that the task wants made; `allowed` ends in `/` for whole directories.

    `shown` is what a model has to see beside its targets: for a new test, what it tests.
    """

    targets: tuple[Target, ...]
    new: tuple[str, ...] = ()
    shown: tuple[Target, ...] = ()
    allowed: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    removing: tuple[str, ...] = ()

    @property
    def policy(self) -> Policy:
        """The same as the guards take it."""
        return Policy(allowed=frozenset(self.allowed), named=frozenset(self.named), removing=frozenset(self.removing))

    def document(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {
            "targets": [[target.path, target.symbol] for target in self.targets],
            "shown": [[target.path, target.symbol] for target in self.shown],
            "new": list(self.new), "allowed": list(self.allowed), "named": list(self.named),
            "removing": list(self.removing),
        }  # fmt: skip

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read what `document` gave."""
        targets, shown = (
            tuple(Target(path=path, symbol=symbol) for path, symbol in document[name]) for name in ("targets", "shown")
        )
        return cls(
            targets=targets,
            shown=shown,
            new=tuple(document["new"]),
            allowed=tuple(document["allowed"]),
            named=tuple(document["named"]),
            removing=tuple(document["removing"]),
        )

    @property
    def paths(self) -> tuple[str, ...]:
        """All files that are meant, each once."""
        return tuple(dict.fromkeys((*(target.path for target in self.targets), *self.new)))


def aim(
    text: str, *, category: str, files: Sequence[str], missing: Sequence[str], symbols: Mapping[str, Sequence[str]],
    ranked: Sequence[str], snapshot: Snapshot,
) -> Aim:  # fmt: skip
    """Say what a task concerns.

    `files` exist and are named in its text, `missing` are named and do not exist, `symbols` maps the names it uses to
    the places of their definitions (`path:line`), `ranked` are files by how well they fit the text.
    """
    meant = [path for path in dict.fromkeys(files) if _is_file(path, snapshot)][:MOST]
    new = tuple(path for path in dict.fromkeys(missing) if _can_be_made(path, snapshot))[:MOST]
    defined = {name: _files_of(places, snapshot) for name, places in symbols.items()}
    chosen = meant or _by_symbols(defined) or ([] if new else [path for path in ranked if _is_file(path, snapshot)])
    if not meant:
        chosen = chosen[:_UNNAMED]
    sources = chosen
    shown: list[Target] = []
    if category == "test_generation":
        chosen = [path for path in chosen if is_test_path(path)]
        shown = [target for path in sources if path not in chosen for target in _targets(path, defined, snapshot)]
        if not chosen and not new:
            chosen, new = _tests_of(sources, snapshot)
    targets = tuple(target for path in chosen for target in _targets(path, defined, snapshot))
    allowed = [*chosen, *new]
    if category == "test_generation":
        allowed += _TEST_PLACES
    return Aim(
        targets=targets,
        new=new,
        shown=tuple(shown),
        allowed=tuple(allowed),
        named=tuple(dict.fromkeys((*meant, *new))),
        removing=tuple(symbols) if _GOING.search(text) else (),
    )


def too_large(files: Iterable[str], snapshot: Snapshot) -> list[str]:
    """Give the files that are larger than any that a model is shown, with their sizes, as a sentence names them."""
    found = {path: snapshot.read(path) for path in files}
    return [
        f"{path} ({len(file.content) / 1e6:,.0f} MB)"
        for path, file in found.items()
        if file is not None and len(file.content) > MAX_BYTES
    ]


def sizes(found: Aim, snapshot: Snapshot) -> list[Size]:
    """Give the tokens of each target, and of its symbol where it is one."""
    result = [_size(target, snapshot) for target in found.targets]
    return [*result, *(Size(path=path, file=0, is_new=True) for path in found.new)]


def _size(target: Target, snapshot: Snapshot) -> Size:
    lines = _lines(target.path, snapshot)
    whole = estimate_tokens("\n".join(lines))
    if not target.symbol:
        return Size(path=target.path, file=whole)
    table = symbols_of(target.path, lines)
    fitting = [] if isinstance(table, Unreadable) else named(target.symbol, table)
    if len(fitting) != 1:
        return Size(path=target.path, file=whole)
    return Size(
        path=target.path, file=whole, symbol=estimate_tokens("\n".join(lines[fitting[0].start : fitting[0].end]))
    )


def _targets(path: str, defined: Mapping[str, Sequence[str]], snapshot: Snapshot) -> list[Target]:
    """Give the symbols of a file that the task names, else the file; a class goes where a method of it is named."""
    lines = _lines(path, snapshot)
    table = symbols_of(path, lines) if lines else []
    if isinstance(table, Unreadable):
        return [Target(path=path)]
    found: dict[str, Symbol] = {}
    for name in defined:
        fitting = named(name, table)
        if len(fitting) == 1 and fitting[0].whole_lines:
            found[fitting[0].address] = fitting[0]
    inner = [symbol for symbol in found.values() if not _holds_another(symbol, found.values())]
    return [Target(path=path, symbol=symbol.address) for symbol in inner] or [Target(path=path)]


def _holds_another(symbol: Symbol, others: Iterable[Symbol]) -> bool:
    return any(
        other is not symbol and symbol.start <= other.start and other.end <= symbol.end and other.name != symbol.name
        for other in others
    )


def _by_symbols(defined: Mapping[str, Sequence[str]]) -> list[str]:
    """Give the files that define a named symbol, where only one does."""
    return list(dict.fromkeys(places[0] for places in defined.values() if len(places) == 1))


def _files_of(places: Sequence[str], snapshot: Snapshot) -> list[str]:
    paths = dict.fromkeys(place.rpartition(":")[0] or place for place in places)
    return [path for path in paths if _is_file(path, snapshot) and not is_test_path(path)]


def _tests_of(sources: Sequence[str], snapshot: Snapshot) -> tuple[list[str], tuple[str, ...]]:
    """Give the test file that belongs to a Python module: one that exists, or one to be made beside the others."""
    if not sources or not sources[0].endswith(".py"):
        return [], ()
    stem = PurePosixPath(sources[0]).stem
    tests = [path for path in snapshot.paths() if path.endswith(".py") and is_test_path(path)]
    own = sorted(path for path in tests if PurePosixPath(path).name in {f"test_{stem}.py", f"{stem}_test.py"})
    if own:
        return own[:1], ()
    homes = Counter(path.rpartition("/")[0] for path in tests if PurePosixPath(path).name.startswith("test_"))
    home = homes.most_common(1)[0][0] if homes else "tests"
    path = f"{home}/test_{stem}.py" if home else f"test_{stem}.py"
    return [], (path,) if _can_be_made(path, snapshot) else ()


def _is_file(path: str, snapshot: Snapshot) -> bool:
    file = snapshot.read(path)
    if file is None or not file.is_regular or len(file.content) > MAX_BYTES:
        return False
    return decode(file.content) is not None


def _can_be_made(path: str, snapshot: Snapshot) -> bool:
    return path_problem(path) is None and snapshot.read(path) is None and place_problem(path, snapshot) is None


def _lines(path: str, snapshot: Snapshot) -> Sequence[str]:
    file = snapshot.read(path)
    text = decode(file.content) if file else None
    return text.lines if text else ()
