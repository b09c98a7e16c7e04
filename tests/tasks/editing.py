"""Editors of a list whose clock stands still and whose tokens count up, so that tests know what they write."""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, Final

from prentice.tasks.edits import Editor
from prentice.tasks.todo2 import parse, serialize

NOW: Final = "2026-01-02T03:04:05.678Z"


def editor(value: Mapping[str, Any], *, now: str = NOW) -> Editor:
    numbers = count()
    return Editor(value, now=now, token=lambda: f"{next(numbers):09d}")


def edited(before: bytes, edit: Callable[[Editor], object]) -> bytes:
    """Give the bytes of a file after an edit of what it holds."""
    state = parse(before)
    changing = editor(state.value)
    edit(changing)
    return serialize(state, changing.value)
