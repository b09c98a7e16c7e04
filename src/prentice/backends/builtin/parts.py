"""The parts of an English sentence without its verb: the object, and what follows each preposition."""

import re
from typing import Final

PREPOSITIONS: Final = frozenset(
    "from to into in on for with using via through within without under by at against across during between of about "
    "when whenever if while after before until because where so instead as per over inside onto unless than "
    "that which below since behind".split()
)
"""Words that open a part, whether with a phrase or with a whole clause."""
_CLAUSES: Final = frozenset("when whenever if while after before until because where unless since".split())
_QUESTIONS: Final = frozenset("whether why how what which who where when".split())
_TIME: Final = re.compile(
    r"^(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|today|tonight|eod|q[1-4]\b|next (?:week|month|release|sprint|quarter)|"  # noqa: E501 - a pattern or a list of words reads best in one piece
    r"the end of|january|february|march|april|may \d|june|july|august|september|october|november|december|\d{4}-\d\d)",
    re.IGNORECASE,
)


def parted(words: list[str]) -> tuple[str, dict[str, str]]:
    """Split words at their prepositions: the object, and phrases by preposition.

    A clause of time or condition stands under `when`, the date after `by` under `deadline`.
    """
    thing: list[str] = []
    parts: dict[str, str] = {}
    if words and words[0].lower() in _QUESTIONS:
        return " ".join(words).strip(" ,;:-"), parts
    current: list[str] = thing
    key = ""

    def close() -> None:
        if key and current and key not in parts:
            parts[key] = " ".join(current).strip(" ,;:-")

    for at, word in enumerate(words):
        opened = _opened_part(words, at, inside=key, current=current, has_object=bool(thing), has_from="from" in parts)
        if not opened:
            current.append(word)
            continue
        if opened == "from" and _bare(word) == "of":
            current.pop()  # the `out` of `out of`
        close()
        key, current = opened, [word.lower()] if opened == "when" else []
    close()
    parts = {name: value.removeprefix("of ") if name == "instead" else value for name, value in parts.items()}
    if "by" in parts and _TIME.match(parts["by"]):
        parts["deadline"] = parts.pop("by")
    return " ".join(thing).strip(" ,;:-"), parts


def _opened_part(  # noqa: PLR0911 - each preposition that opens nothing ends by itself
    words: list[str], at: int, *, inside: str, current: list[str], has_object: bool, has_from: bool
) -> str:
    """Give the name of the part that a word opens; an empty one where the word goes on with what is `inside`."""
    bare, following = _bare(words[at]), words[at + 1].lower() if at + 1 < len(words) else ""
    if inside == "when" or bare not in PREPOSITIONS or words[at][0] in '`"':
        return ""
    if not has_object and not inside and bare not in {"with", "to", "for", "from", "in", "on", "between"}:
        return ""
    if bare == "of" and len(current) > 1 and current[-1].lower() == "out" and not has_from:
        return "from"
    if bare in {"that", "which"} and not inside:
        return "that"
    if bare in {"of", "that", "which", "than", "as"} or (bare == "about" and has_object):
        return ""
    if inside and not current and bare != "when":
        return ""
    if bare == "over" and following and not following[0].isalnum():
        return ""
    if bare == "in" and following in {"order", "memory", "place", "batches", "bulk", "parallel"}:
        return ""
    if bare in _CLAUSES:
        return "when"
    return bare


def _bare(word: str) -> str:
    return word.lower().strip(",;:()")
