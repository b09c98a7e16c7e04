"""What users type as a task: an id or free text, and which texts cannot be worked with."""

import re
import unicodedata
from typing import Final

from prentice.errors import TextError

MAX_CHARACTERS: Final = 64_000
"""Longer texts do not fit the context windows of local models beside a reply."""
NAME_LENGTH: Final = 110
"""The longest task names seen in Todo2 files."""
_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}\Z")
_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*-[^\s]+\Z")


def looks_like_id(text: str) -> bool:
    """Whether a TASK argument has the form of an id (`T-12`, `AUTO-2025...`, `PERF-001`): no words, a dash, a digit."""
    return bool(_ID.match(text)) and (any(character.isdigit() for character in text) or text == "T-NaN")


def argument_for(task: str) -> str:
    """Name a task in a command that is told: its id, or TASK, for no text of others is to be pasted into a shell."""
    return task if _PLAIN_ID.match(task) else "TASK"


def result_wanted(task: str) -> str:
    """Say in a prompt what the end of a task is told by; an id that could carry words of its own is not repeated."""
    return f'`prentice comment {task} "..." --type result`' if _PLAIN_ID.match(task) else "a short report"


def check_text(text: str) -> str:
    """Give the text without outer blanks.

    Raises:
        TextError: it is empty, of one word, too long, or holds control characters.
    """
    if bad := next((c for c in text if unicodedata.category(c) == "Cc" and c not in "\t\n\r"), None):
        raise TextError(
            f"The task's text holds a control character (U+{ord(bad):04X}) at position {text.index(bad) + 1}.",
            next_step="Remove it; paste the text without formatting.",
        )
    text = text.strip()
    if not text:
        raise TextError(
            "The task's text is empty.", next_step='Say what to do, such as "Add retries to the upload client".'
        )
    if len(text) > MAX_CHARACTERS:
        raise TextError(
            f"The task's text has {len(text):,} characters, more than the {MAX_CHARACTERS:,} that can be planned for.",
            next_step="Keep what has to be done, and name files instead of pasting them.",
        )
    if len(text.split()) < 2 and not _many_ideographs(text):
        raise TextError(
            f"One word, {text[:40]!r}, is too little to go on.",
            next_step='Say what to do and to what, such as "Add retries to the upload client".',
        )
    return text


def split_text(text: str) -> tuple[str, str]:
    """Split free text into a task's name (its first line, or first sentence when that is long) and its description."""
    text = text.strip()
    first, _, rest = text.partition("\n")
    first = first.strip().lstrip("#").strip()
    if len(first) <= NAME_LENGTH:
        return first, rest.strip()
    sentence = re.split(r"(?<=[.!?:;])\s", first, maxsplit=1)[0].rstrip(".:;")
    if len(sentence) > NAME_LENGTH:
        sentence = sentence[: NAME_LENGTH - 1].rsplit(" ", 1)[0] + "…"
    return sentence, text


def _many_ideographs(text: str) -> bool:
    """Whether a text without blanks is a sentence all the same, as in Chinese or Japanese."""
    return sum(unicodedata.category(character) == "Lo" for character in text) >= 4
