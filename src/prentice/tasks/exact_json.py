"""JSON whose fractions keep their spelling: 1.10 stays 1.10, and 1e400 does not become an Infinity that JSON lacks."""

import json
from typing import Any, Final, Self, TypeAlias

Json: TypeAlias = Any
"""A value as `json` gives it; whoever reads a field checks what it is."""

_MARK: Final = "\x00fraction "
"""Begins the text that stands for a fraction while the rest is written; no file's text holds it unescaped."""


class Fraction(float):
    """A number with a fraction or an exponent, as it was spelled in the file."""

    spelling: str

    def __new__(cls, spelling: str) -> Self:
        """Read a spelling that JSON allows."""
        number = super().__new__(cls, spelling)
        number.spelling = spelling
        return number


def loads(text: str) -> Json:
    """Read JSON.

    Raises:
        ValueError: it is none.
        RecursionError: it is nested too deep.
    """
    return json.loads(text, parse_float=Fraction)


def dumps(value: Json, **options: Any) -> str:  # noqa: ANN401 - those of `json.dumps`
    """Write JSON; `options` are those of `json.dumps`."""
    spellings: list[str] = []
    text = json.dumps(_marked(value, spellings), **options)
    for place, spelling in enumerate(spellings):
        text = text.replace(json.dumps(f"{_MARK}{place}"), spelling, 1)
    return text


def _marked(value: Json, spellings: list[str]) -> Json:
    """Give the value with a text in place of each fraction; a part without any is the same object."""
    if isinstance(value, Fraction):
        spellings.append(value.spelling)
        return f"{_MARK}{len(spellings) - 1}"
    if isinstance(value, dict):
        items = {key: _marked(item, spellings) for key, item in value.items()}
        return items if any(items[key] is not value[key] for key in items) else value
    if isinstance(value, list | tuple):
        rows = [_marked(item, spellings) for item in value]
        return rows if any(row is not item for row, item in zip(rows, value, strict=True)) else value
    return value
