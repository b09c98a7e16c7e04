"""Texts of strangers made safe for a task list: one-line names, tags, lines of a section, texts of bounded length."""

import re
from typing import Final

NAME_LENGTH: Final = 200
"""Characters of a name; the whole of a longer one goes into the description."""
TAG_LENGTH: Final = 50
TEXT_LENGTH: Final = 20_000
"""Characters of one text; GitHub's longest issue has 65,536, and a list is read at every command."""
_CUT: Final = "\n[cut: the source says more]"

_INVISIBLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
"""What a terminal may obey, and what turns the direction of the text around it."""
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_BULLET: Final = re.compile(r"^(?:[-*+•]|\d{1,3}[.)])[ \t]+(?:\[[ xX]\][ \t]*)?")
_FENCE: Final = re.compile(r"^\s*(?:```|~~~)", re.MULTILINE)


def text_of(value: object) -> str:
    """Give a value of JSON or YAML as clean text; what is neither text nor a number is empty."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = str(value).replace("\r\n", "\n").replace("\r", "\n")
    text = _SURROGATE.sub("\ufffd", _INVISIBLE.sub("", text)).strip("\n").rstrip()
    return text if len(text) <= TEXT_LENGTH else text[:TEXT_LENGTH] + _CUT


def one_line(text: str) -> str:
    """Give a text as one line of printable characters."""
    kept = "".join(character for character in text if character.isprintable() or character.isspace())
    return " ".join(kept.split())


def short_name(text: str) -> str:
    """Cut a one-line name to NAME_LENGTH, at a word where one is near."""
    if len(text) <= NAME_LENGTH:
        return text
    cut = text[: NAME_LENGTH - 1]
    words = cut.rsplit(" ", 1)[0]
    return (words if len(words) > NAME_LENGTH // 2 else cut).rstrip() + "…"


def key_of(value: object) -> str:
    """Give an id of the source as a key: no spaces, no commas, which separate keys on the command line."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return re.sub(r"[\s,]+", "-", one_line(text_of(value))).strip("-")[:TAG_LENGTH]


def tag_of(text: str) -> str:
    """Give a label as a tag: no spaces, no commas, no leading `#`."""
    return re.sub(r"[\s,]+", "-", one_line(text)).strip("-#")[:TAG_LENGTH].rstrip("-")


def texts_of(value: object) -> tuple[str, ...]:
    """Give the texts of a list, or the one text in its place."""
    values = value if isinstance(value, list) else [value]
    return tuple(text for item in values if (text := text_of(item)))


def lines_of(text: str) -> tuple[str, ...]:
    """Give the lines of a text without bullets; a text with fenced code gives none, it is kept whole elsewhere."""
    if _FENCE.search(text):
        return ()
    return tuple(line for raw in text.splitlines() if (line := _BULLET.sub("", raw.strip())))


def first_paragraph(text: str) -> str:
    """Give what stands before the first empty line, as one line."""
    return " ".join(text.strip().split("\n\n", 1)[0].split())


def is_plain(text: str) -> bool:
    """Whether the lines of a text say all of it: it has no code, no indentation, no empty lines."""
    return not _FENCE.search(text) and not any(line[:1].isspace() or not line for line in text.splitlines())


def without_comments(text: str) -> str:
    """Give Markdown without its HTML comments, the hints of a template; one that does not end stays."""
    kept, rest = "", text
    while True:
        before, opened, after = rest.partition("<!--")
        inside, closed, behind = after.partition("-->")
        del inside
        if not opened or not closed:
            return kept + rest
        kept, rest = kept + before, behind
