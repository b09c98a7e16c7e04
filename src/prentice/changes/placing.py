"""Finding where a hunk's lines stand in a file, in one place only, and what to put there.

Exact, white space at the ends, another indentation, other punctuation: all four are looked for at once, so that a hunk
that stands exactly in one place and re-indented in another is ambiguous. Without any such place, one quoted line may be
a part of one line of the file. Line numbers are never used, an anchor never alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from prentice.changes.correction import BLANKS, Correction, Doubt, Level, Pair
from prentice.changes.edits import Hunk, HunkLine
from prentice.changes.indentation import indentation, loses_depth
from prentice.changes.index import Index, key
from prentice.changes.punctuation import CURLY
from prentice.changes.rewriting import moved_without_cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Splice:
    """New lines in the place of lines `start:end` of the file, counted from 0."""

    start: int
    end: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a hunk belongs: the lines it quotes (`start:end`), what it changes of them, and how they were found."""

    start: int
    end: int
    splices: tuple[Splice, ...]
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """Why a hunk has no place. `starts` are the places that would fit, if it fits several."""

    code: str
    sentence: str
    starts: tuple[int, ...] = ()


def place(hunk: Hunk, index: Index) -> Placement | Miss:
    """Find the one place of a hunk and what it writes there."""
    lines = hunk.lines
    found = _candidates(hunk, lines, index)
    if not found:
        trimmed = _without_outer_blanks(lines)
        if len(trimmed) < len(lines):
            lines = trimmed
            found = _candidates(hunk, lines, index)
    if isinstance(found, Miss):
        return found
    if not any(line.strip() for operation, line in lines if operation != "+"):
        return Miss(
            code="anchor_only", sentence="The edit quotes no line of the file, so nothing says where it belongs."
        )
    if not found:
        return _place_in_line(lines, index)
    if len(found) > 1:
        return Miss(
            code="ambiguous", sentence=f"The quoted lines stand in {_several(found)} places.", starts=tuple(found)
        )
    misplaced = _outside_anchors(hunk, found[0], index)
    return misplaced or _as_read(hunk, lines, found[0], index)


def _several(found: Sequence[int]) -> str:
    return f"{len(found)} or more" if len(found) > 3 else str(len(found))


def _keys(lines: Sequence[HunkLine]) -> list[str]:
    return [key(line) for operation, line in lines if operation != "+"]


def _candidates(hunk: Hunk, lines: Sequence[HunkLine], index: Index) -> list[int] | Miss:
    pattern = _keys(lines)
    found = index.find(pattern)
    if len(found) > 1 and hunk.end_of_file:
        return [start for start in found if start + len(pattern) == len(index.lines)] or found
    if len(found) > 1 and hunk.anchors:
        scope = _scope(hunk.anchors, index)
        if isinstance(scope, Miss):
            return scope
        return index.find(pattern, within=scope) or found
    return found


def _scope(anchors: Sequence[str], index: Index) -> range | Miss:
    """Give the lines that stand under the last anchor, each anchor looked for under the one before."""
    scope = range(len(index.lines))
    for anchor in anchors:
        places = [number for number in index.places(key(anchor)) if number in scope]
        if len(places) != 1:
            sentence = f"The line `{anchor.strip()}` that the edit names as its heading stands in {len(places)} places."
            return Miss(code="ambiguous", sentence=sentence, starts=tuple(places[:6]))
        scope = range(places[0] + 1, _end_of_block(places[0], index))
    return scope


def _end_of_block(start: int, index: Index) -> int:
    """Give the first line behind a heading that stands no deeper and begins with a word or a decorator."""
    depth = len(indentation(index.lines[start]).expandtabs(8))
    for number in range(start + 1, len(index.lines)):
        line = index.lines[number]
        word = line.lstrip(BLANKS)[:1]
        if (word.isalnum() or word in {"_", "@", "#"}) and len(indentation(line).expandtabs(8)) <= depth:
            return number
    return len(index.lines)


def _outside_anchors(hunk: Hunk, start: int, index: Index) -> Miss | None:
    for anchor in hunk.anchors:
        places = index.places(key(anchor))
        if not places or places[0] >= start + len(hunk.old):
            sentence = (
                f"The line `{anchor.strip()}` that the edit names as its heading does not stand above the quoted lines."
            )
            return Miss(code="not_found", sentence=sentence, starts=(start,))
    return None


def _without_outer_blanks(lines: Sequence[HunkLine]) -> tuple[HunkLine, ...]:
    """Leave out empty old lines before the first and behind the last old line with words."""
    worded = [number for number, (operation, line) in enumerate(lines) if operation != "+" and line.strip()]
    if not worded:
        return ()
    return tuple(line for number, line in enumerate(lines) if line[0] == "+" or worded[0] <= number <= worded[-1])


def _as_read(hunk: Hunk, lines: Sequence[HunkLine], start: int, index: Index) -> Placement | Miss:
    """Write a hunk as it is marked, or as if its kept lines lacked their space, where a removed line proves that."""
    placement = _write(lines, start, index)
    if hunk.bare is None or _level(lines, start, index) is Level.EXACT:
        return placement
    bare = hunk.bare if len(lines) == len(hunk.lines) else _without_outer_blanks(hunk.bare)
    if _level(bare, start, index) > Level.EXACT:
        return placement
    if any(line.strip() for line in _of(bare, "-")):
        return _write(bare, start, index)
    sentence = "The quoted lines were found, but whether they are written behind a space or not cannot be told."
    return Miss(code="doubtful", sentence=sentence, starts=(start,))


def _level(lines: Sequence[HunkLine], start: int, index: Index) -> Level:
    return _correction(lines, start, index).level


def _correction(lines: Sequence[HunkLine], start: int, index: Index) -> Correction:
    old = [line for operation, line in lines if operation != "+"]
    pairs = [Pair(quoted, index.lines[start + number]) for number, quoted in enumerate(old)]
    begins_as_quoted = lines[:1] and lines[0][0] != "+"
    return Correction(pairs, leads=lambda: index.leads, is_first_lost=bool(begins_as_quoted) and _is_first_lost(pairs))


def _is_first_lost(pairs: Sequence[Pair]) -> bool:
    """Whether the first line alone is quoted without its indentation, as after stripping the text as a whole."""
    if not pairs or pairs[0].level is not Level.REINDENTED or indentation(pairs[0].quoted):
        return False
    others = [pair for pair in pairs[1:] if not pair.is_blank]
    return all(pair.level is Level.EXACT for pair in pairs[1:]) and any(indentation(pair.present) for pair in others)


def _write(lines: Sequence[HunkLine], start: int, index: Index) -> Placement | Miss:
    correction = _correction(lines, start, index)
    doubt = _structure(lines, correction)
    splices: list[Splice] = []
    number = start
    for is_kept, group in groupby(lines, key=lambda line: line[0] == " "):
        run = list(group)
        if is_kept:
            number += len(run)
            continue
        removed = [Pair(line, index.lines[number + place]) for place, line in enumerate(_of(run, "-"))]
        added = _of(run, "+")
        twins = removed if len(removed) == len(added) else [None] * len(added)
        mended = [correction.mended(line, twin=twin) for line, twin in zip(added, twins, strict=True)]
        if correction.is_first_lost and number == start and any(_is_at_left(line) for line in added[:1]):
            doubt = doubt or Doubt("the first line lost its indentation, and the line that replaces it has none either")
        doubt = doubt or next((line for line in mended if isinstance(line, Doubt)), None)
        written = tuple(line for line in mended if isinstance(line, str))
        splices.append(Splice(start=number, end=number + len(removed), lines=written))
        number += len(removed)
    if doubt:
        sentence = f"The quoted lines were found, but {doubt.sentence}."
        return Miss(code="doubtful", sentence=sentence, starts=(start,))
    if correction.relation is None:
        sentence = "The quoted lines were found with another indentation, which is not shifted in one way."
        return Miss(code="doubtful", sentence=sentence, starts=(start,))
    return Placement(start=start, end=number, splices=tuple(splices), level=correction.level)


def _is_at_left(line: str) -> bool:
    return bool(line.strip()) and not indentation(line)


def _of(lines: Sequence[HunkLine], operation: str) -> list[str]:
    return [line for kind, line in lines if kind == operation]


def _structure(lines: Sequence[HunkLine], correction: Correction) -> Doubt | None:
    """Say whether the columns of new lines are in doubt."""
    runs: list[list[str]] = []
    replaced = True
    before = ""
    for is_kept, group in groupby(lines, key=lambda line: line[0] == " "):
        run = list(group)
        if not is_kept and (added := _of(run, "+")):
            runs.append([before, *added])
            replaced = replaced and any(line.strip() for line in _of(run, "-"))
        before = next((line for _, line in reversed(run) if line.strip()), before)
    old = [line for operation, line in lines if operation != "+"]
    worded = [line for line in old if line.strip()]
    first = next((line for run in runs for line in run[1:] if line.strip()), "")
    stays = any(line.strip() for line in _of(lines, " "))
    as_quoted = worded and first and not stays and correction.level <= Level.TRAILING_SPACE
    if as_quoted and indentation(first) != indentation(worded[0]):
        return Doubt("the lines that replace them begin in another column, and no quoted line stays to show why")
    if moved_without_cause(old, [line for operation, line in lines if operation != "-"]):
        return Doubt("the lines that replace them stand in other columns, and nothing shows why")
    if any(loses_depth(*two) for run in runs for two in pairwise(line for line in run if line.strip())):
        return Doubt("a new line stands no deeper than the one that opens its block")
    return correction.structure_doubt(old, runs, replaced=replaced) if runs else None


def _place_in_line(lines: Sequence[HunkLine], index: Index) -> Placement | Miss:
    """Place one quoted line that is a part of one line of the file, and stands there once."""
    old = [line for operation, line in lines if operation != "+" and line.strip()]
    new = [line for operation, line in lines if operation == "+"]
    if len(old) != 1 or len(new) != 1 or any(operation == " " and line.strip() for operation, line in lines):
        return Miss(code="not_found", sentence="The quoted lines do not stand in the file.")
    part, other = old[0].strip(BLANKS), new[0].strip(BLANKS)
    places = [number for number, line in enumerate(index.lines) if part in line]
    if not places:
        return Miss(code="not_found", sentence="The quoted line does not stand in the file.")
    line = index.lines[places[0]]
    at = line.find(part)
    if len(places) > 1 or line.find(part, at + 1) >= 0:
        return Miss(
            code="ambiguous", sentence="The quoted part of a line stands in several places.", starts=tuple(places[:6])
        )
    after = line[at + len(part) :]
    if not other.isascii() and any(mark in other and mark not in line for mark in CURLY):
        sentence = "A part of a line was found, but the new one has curly quotes and the line has none."
        return Miss(code="doubtful", sentence=sentence, starts=(places[0],))
    if not other or indentation(old[0]) != indentation(new[0]) or _splits_a_word(line[:at], part, after):
        return Miss(code="not_found", sentence="The quoted line does not stand in the file.", starts=(places[0],))
    splice = Splice(start=places[0], end=places[0] + 1, lines=(line[:at] + other + after,))
    return Placement(start=places[0], end=places[0] + 1, splices=(splice,), level=Level.PARTIAL_LINE)


def _splits_a_word(before: str, part: str, after: str) -> bool:
    def joined(left: str, right: str) -> bool:
        return (
            bool(left and right) and (left[-1].isalnum() or left[-1] == "_") and (right[0].isalnum() or right[0] == "_")
        )

    return joined(before, part) or joined(part, after)
