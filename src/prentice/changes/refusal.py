"""Why edits were not carried out, in words for a person and for the model that wrote them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from prentice.changes.index import Index, key

MAX_FAILURES: Final = 8
MAX_CANDIDATES: Final = 3
_SHOWN_LINES: Final = 12
_SHOWN_LETTERS: Final = 200
_FREQUENT: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Lines of the file that the edit may have meant; `line` is the number of the first, from 1."""

    line: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One edit that cannot be carried out. `at` is its line in the reply, 0 where that is not known."""

    code: str
    sentence: str
    path: str = ""
    at: int = 0
    candidates: tuple[Candidate, ...] = ()
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """No edit is carried out, because of these failures."""

    failures: tuple[Failure, ...]

    @property
    def code(self) -> str:
        """The code of the first failure."""
        return self.failures[0].code

    @property
    def sentence(self) -> str:
        """The first failure in a sentence, with its file."""
        first = self.failures[0]
        return f"{first.path}: {first.sentence}" if first.path else first.sentence

    def feedback(self) -> str:
        """Give the failures as text that can go back to the model, with the nearest lines of the file."""
        parts = ["Nothing was changed. Answer again with all edits, corrected:"]
        for failure in self.failures:
            place = f"{failure.path}: " if failure.path else ""
            at = f" (line {failure.at} of your answer)" if failure.at else ""
            parts.append(f"- {place}{failure.sentence}{at}")
            if failure.near:
                parts.append("  Did you mean " + " or ".join(f"`{name}`" for name in failure.near) + "?")
            parts.extend(_shown(candidate) for candidate in failure.candidates)
        return "\n".join(parts)


def refuse(code: str, sentence: str, *, path: str = "", at: int = 0) -> Refusal:
    """Make a refusal of one failure without lines to show."""
    return Refusal(failures=(Failure(code=code, sentence=sentence, path=path, at=at),))


def candidates(index: Index, old: Sequence[str], *, starts: Sequence[int] = ()) -> tuple[Candidate, ...]:
    """Give the stretches of a file nearest to quoted lines: the given ones, else those that share most lines."""
    size = max(len(old), 1)
    chosen = list(starts)[:MAX_CANDIDATES] or _nearest(index, old)
    return tuple(Candidate(line=start + 1, lines=tuple(index.lines[start : start + size])) for start in chosen)


def _nearest(index: Index, old: Sequence[str]) -> list[int]:
    """Let the lines that stand in the file vote for where the stretch begins; without any, words do."""
    votes: Counter[int] = Counter()
    for offset, line in enumerate(old):
        places = index.places(key(line)) if line.strip() else ()
        if len(places) <= _FREQUENT:
            votes.update(max(place - offset, 0) for place in places)
    if votes:
        return sorted(start for start, _ in votes.most_common(1))
    wanted = _words(max(old, key=len, default=""))
    scored = (
        (len(wanted & words), -len(words), -number)
        for number, line in enumerate(index.lines)
        if (words := _words(line))
    )
    best = max(scored, default=(0, 0, 0))
    return [-best[2]] if wanted and best[0] * 2 > len(wanted) else []


def _words(line: str) -> set[str]:
    return set(re.findall(r"\w+", line[:_SHOWN_LETTERS]))


def _shown(candidate: Candidate) -> str:
    lines = candidate.lines[:_SHOWN_LINES]
    numbered = [f"  {candidate.line + number:5d} | {line[:_SHOWN_LETTERS]}" for number, line in enumerate(lines)]
    more = len(candidate.lines) - len(lines)
    return "\n".join([*numbered, *([f"        ({more} more lines)"] if more else [])])
