"""Which files of a project a text is about: full-text search, what the text names, and the project's history.

Each kind of evidence is divided by the score of its best file, weighed and added up. The weights were set on one half
of the issues that `bench/ranking.py` measures; its figures are given for the other half too.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from prentice.context.file_kinds import Kind, asked_kinds, factor, kind_of
from prentice.context.history import changed_for, changed_with, commits
from prentice.context.index import Index
from prentice.context.matching import MAX_LETTERS, IndexedFile, Matches, matches, weights
from prentice.context.named_files import named_files

BODY, CHUNK, SYMBOLS, PATH, DEFINES, NAMED = 1.0, 0.5, 0.3, 0.3, 0.3, 0.7
PAST_MESSAGES, PAST_COMPANY = 0.4, 0.1
_SURE: Final = 0.9
_NAMED_FACTOR: Final = 0.6
"""What at least remains of the score of a file that the text names for sure, whatever its kind."""
_NOTABLE: Final = 0.08
"""Evidence that adds less to a score is no reason to tell."""
_MAX_NAMES: Final = 3

_Evidence: TypeAlias = tuple[float, Mapping[int, float], str]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A file, how well it fits (comparable within one answer only), and what speaks for it, strongest first."""

    path: str
    score: float
    reasons: tuple[str, ...]


def rank(
    root: Path,
    text: str,
    *,
    index: Index,
    named: Sequence[str] = (),
    limit: int = 20,
    about: Collection[Kind] | None = None,
) -> tuple[Ranked, ...]:
    """Give the files that a text is most likely about, best first.

    `named` are paths known to be meant; those that the index has come first. `about` are the kinds of files wanted
    beside code, such as tests for a task that writes them; None goes by the text's first line. Other kinds go down.
    """
    files = {
        identifier: IndexedFile(path, terms)
        for identifier, path, terms in index.rows("SELECT id, path, terms FROM files")
    }
    asked = asked_kinds(text) if about is None else frozenset({"code", *about})
    search = _Search(root, text[:MAX_LETTERS], index=index, files=files, asked=asked, named=named)
    order = sorted(search.scores, key=lambda file: (-search.scores[file], files[file].path))
    return tuple(Ranked(files[file].path, search.scores[file], search.reasons(file)) for file in order[:limit])


class _Search:
    """One search: the scores of all files, and what they come from."""

    def __init__(
        self,
        root: Path,
        text: str,
        *,
        index: Index,
        files: Mapping[int, IndexedFile],
        asked: Collection[Kind],
        named: Sequence[str],
    ) -> None:
        by_path = {file.path: identifier for identifier, file in files.items()}
        self._primary = frozenset(file for file, found in files.items() if kind_of(found.path) in asked) or frozenset(
            files
        )
        self._found = matches(index, text, files=files, primary=self._primary)
        self._named = {by_path[path]: entry for path, entry in named_files(text, by_path).items()}
        self._given = {
            by_path[path]: len(named) - place for place, path in reversed([*enumerate(named)]) if path in by_path
        }
        self._evidence = [*self._searched(self._found), *self._past(root, text, by_path)]
        self.scores = self._added()
        for file in self.scores:
            sure = self._named.get(file, (0.0, ""))[0] >= _SURE
            least = _NAMED_FACTOR if sure else 0.0
            if file not in self._primary:
                self.scores[file] *= max(least, factor(files[file].path, asked=asked))
        top = max(self.scores.values(), default=0.0)
        for file, place in self._given.items():
            self.scores[file] = top + place

    def _searched(self, found: Matches) -> list[_Evidence]:
        return [
            (BODY, self._scaled(found.body), "its text has the task's words"),
            (CHUNK, self._scaled(found.chunk), "a passage is close to the task"),
            (SYMBOLS, self._scaled(found.symbols), "what it defines bears such names"),
            (PATH, self._scaled(found.path), "its path has the task's words"),
            (DEFINES, self._scaled(found.defines, least=1.0), "defines"),
            (NAMED, {file: weight for file, (weight, _) in self._named.items()}, "named"),
        ]

    def _past(self, root: Path, text: str, by_path: Mapping[str, int]) -> list[_Evidence]:
        history = commits(root)
        paths = {file: path for path, file in by_path.items()}
        sure = [paths[file] for file in self._given] + [
            paths[file] for file, (weight, _) in self._named.items() if weight >= _SURE
        ]
        messages = changed_for(history, weights(text))
        company = changed_with(history, sure)
        return [
            (PAST_MESSAGES, {by_path[path]: score for path, score in messages.items() if path in by_path},
             "a commit on something alike changed it"),
            (PAST_COMPANY, {by_path[path]: score for path, score in company.items() if path in by_path},
             "it changed together with a file that is named"),
        ]  # fmt: skip

    def _scaled(self, scores: Mapping[int, float], *, least: float = 0.0) -> dict[int, float]:
        """Divide by the best primary file's score; one that is not primary may have more, by half at most."""
        top = max((score for file, score in scores.items() if file in self._primary), default=0.0)
        top = max(top or max(scores.values(), default=0.0), least)
        return {file: min(score / top, 1.5) for file, score in scores.items()} if top else {}

    def _added(self) -> dict[int, float]:
        scores: dict[int, float] = defaultdict(float)
        for weight, part, _ in self._evidence:
            for file, share in part.items():
                scores[file] += weight * share
        return scores

    def reasons(self, file: int) -> tuple[str, ...]:
        """Say what speaks for a file, strongest first."""
        parts = [(weight * part.get(file, 0.0), reason) for weight, part, reason in self._evidence]
        told = [reason for share, reason in sorted(parts, key=lambda part: -part[0]) if share >= _NOTABLE]
        told = [self._worded(reason, file) for reason in told]
        return ("it is given", *told) if file in self._given else tuple(told)

    def _worded(self, reason: str, file: int) -> str:
        if reason == "named":
            return self._named[file][1]
        if reason == "defines":
            return "it defines " + ", ".join(self._found.names[file][:_MAX_NAMES])
        return reason
