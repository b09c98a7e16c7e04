"""What a reply's copy of the file's lines says about its white space and punctuation, and new lines mended by it.

A model that lost the indentation, added blanks at the ends or curled the quotes did so in its new lines too. The lines
that stand in both, as quoted and as present, show what happened; a new line is mended only as far as they prove it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

from prentice.changes.indentation import (
    Relation,
    continues_comment,
    indentation,
    is_flat,
    is_foreign,
    opens_block,
    relate,
)
from prentice.changes.punctuation import CURLY, has_marks, respelled

BLANKS = " \t"


class Level(IntEnum):
    """How the lines of an edit were found in the file, from as quoted to least alike."""

    EXACT = 0
    TRAILING_SPACE = 1
    REINDENTED = 2
    PUNCTUATION = 3
    PARTIAL_LINE = 4

    @property
    def words(self) -> str:
        """The level in words, for people and models."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True, slots=True)
class Pair:
    """A line as the reply quotes it and as the file has it."""

    quoted: str
    present: str

    @property
    def level(self) -> Level:
        """How alike the two are."""
        if self.quoted == self.present:
            return Level.EXACT
        if self.quoted.rstrip(BLANKS) == self.present.rstrip(BLANKS):
            return Level.TRAILING_SPACE
        if self.quoted.strip(BLANKS) == self.present.strip(BLANKS):
            return Level.REINDENTED
        return Level.PUNCTUATION

    @property
    def is_blank(self) -> bool:
        """Whether the line holds no word."""
        return not self.present.strip()


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a new line cannot be written: a sentence about it."""

    sentence: str


class Correction:
    """Mends new lines of one reply by pairs of lines that stand in both. `leads` are the file's indentations.

    `is_reindented` says whether some line stands in another column than the reply has it. With `is_first_lost` the
    first pair says nothing about the other lines.
    """

    def __init__(
        self, pairs: Sequence[Pair], *, leads: Callable[[], Iterable[str]], is_first_lost: bool = False
    ) -> None:
        self.level = max((pair.level for pair in pairs), default=Level.EXACT)
        self.is_first_lost = is_first_lost
        pairs = pairs[1:] if is_first_lost else pairs
        self.pairs = pairs
        self._leads = leads
        self._shows_curly = any(mark in pair.present for pair in pairs for mark in CURLY if not pair.present.isascii())
        self._worded = [pair for pair in pairs if not pair.is_blank]
        self.relation: Relation | None = relate(
            ((indentation(pair.quoted), indentation(pair.present)) for pair in self._worded), file_leads=leads
        )
        self._shown = {indentation(pair.present) for pair in self._worded} - {""}
        self.is_reindented = any(indentation(pair.quoted) != indentation(pair.present) for pair in self._worded)
        self._blanks: dict[str, set[str]] = {}
        for pair in pairs:
            if pair.is_blank:
                self._blanks.setdefault(pair.quoted, set()).add(pair.present)
        self._has_blanks = any(line for lines in self._blanks.values() for line in lines)
        ends = [(_end(pair.quoted), _end(pair.present)) for pair in self._worded]
        self._adds_ends = any(ours != theirs for ours, theirs in ends)
        self._loses_ends = any(not ours.startswith(theirs) for ours, theirs in ends)
        self._suffix = _common_suffix(ends)
        self._has_ends = any(theirs for _, theirs in ends)

    def mended(self, new: str, *, twin: Pair | None = None) -> str | Doubt:
        """Give a new line as it has to be written. `twin` is the line that it replaces, where that is plain."""
        if not new.strip(BLANKS):
            return self._mended_blank(new)
        lead = self._mended_lead(new)
        if isinstance(lead, Doubt):
            return lead
        end = self._mended_end(_end(new))
        if isinstance(end, Doubt):
            return end
        body = self._mended_body(new.strip(BLANKS), twin=twin)
        return body if isinstance(body, Doubt) else lead + body + end

    def _mended_blank(self, new: str) -> str | Doubt:
        present = self._blanks.get(new, set())
        if len(present) == 1 and len(max(present)) <= len(new):
            return max(present)
        if not new and not self._has_blanks:
            return new
        if not new:
            return Doubt("the file's empty lines hold blanks that the reply left out")
        return Doubt("a new empty line holds blanks, and nothing shows that the file's do")

    def _mended_lead(self, new: str) -> str | Doubt:
        lead = indentation(new)
        if self.relation is None:
            return Doubt("the quoted lines are indented differently from the file's, and not all in the same way")
        if not self.is_reindented:
            if not continues_comment(new) and is_foreign(new, shown=self._shown or self._leads()):
                return Doubt("a new line is indented with tabs where the file has blanks, or the other way round")
            return lead
        carried = self.relation.carry(lead)
        return (
            Doubt("the indentation of a new line does not follow from the quoted lines") if carried is None else carried
        )

    def _mended_end(self, end: str) -> str | Doubt:
        if self._loses_ends:
            return Doubt("the file's lines end in blanks that the reply left out")
        if not end:
            return end
        if self._adds_ends:
            if end == self._suffix:
                return ""
            return Doubt("the reply adds blanks at the ends of lines")
        return end if self._has_ends else Doubt("a new line ends in blanks, and nothing shows that the file's lines do")

    def _mended_body(self, body: str, *, twin: Pair | None) -> str | Doubt:
        if self.level is not Level.PUNCTUATION:
            if not self._shows_curly and not body.isascii() and any(mark in body for mark in CURLY):
                return Doubt("a new line has curly quotes, and no line quoted from the file has any")
            return body
        quoted, present = (twin.quoted.strip(BLANKS), twin.present.strip(BLANKS)) if twin else ("", "")
        if len(quoted) == len(present) and (spelled := respelled(body, quoted=quoted, present=present)) is not None:
            return spelled
        if has_marks(body):
            return Doubt("the reply writes other quotes, dashes or spaces than the file, and a new line has some too")
        return body

    def structure_doubt(self, old: Sequence[str], new: Sequence[Sequence[str]], *, replaced: bool) -> Doubt | None:
        """Say what is in doubt when every quoted and new line begins in the first column and the file's do not.

        Either they all stand in one column, or their structure was lost. `new` are the runs of new lines, each behind
        the line that stands before it; `replaced` says that every run takes the place of lines.
        """
        if not self.is_reindented or not is_flat(old) or not all(is_flat(run) for run in new):
            return None
        if not replaced or any(opens_block(before) for run in new for before, _ in pairwise(_worded(run))):
            return Doubt("the quoted lines lost their indentation, and where the new lines belong cannot be told")
        return None


def _worded(lines: Iterable[str]) -> list[str]:
    return [line for line in lines if line.strip()]


def _end(line: str) -> str:
    """Give the blanks at the end of a line with words."""
    return line[len(line.rstrip(BLANKS)) :]


def _common_suffix(ends: Sequence[tuple[str, str]]) -> str:
    """Give what the reply adds to the end of every line, empty if it does not add the same to all."""
    ours, theirs = next(((ours, theirs) for ours, theirs in ends if ours != theirs), ("", ""))
    suffix = ours[len(theirs) :] if ours.startswith(theirs) else ""
    return suffix if suffix and all(ours == theirs + suffix for ours, theirs in ends) else ""
