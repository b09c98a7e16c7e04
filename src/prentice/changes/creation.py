"""New files: nothing of theirs can be compared with what is there, so they are compared with files of their kind."""

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from prentice.changes.files import Snapshot
from prentice.changes.indentation import indentation, opens_block
from prentice.changes.markup import is_markup, markup_doubt
from prentice.changes.punctuation import CURLY
from prentice.changes.text import Text, decode

MAX_SIBLINGS: Final = 5
MAX_BYTES: Final = 200_000
_BLANKS_ONLY: Final = frozenset({".py", ".pyi", ".yml", ".yaml"})
"""Kinds of files in which tabs are not allowed, or by convention not used."""


def siblings(path: str, snapshot: Snapshot) -> list[Text]:
    """Give a few texts of the same kind, from the same directory first."""
    suffix, directory = PurePosixPath(path).suffix, path.rpartition("/")[0]
    same = [other for other in snapshot.paths() if PurePosixPath(other).suffix == suffix]
    found: list[Text] = []
    for other in sorted(same, key=lambda other: (other.rpartition("/")[0] != directory, other))[: 4 * MAX_SIBLINGS]:
        file = snapshot.read(other)
        text = decode(file.content) if file and file.is_regular and 0 < len(file.content) <= MAX_BYTES else None
        if text and text.lines and len(found) < MAX_SIBLINGS:
            found.append(text)
    return found


def creation_doubt(path: str, text: Text | None, kin: Sequence[Text]) -> str | None:  # noqa: PLR0911 - one return for each doubt
    """Say what of a new file's white space or quotes no file of its kind has, None if nothing."""
    lines = [line for line in text.lines if line.strip()] if text else []
    others = [line for other in kin for line in other.lines if line.strip()]
    style, known = _style(lines), _style(others)
    if lines and all(indentation(line) for line in lines):
        return "Every line of the new file is indented."
    if style["\t"] > style[" "] and (known[" "] > 9 * known["\t"] or PurePosixPath(path).suffix in _BLANKS_ONLY):
        return "The new file is indented with tabs, files of its kind with blanks."
    if style["\t"] and (style[" "] or known[" "]) and not known["\t"] and not _wants_tabs(path):
        return "Some lines of the new file are indented with tabs, and no file of its kind shows such lines."
    if style[" "] > style["\t"] and known["\t"] > 9 * known[" "]:
        return "The new file is indented with blanks, files of its kind with tabs."
    if _ending_in_blanks(lines) > _ending_in_blanks(others):
        return "More lines of the new file end in blanks than of files of its kind."
    if (
        others
        and any(mark in line for line in lines for mark in CURLY)
        and not any(mark in line for line in others for mark in CURLY)
    ):
        return "The new file has curly quotes, files of its kind have none."
    if not style and known and any(opens_block(line) and not line.rstrip().endswith((",", "=")) for line in lines[:-1]):
        return "No line of the new file is indented."
    if text and is_markup(path) and (doubt := markup_doubt((), text.lines, kin=[other.lines for other in kin])):
        return f"In the new file {doubt}."
    return None


def _style(lines: Sequence[str]) -> Counter[str]:
    """Count the lines that begin with tabs and with blanks; the stars of block comments do not count."""
    return Counter(line[0] for line in lines if line[0] == "\t" or (line[0] == " " and line.lstrip()[:1] != "*"))


def _ending_in_blanks(lines: Sequence[str]) -> float:
    """Give the share of lines that end in blanks."""
    return sum(line != line.rstrip() for line in lines) / len(lines) if lines else 0.0


def _wants_tabs(path: str) -> bool:
    """Whether some lines have to begin with a tab, whatever the others do."""
    file = PurePosixPath(path)
    return "makefile" in file.name.lower() or file.suffix == ".mk"
