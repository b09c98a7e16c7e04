"""Symbols that are gone after the change, though nothing asked for it."""

from collections import Counter
from collections.abc import Iterator, Sequence

from prentice.changes.guards.objection import Objection, Policy, Verdict, View
from prentice.changes.symbols.table import Symbol, Unreadable, symbols_of


def vanished_symbols(views: Sequence[View], policy: Policy) -> Iterator[Objection]:
    """Object to definitions that no file of the change has any more; a move to another file is none.

    A rewrite loses them silently and is refused. Where the lost lines were quoted, or the file deleted, a person
    decides.
    """
    tables = [
        (view, _symbols(view.file.old_path, view.old.lines), _symbols(view.path, view.new.lines)) for view in views
    ]
    arrived = Counter(
        name
        for _, before, after in tables
        for name in (Counter(s.last for s in after) - Counter(s.last for s in before))
    )
    for view, before, after in tables:
        if view.file.before is None or view.file.after is None:
            continue
        lost = Counter(symbol.name for symbol in before) - Counter(symbol.name for symbol in after)
        gone = [name for name in lost if not _is_expected(name, arrived, policy)]
        outer = [name for name in gone if not any(name.startswith(other + ".") for other in gone)]
        if outer:
            verdict: Verdict = "refuse" if view.is_rewritten else "person"
            shown = ", ".join(f"`{name}`" for name in outer[:6])
            yield view.object("symbol_vanished", verdict, f"The change removes or renames {shown}.")


def _symbols(path: str, lines: Sequence[str]) -> list[Symbol]:
    found = symbols_of(path, lines) if lines else []
    return [] if isinstance(found, Unreadable) else found


def _is_expected(name: str, arrived: Counter[str], policy: Policy) -> bool:
    last = name.rpartition(".")[2]
    return arrived[last] > 0 or bool({name, last} & policy.removing)
