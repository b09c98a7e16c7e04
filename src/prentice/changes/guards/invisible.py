"""Characters that a reader of the diff does not see, or that make it show another text than the one that runs."""

import unicodedata
from collections import Counter
from collections.abc import Iterator

from prentice.changes.guards.objection import Objection, Policy, View
from prentice.changes.visible import is_invisible, joins


def invisible_characters(view: View, policy: Policy) -> Iterator[Objection]:
    """Object to invisible characters in added lines, beyond those of the lines that they replace."""
    del policy
    own = Counter(letter for line in view.removed if not _is_clean(line) for letter in line if is_invisible(letter))
    for number, line in view.added:
        if _is_clean(line):
            continue
        for place, letter in enumerate(line):
            if not is_invisible(letter) or joins(line, place):
                continue
            if own[letter] > 0:
                own[letter] -= 1
                continue
            name = unicodedata.name(letter, "control character")
            sentence = f"A new line has an invisible character (U+{ord(letter):04X}, {name.lower()})."
            yield view.object("invisible", "refuse", sentence, line=number)
            break


def _is_clean(line: str) -> bool:
    return line.isascii() and line.replace("\t", "").replace("\f", "").isprintable()
