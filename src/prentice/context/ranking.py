"""Which files of a project a text is about: full-text search, names that the text mentions, and history."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prentice.changes.guards.tests import is_test_path
from prentice.context.index import Index
from prentice.context.terms import Terms

MAX_TERMS: Final = 150
_K1: Final = 1.2
_B: Final = 0.75


@dataclass(frozen=True, slots=True)
class Ranked:
    """A file, how well it fits (comparable within one answer only), and what speaks for it."""

    path: str
    score: float
    reasons: tuple[str, ...]


def rank(root: Path, text: str, *, index: Index, named: Sequence[str] = (), limit: int = 20) -> tuple[Ranked, ...]:
    """Give the files that a text is most likely about, best first.

    `named` are paths known to be meant; they come first.
    """
    del root
    terms = list(dict.fromkeys(Terms().of(text)))[:MAX_TERMS]
    paths = {int(row[0]): str(row[1]) for row in index.rows("SELECT id, path FROM files")}  # type: ignore[call-overload]  # an INTEGER column
    scores: dict[int, float] = defaultdict(float)
    for term in terms:
        rows = index.rows(
            "SELECT c.file, count(*) FROM body_terms AS t JOIN chunks AS c ON c.id = t.doc WHERE t.term = ? "
            "GROUP BY c.file",
            term,
        )
        idf = math.log(1 + (len(paths) - len(rows) + 0.5) / (len(rows) + 0.5))
        for file, count in rows:
            scores[int(file)] += idf * int(count) * (_K1 + 1) / (int(count) + _K1)  # type: ignore[call-overload]
    found = {paths[file]: score for file, score in scores.items() if file in paths}
    return _answer(found, named=[path for path in named if path in set(paths.values())], limit=limit)


def _answer(scores: Mapping[str, float], *, named: Sequence[str], limit: int) -> tuple[Ranked, ...]:
    top = max(scores.values(), default=1.0)
    best = [Ranked(path, 2 * top, ("the task names it",)) for path in dict.fromkeys(named)]
    rest = sorted(
        (
            Ranked(path, score * (0.3 if is_test_path(path) else 1.0), ("its text",))
            for path, score in scores.items()
            if path not in set(named)
        ),
        key=lambda found: (-found.score, found.path),
    )
    return tuple([*best, *rest][:limit])
