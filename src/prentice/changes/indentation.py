"""How a reply's indentation relates to the file's, from lines that stand in both; and new lines carried over by it.

A relation is used only if every pair of lines agrees with it. What two relations would carry to different columns is
not carried over at all.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

Carry: TypeAlias = Callable[[str], str | None]
_LEAD: Final = re.compile(r"[ \t]*")
_WIDTHS: Final = (1, 2, 3, 4, 5, 6, 7, 8)
_OPENERS: Final = (":", "{", "(", "[", "=>", "->", "\\", ",", "=", " then", " do")


def indentation(line: str) -> str:
    """Give the blanks and tabs that a line begins with."""
    match = _LEAD.match(line)
    return match[0] if match else ""


@dataclass(frozen=True, slots=True)
class Relation:
    """Ways to carry a reply's indentation over to the file's; all of them agree with the lines seen."""

    known: dict[str, str]
    ways: tuple[Carry, ...]

    def carry(self, lead: str) -> str | None:
        """Give the file's indentation for a new line's, None where it is in doubt."""
        if lead in self.known:
            return self.known[lead]
        results = {way(lead) for way in self.ways}
        return results.pop() if len(results) == 1 else None


def relate(pairs: Iterable[tuple[str, str]], *, file_leads: Callable[[], Iterable[str]]) -> Relation | None:
    """Give the relation between indentations as the reply and as the file write them, None where there is none.

    `file_leads` gives all indentations of the file; it is asked only when blanks have to become tabs.
    """
    known: dict[str, str] = {}
    for ours, theirs in pairs:
        if known.setdefault(ours, theirs) != theirs:
            return None
    if all(ours == theirs for ours, theirs in known.items()):
        return Relation(known, (lambda lead: lead,))
    ways = [way for way in _candidates(known, file_leads) if all(way(ours) == known[ours] for ours in known)]
    return Relation(known, tuple(ways)) if ways else None


def _candidates(known: dict[str, str], file_leads: Callable[[], Iterable[str]]) -> list[Carry]:
    ours, theirs = next(pair for pair in known.items() if pair[0] != pair[1])
    ways: list[Carry] = []
    if theirs.endswith(ours):
        added = theirs[: len(theirs) - len(ours)]
        ways.append(lambda lead: added + lead)
    if ours.endswith(theirs):
        dropped = ours[: len(ours) - len(theirs)]
        ways.append(lambda lead: lead[len(dropped) :] if lead.startswith(dropped) else None)
    if all(set(lead) <= {" "} for pair in known.items() for lead in pair):
        ways += _scalings(known)
    if not any("\t" in lead for lead in known.values()):
        ways += [_expanding(width) for width in _WIDTHS]
    elif not any("\t" in lead for lead in known):
        leads = set(file_leads())
        ways += [_tabbing(width) for width in _WIDTHS[1:] if all(_is_tabbed(lead, width) for lead in leads)]
    return ways


def _scalings(known: dict[str, str]) -> list[Carry]:
    """Give the way of a reply that indents by another number of blanks a level, as far as the lines allow it."""
    ratios = {(len(theirs), len(ours)) for ours, theirs in known.items() if ours}
    if not ratios or any(theirs * min(ratios)[1] != min(ratios)[0] * ours for theirs, ours in ratios):
        return []
    theirs, ours = min(ratios)
    return [lambda lead: " " * (len(lead) * theirs // ours) if len(lead) * theirs % ours == 0 else None]


def _expanding(width: int) -> Carry:
    return lambda lead: " " * (lead.count("\t") * width + lead.count(" ")) if "\t" not in lead.lstrip("\t") else None


def _tabbing(width: int) -> Carry:
    return lambda lead: "\t" * (len(lead) // width) if "\t" not in lead and len(lead) % width == 0 else None


def _is_tabbed(lead: str, width: int) -> bool:
    """Whether an indentation is what tabbing would write: tabs, then fewer blanks than a tab's width."""
    blanks = lead.lstrip("\t")
    return "\t" not in blanks and len(blanks) < width


def is_foreign(line: str, *, shown: Iterable[str]) -> bool:
    """Whether a new line is indented with another character than those shown; with a tab, if none is shown."""
    lead = indentation(line)
    firsts = {other[0] for other in shown if other} or {" "}
    return bool(lead) and lead[0] not in firsts


def continues_comment(line: str) -> bool:
    """Whether a line begins with the star of a block comment, which stands one blank behind the comment's column."""
    return line.lstrip(" \t").startswith("*") and indentation(line).lstrip("\t") in {"", " "}


def is_flat(lines: Sequence[str]) -> bool:
    """Whether no line with words is indented: either they all stand in one column, or their structure was lost."""
    return not any(indentation(line) for line in lines if line.strip())


def opens_block(line: str) -> bool:
    """Whether what follows a line usually stands deeper."""
    return line.rstrip().endswith(_OPENERS)


def loses_depth(before: str, line: str) -> bool:
    """Whether a line stands no deeper than the one before it, which opens a bracket, an assignment or a comment.

    Branches of a `switch`, labels and preprocessor lines do so in many styles.
    """
    word, opener = line.strip(), before.rstrip()
    if opener.lstrip().startswith("/*") and "*/" not in opener and word.startswith("*"):
        return indentation(line) == indentation(before)
    if not opener.endswith(("{", "(", "[", "=")) or opener.endswith(("==", ")=", "]=")):
        return False
    if not word or word[0] in ")]}#" or word.endswith(":") or word.startswith(("case ", "default", "</", "<?", "?>")):
        return False
    return len(indentation(line).expandtabs(8)) <= len(indentation(before).expandtabs(8))
