"""New text for lines that the reply does not quote: a whole file or a symbol, line by line against the old text.

Lines that stand in both show whether the reply's white space is the file's. A shift of all lines is undone. A part
that is indented anew is taken as meant. What could be either a slip or meant (blanks at the ends, tabs, quotes) is
refused.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

from prentice.changes.correction import Correction, Doubt, Level, Pair
from prentice.changes.diff import changed_blocks, common_ends
from prentice.changes.indentation import indentation, is_flat, loses_depth, opens_block
from prentice.changes.index import key

_ENOUGH: Final = 3
"""Lines that stay, and stand elsewhere all alike, before that counts as a slip of the reply."""
_LEVELS: Final = 2
"""Depths of indentation that have to be respelled alike before a width of tabs is taken as known."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The new lines as they have to be written, and how the reply's white space relates to the file's."""

    lines: tuple[str, ...]
    level: Level


def rewritten(
    old: Sequence[str], new: Sequence[str], *, leads: Callable[[], Iterable[str]], base: Pair | None = None
) -> Rewritten | Doubt:
    """Give the new lines as the file would write them. `base` pairs two lines that begin the text on either side."""
    places = aligned(old, new)
    kept = [(line, old[place]) for line, place in zip(new, places, strict=True) if place is not None]
    changed = [Pair(line, present) for line, present in kept if line != present]
    pairs = [*changed, *(Pair(line, line) for line in _examples(line for line, present in kept if line == present))]
    if any(pair.level is Level.PUNCTUATION for pair in changed):
        return Doubt("a line that stays is written with other quotes, dashes or spaces")
    if any(_blanks_behind(pair.present) > _blanks_behind(pair.quoted) for pair in changed):
        return Doubt("a line that stays lost the blanks at its end")
    if not is_flat(old) and is_flat(new) and len(new) > 1:
        return Doubt("no line is indented")
    correction = Correction([*pairs, *([base] if base else [])], leads=leads)
    if base is None and _all_indented(new) and not _all_indented(old) and not _shows_shift(changed, correction):
        return Doubt("every line is indented")
    if correction.is_reindented and not _is_shift(correction.pairs) and not _is_respelled(correction):
        if not _is_partly_reindented([Pair(line, present) for line, present in kept], base):
            return Doubt("the indentation differs from the file's, and not all in the same way")
        correction = Correction([pair for pair in pairs if pair.level <= Level.TRAILING_SPACE], leads=leads)
    mended = [
        line if place is not None and old[place] == line else correction.mended(line)
        for line, place in zip(new, places, strict=True)
    ]
    doubt = next((line for line in mended if isinstance(line, Doubt)), None) or _lost_depth(new, places)
    return doubt or Rewritten(tuple(line for line in mended if isinstance(line, str)), correction.level)


def _blanks_behind(line: str) -> int:
    return len(line) - len(line.rstrip())


def aligned(old: Sequence[str], new: Sequence[str]) -> list[int | None]:
    """Give for each new line the old line that it repeats, but for white space."""
    first, after = common_ends(old, new)
    places: list[int | None] = [None] * len(new)
    places[:first] = range(first)
    here = there = first
    ours, theirs = [key(line) for line in old[: len(old) - after]], [key(line) for line in new[: len(new) - after]]
    for block in changed_blocks(ours, theirs):
        places[there : block.new_start] = range(here, block.old_start)
        here, there = block.old_end, block.new_end
    places[there:] = range(here, len(old))
    return places


def _examples(lines: Iterable[str]) -> Iterable[str]:
    """Give one line of each form: the same blanks around one word or another. Other letters than ASCII are kept."""
    forms: dict[str, str] = {}
    for line in set(lines):
        word = line.strip()
        forms[line.replace(word, "x", 1) if word and line.isascii() else line] = line
    return forms.values()


def _lost_depth(new: Sequence[str], places: Sequence[int | None]) -> Doubt | None:
    """Say whether a line that is new, or behind one that is, lost its place inside what the line before opens."""
    first, behind = _around_new(new, places)
    around = zip(new[first:behind], places[first:behind], strict=True)
    worded = [(line, place) for line, place in around if line.strip()]
    for (before, above), (line, place) in pairwise(worded):
        if (above is None or place is None) and loses_depth(before, line):
            return Doubt("a new line stands no deeper than the one that opens its block")
    return None


def _around_new(new: Sequence[str], places: Sequence[int | None]) -> tuple[int, int]:
    """Give the stretch from the line with words before the first new line to the one behind the last new line."""
    if None not in places:
        return 0, 0
    first = places.index(None)
    behind = len(places) - places[::-1].index(None)
    while first and (places[first] is None or not new[first].strip()):
        first -= 1
    while behind < len(new) and not new[behind].strip():
        behind += 1
    return first, behind + 1


def _all_indented(lines: Sequence[str]) -> bool:
    return all(indentation(line) or not line.strip() for line in lines) and any(line.strip() for line in lines)


def moved_without_cause(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether most lines that stand on both sides moved, and nothing that opens a block came or went before them."""
    before, after = [line for line in old if line.strip()], [line for line in new if line.strip()]
    pairs = [(here, there) for here, there in enumerate(aligned(before, after)) if there is not None]
    steps = [len(indentation(after[here])) - len(indentation(before[there])) for here, there in pairs]
    stay = sum(step == 0 and after[here][:1].isspace() for step, (here, _) in zip(steps, pairs, strict=True))
    moved = [(step, pair) for step, pair in zip(steps, pairs, strict=True) if step]
    if len(moved) <= stay:
        return False
    step, (here, there) = moved[0]
    above = before[there - 1 : there] if step < 0 else after[here - 1 : here] if here else []
    return not any(opens_block(line) for line in above)


def _is_shift(pairs: Iterable[Pair]) -> bool:
    """Whether every line with words moved by the same blanks or tabs to one side."""
    leads = [(indentation(pair.quoted), indentation(pair.present)) for pair in pairs if not pair.is_blank]
    ours, theirs = next(((ours, theirs) for ours, theirs in leads if ours != theirs))
    if theirs.endswith(ours):
        return all(there == theirs[: len(theirs) - len(ours)] + here for here, there in leads)
    return ours.endswith(theirs) and all(here == ours[: len(ours) - len(theirs)] + there for here, there in leads)


def _shows_shift(changed: Sequence[Pair], correction: Correction) -> bool:
    """Whether every line that stays was moved alike, and there are enough of them to show that this was no intent."""
    worded = [pair for pair in changed if not pair.is_blank]
    return len(worded) >= _ENOUGH and correction.is_reindented and _is_shift(correction.pairs)


def _is_respelled(correction: Correction) -> bool:
    """Whether blanks became tabs, or tabs blanks, in every line that moved, by one width of tabs."""
    leads = {(indentation(pair.quoted), indentation(pair.present)) for pair in correction.pairs if not pair.is_blank}
    moved = [(ours, theirs) for ours, theirs in leads if ours != theirs]
    swapped = [(ours, theirs) for ours, theirs in moved if ours[:1] + theirs[:1] in {" \t", "\t "}]
    return len(swapped) == len(moved) >= _LEVELS and correction.relation is not None


def _is_partly_reindented(pairs: Sequence[Pair], base: Pair | None) -> bool:
    """Whether some lines moved, run by run in one way, while others that are indented stayed where they were."""
    worded = [pair for pair in pairs if not pair.is_blank]
    if base and indentation(base.quoted) != indentation(base.present):
        return False
    if not any(indentation(pair.present) and indentation(pair.present) == indentation(pair.quoted) for pair in worded):
        return False
    runs = groupby(worded, key=lambda pair: indentation(pair.quoted) != indentation(pair.present))
    return all(_is_shift(run) for moved, run in runs if moved) and not _changes_style(worded)


def _changes_style(pairs: Iterable[Pair]) -> bool:
    """Whether blanks became tabs or tabs blanks."""
    leads = [(indentation(pair.quoted), indentation(pair.present)) for pair in pairs]
    return any(ours and theirs and ours[0] != theirs[0] for ours, theirs in leads)
