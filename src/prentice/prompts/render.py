"""Rendering templates: one pass over the template, so that no text that is filled in is read as a template.

Text from users, repositories and models goes in as `Data`: it stands between marks that no text of the same prompt
contains, so it can close neither its own fence nor open one that looks like another's.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from prentice.prompts.template import PLACE, Template, find
from prentice.prompts.tuned import ModelKey

_BLANK: Final = re.compile(r"[\s\u00ad\u200b-\u200f\u2060-\u2064\ufeff]+")
"""What a reader does not see, or does not count: a mark that is spaced out still reads as the mark."""


@dataclass(frozen=True, slots=True)
class Data:
    """Text that is material, not instruction."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A finished prompt and the name and version of the template behind it."""

    text: str
    version: str


def render(name: str, model: ModelKey | None = None, /, **values: str | Data) -> Rendered:
    """Fill the template of that name; with a model, the text that was tuned for it, where there is one.

    Raises:
        KeyError: the template names a value that was not given; a programming error.
        ConfigError: the user's own template of that name cannot be used.
    """
    return filled(find(name, model=model), **values)


def filled(template: Template, /, **values: str | Data) -> Rendered:
    """Fill a template.

    Raises:
        KeyError: the template names a value that was not given.
    """
    texts = [value.text if isinstance(value, Data) else value for value in values.values()]
    text = PLACE.sub(lambda place: _shown(place[1], values[place[1]], texts), template.body)
    return Rendered(text=text.strip() + "\n", version=f"{template.name}/{template.version}")


def fenced(label: str, text: str, *, beside: Iterable[str] = ()) -> str:
    """Put text between marks made from the label that neither it nor a text `beside` it contains, however spaced."""
    squeezed = [_BLANK.sub("", other).casefold() for other in (text, *beside)]
    mark, number = label, 1
    while any(f"<<<{mark}".casefold() in other or f"{mark}>>>".casefold() in other for other in squeezed):
        number += 1
        mark = f"{label}-{number}"
    return f"<<<{mark}\n{text}\n{mark}>>>"


def _shown(label: str, value: str | Data, texts: Iterable[str]) -> str:
    if isinstance(value, str):
        return value
    return fenced(label, value.text, beside=texts) if value.text.strip() else "(none)"
